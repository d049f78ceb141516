// Connection ids of BEP 15 without a table: a MAC over the client's address and the minute in which it was given out.
// Two bits of the minute are in the id, so one MAC checks it. An id is good for 2 to 3 minutes (BEP 15: at least two)
// and for its address alone: who forged his source address never saw the answer. The MAC key changes every hour.
import type { Millis } from '../time.ts';
import { SipHash } from './siphash.ts';

const WINDOW_MS: Millis = 60_000;
const WINDOWS_PER_KEY = 60;
const ACCEPTED_WINDOWS = 3;

export class ConnectionIds {
  readonly #master: SipHash;
  readonly #message: Uint8Array = new Uint8Array(24);
  /** Keys of the current and the last hour, by the lowest bit of the hour. */
  readonly #keys: { hour: number; mac: SipHash }[] = [];

  /** `secret` has 16 random bytes; all threads of a tracker share it. */
  constructor(secret: Uint8Array) {
    this.#master = new SipHash(secret);
  }

  /** Writes the 8 bytes for this address (its first `ipLength` bytes) at `out[at]`. */
  issue(ip: Uint8Array, now: Millis, out: { readonly bytes: Uint8Array; readonly at: number }): void {
    const window = Math.floor(now / WINDOW_MS);
    const mac = this.#mac(ip, window);
    const low = (mac.low & ~3) | (window & 3);
    writeWord(out.bytes, out.at, mac.high);
    writeWord(out.bytes, out.at + 4, low);
  }

  /** Whether the 8 bytes at the front of a packet were given to this address not long ago. */
  verify(ip: Uint8Array, now: Millis, packet: Uint8Array): boolean {
    const window = Math.floor(now / WINDOW_MS);
    const low = readWord(packet, 4);
    const age = (window - low) & 3;
    if (age >= ACCEPTED_WINDOWS || age > window) return false;
    const mac = this.#mac(ip, window - age);
    // Both words are always compared: the time says nothing about where they differ.
    return ((mac.high ^ readWord(packet, 0)) | ((mac.low ^ low) & ~3)) === 0;
  }

  #mac(ip: Uint8Array, window: number): SipHash {
    const message = this.#message;
    message.set(ip);
    message[16] = ip.length;
    writeWord(message, 20, window);
    if (ip.length < 16) message.fill(0, ip.length, 16);
    const mac = this.#keyOf(Math.floor(window / WINDOWS_PER_KEY));
    mac.hash(message, 24);
    return mac;
  }

  #keyOf(hour: number): SipHash {
    const held = this.#keys[hour & 1];
    if (held?.hour === hour) return held.mac;
    const seed = new Uint8Array(8);
    const key = new Uint8Array(16);
    writeWord(seed, 0, hour);
    for (let half = 0; half < 2; half++) {
      seed[7] = half;
      this.#master.hash(seed, 8);
      writeWord(key, 8 * half, this.#master.high);
      writeWord(key, 8 * half + 4, this.#master.low);
    }
    const mac = new SipHash(key);
    this.#keys[hour & 1] = { hour, mac };
    return mac;
  }
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
