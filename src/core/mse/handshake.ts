// Message stream encryption (MSE/PE): a key exchange before the BitTorrent handshake that makes the stream look random.
//   A->B  Ya, PadA            B->A  Yb, PadB
//   A->B  HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), ENCRYPT(VC, crypto_provide, PadC, IA)
//   B->A  ENCRYPT(VC, crypto_select, PadD), then both ways the payload by the method selected
import { concatBytes, equalBytes } from '../bytes/bytes.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Digests } from '../digests.ts';
import { ProtocolError } from '../errors.ts';
import type { InfoHash } from '../ids.ts';
import type { Millis } from '../time.ts';
import { readU32 } from '../wire/decode.ts';
import { isHandshakePrefix } from '../wire/handshake.ts';
import { ByteQueue } from './byte-queue.ts';
import { KEY_BYTES, publicKey, sharedSecret } from './key-exchange.ts';
import { cipher, maskHash, syncHash, torrentHash } from './keys.ts';
import type { Rc4 } from './rc4.ts';

/**
 * `off`: plain only. `allow`: a plain payload, but what the other side wants is fine. `prefer`: RC4, but what the other
 * side wants is fine. `require`: RC4 only.
 */
export type EncryptionPolicy = 'off' | 'allow' | 'prefer' | 'require';

interface MseCommon {
  readonly policy: EncryptionPolicy;
  /** 20 fresh secret bytes. */
  readonly privateKey: Uint8Array;
  /** 0 to 512 fresh random bytes: their number is part of the disguise. */
  readonly padding: Uint8Array;
  readonly sha1: Digests['sha1'];
}

export interface MseInitiatorOptions extends MseCommon {
  readonly role: 'initiator';
  readonly infoHash: InfoHash;
  /** First bytes of the payload (IA), as the BitTorrent handshake: saves a round trip. At most 65535. */
  readonly initial: Uint8Array;
}

export interface MseResponderOptions extends MseCommon {
  readonly role: 'responder';
  /** The torrent for a `torrentHash`, or undefined if we do not have it. */
  readonly find: (torrentHash: Uint8Array) => InfoHash | undefined;
}

export interface MseResult {
  /** Ciphers to apply to all further bytes; undefined where the payload is plain. */
  readonly ciphers: { readonly encrypt: Rc4; readonly decrypt: Rc4 } | undefined;
  /** The torrent; undefined to a responder to whom the other side spoke plainly. */
  readonly infoHash: InfoHash | undefined;
  /** First bytes of the payload, decrypted. */
  readonly leftover: Uint8Array;
}

export type MseEvent =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** The last event of success: the stream is the caller's. */
  | { readonly kind: 'done'; readonly result: MseResult }
  /** The last event of failure: close. */
  | { readonly kind: 'failed'; readonly error: ProtocolError };

const PLAIN = 1;
const RC4 = 2;
const MAX_PADDING = 512;
const VC_BYTES = 8;
const PROTOCOL_BYTES = 20;
const TIMEOUT_MS = 20_000;

/** Waits inside a role's script: each resumption comes with more bytes in the queue. */
type Script<T> = Generator<undefined, T>;

/** Contract: after construction and after each `receive` or `tick`, `poll` until undefined. No call throws for what comes in. */
export class MseHandshake {
  readonly #deadline: Millis;
  readonly #queue = new ByteQueue();
  readonly #events: MseEvent[] = [];
  readonly #script: Script<MseResult>;
  #over = false;

  constructor(options: MseInitiatorOptions | MseResponderOptions, now: Millis) {
    this.#deadline = now + TIMEOUT_MS;
    this.#script = options.role === 'initiator' ? this.#initiate(options) : this.#respond(options);
    this.#run();
  }

  receive(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#queue.push(chunk);
    this.#run();
  }

  tick(now: Millis): void {
    if (!this.#over && now >= this.#deadline)
      this.#fail(new ProtocolError('MSE_TIMEOUT', 'no key exchange in time'));
  }

  nextTimeout(): Millis | undefined {
    return this.#over ? undefined : this.#deadline;
  }

  poll(): MseEvent | undefined {
    return this.#events.shift();
  }

  #run(): void {
    try {
      const step = this.#script.next();
      if (step.done !== true) return;
      this.#over = true;
      this.#events.push({ kind: 'done', result: step.value });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error);
    }
  }

  #fail(error: ProtocolError): void {
    this.#over = true;
    this.#events.push({ kind: 'failed', error });
  }

  *#initiate(options: MseInitiatorOptions): Script<MseResult> {
    const { sha1, infoHash, privateKey } = options;
    this.#send(concatBytes([publicKey(privateKey), options.padding]));
    const secret = sharedSecret(privateKey, yield* this.#take(KEY_BYTES));
    const encrypt = cipher('keyA', [secret, infoHash], sha1);
    const decrypt = cipher('keyB', [secret, infoHash], sha1);
    const header = new ByteWriter(VC_BYTES + 8 + options.initial.length)
      .bytes(new Uint8Array(VC_BYTES))
      .u32(options.policy === 'require' ? RC4 : PLAIN | RC4)
      .u16(0)
      .u16(options.initial.length)
      .bytes(options.initial)
      .finish();
    const torrent = xor(torrentHash(infoHash, sha1), maskHash(secret, sha1));
    this.#send(concatBytes([syncHash(secret, sha1), torrent, encrypt.applied(header)]));

    // The verification constant is zeros: encrypted, it is the start of the responder's key stream.
    yield* this.#skipPast(decrypt.applied(new Uint8Array(VC_BYTES)));
    const selected = readU32(yield* this.#takeDecrypted(4, decrypt), 0);
    yield* this.#takePadding(decrypt);
    if (!(selected === RC4 || (selected === PLAIN && options.policy !== 'require'))) {
      throw new ProtocolError('MSE_BAD_SELECTION', 'the other side chose what was not offered', {
        received: selected,
      });
    }
    return this.#finish(infoHash, selected === RC4 ? { encrypt, decrypt } : undefined, new Uint8Array(0));
  }

  *#respond(options: MseResponderOptions): Script<MseResult> {
    const { sha1, policy, privateKey } = options;
    if (yield* this.#isPlain()) {
      if (policy === 'require') throw new ProtocolError('MSE_REQUIRED', 'the other side spoke plainly');
      return this.#finish(undefined, undefined, new Uint8Array(0));
    }
    if (policy === 'off') throw new ProtocolError('MSE_REFUSED', 'encrypted connections are turned off');
    const secret = sharedSecret(privateKey, yield* this.#take(KEY_BYTES));
    this.#send(concatBytes([publicKey(privateKey), options.padding]));
    yield* this.#skipPast(syncHash(secret, sha1));
    const infoHash = options.find(xor(yield* this.#take(20), maskHash(secret, sha1)));
    if (infoHash === undefined) throw new ProtocolError('MSE_UNKNOWN_TORRENT', 'no such torrent here');
    const encrypt = cipher('keyB', [secret, infoHash], sha1);
    const decrypt = cipher('keyA', [secret, infoHash], sha1);

    const start = yield* this.#takeDecrypted(VC_BYTES + 4, decrypt);
    if (start.subarray(0, VC_BYTES).some((byte) => byte !== 0)) {
      throw new ProtocolError('MSE_BAD_CONSTANT', 'the verification constant is wrong');
    }
    const selected = select(readU32(start, VC_BYTES), policy);
    yield* this.#takePadding(decrypt);
    const initialLength = readU16(yield* this.#takeDecrypted(2, decrypt));
    const initial = yield* this.#takeDecrypted(initialLength, decrypt);
    const answer = new ByteWriter(VC_BYTES + 6).bytes(new Uint8Array(VC_BYTES)).u32(selected).u16(0).finish();
    this.#send(encrypt.applied(answer));
    return this.#finish(infoHash, selected === RC4 ? { encrypt, decrypt } : undefined, initial);
  }

  #finish(infoHash: InfoHash | undefined, ciphers: MseResult['ciphers'], initial: Uint8Array): MseResult {
    const rest = this.#queue.take(this.#queue.length);
    ciphers?.decrypt.apply(rest, rest);
    return { infoHash, ciphers, leftover: concatBytes([initial, rest]) };
  }

  #send(bytes: Uint8Array): void {
    this.#events.push({ kind: 'send', bytes });
  }

  /** Whether the stream begins with a plain BitTorrent handshake; takes no bytes. */
  *#isPlain(): Script<boolean> {
    for (;;) {
      const start = this.#queue.peek(PROTOCOL_BYTES);
      if (!isHandshakePrefix(start)) return false;
      if (start.length === PROTOCOL_BYTES) return true;
      yield;
    }
  }

  *#take(count: number): Script<Uint8Array> {
    while (this.#queue.length < count) yield;
    return this.#queue.take(count);
  }

  *#takeDecrypted(count: number, decrypt: Rc4): Script<Uint8Array> {
    const bytes = yield* this.#take(count);
    decrypt.apply(bytes, bytes);
    return bytes;
  }

  /** A length and as many bytes without meaning. */
  *#takePadding(decrypt: Rc4): Script<void> {
    const length = readU16(yield* this.#takeDecrypted(2, decrypt));
    if (length > MAX_PADDING) {
      throw new ProtocolError('MSE_BAD_PADDING', 'padding is too long', {
        expected: MAX_PADDING,
        received: length,
      });
    }
    yield* this.#takeDecrypted(length, decrypt);
  }

  /** Takes bytes up to and with the mark, which is behind at most 512 of padding. */
  *#skipPast(mark: Uint8Array): Script<void> {
    for (let skipped = 0; skipped <= MAX_PADDING; skipped++) {
      while (this.#queue.length < mark.length) yield;
      if (equalBytes(this.#queue.peek(mark.length), mark)) {
        this.#queue.take(mark.length);
        return;
      }
      this.#queue.take(1);
    }
    throw new ProtocolError('MSE_NO_SYNC', 'the mark behind the padding did not come');
  }
}

/** RC4 wherever the other side has it, unless we only allow it. Throws ProtocolError MSE_NO_METHOD. */
function select(provided: number, policy: EncryptionPolicy): number {
  if (policy === 'allow' && (provided & PLAIN) !== 0) return PLAIN;
  if ((provided & RC4) !== 0) return RC4;
  if ((provided & PLAIN) !== 0 && policy !== 'require') return PLAIN;
  throw new ProtocolError('MSE_NO_METHOD', 'no common method of encryption', { received: provided });
}

function readU16(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}
