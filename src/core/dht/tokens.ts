// Write tokens (BEP 5): proof that an announcer receives at the address it claims. SHA-1 over the address and a
// secret that changes every 5 minutes; the previous secret stays valid, so a token lives 5 to 10 minutes.
import type { PeerAddress } from '../address.ts';
import { concatBytes, equalBytes, utf8Encode } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import type { Millis } from '../time.ts';

const ROTATE_MS = 5 * 60_000;
const TOKEN_LENGTH = 8;

export class WriteTokens {
  readonly #sha1: Digests['sha1'];
  readonly #random: (length: number) => Uint8Array;
  #current: Uint8Array;
  #previous: Uint8Array;
  #rotatedAt: Millis;

  constructor(sha1: Digests['sha1'], random: (length: number) => Uint8Array, now: Millis) {
    this.#sha1 = sha1;
    this.#random = random;
    this.#current = random(20);
    this.#previous = random(20);
    this.#rotatedAt = now;
  }

  issue(to: PeerAddress, now: Millis): Uint8Array {
    this.#rotate(now);
    return this.#token(this.#current, to);
  }

  isValid(token: Uint8Array, from: PeerAddress, now: Millis): boolean {
    this.#rotate(now);
    return (
      equalBytes(token, this.#token(this.#current, from)) ||
      equalBytes(token, this.#token(this.#previous, from))
    );
  }

  #rotate(now: Millis): void {
    if (now - this.#rotatedAt < ROTATE_MS) return;
    // After a long silence the old secret is too old as well.
    this.#previous = now - this.#rotatedAt < 2 * ROTATE_MS ? this.#current : this.#random(20);
    this.#current = this.#random(20);
    this.#rotatedAt = now;
  }

  #token(secret: Uint8Array, address: PeerAddress): Uint8Array {
    return this.#sha1(concatBytes([secret, utf8Encode(address.ip)])).slice(0, TOKEN_LENGTH);
  }
}
