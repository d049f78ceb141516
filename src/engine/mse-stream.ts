// Message stream encryption on a byte stream: does the key exchange, then gives a stream that ciphers what passes.
// A stream that turns out to be plain passes untouched.
import { ProtocolError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import { MseHandshake } from '../core/mse/handshake.ts';
import type { MseEvent, MseInitiatorOptions, MseResponderOptions, MseResult } from '../core/mse/handshake.ts';
import { PRIVATE_KEY_BYTES } from '../core/mse/key-exchange.ts';
import type { PeerAddress } from '../core/address.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digests } from '../ports/hasher.ts';
import type { Random } from '../ports/random.ts';
import type { Stream, StreamReceiver, TransportKind } from '../ports/transport.ts';
import { Deadline } from './deadline.ts';

type FromDeps = 'privateKey' | 'padding' | 'sha1';
export type MseOptions = Omit<MseInitiatorOptions, FromDeps> | Omit<MseResponderOptions, FromDeps>;

export interface MseDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly digests: Pick<Digests, 'sha1'>;
}

export interface MseOpened {
  /** To be started as any stream. Bytes of `initial` do not count in its onSent. */
  readonly stream: Stream;
  readonly isEncrypted: boolean;
  /** The torrent of an encrypted stream. */
  readonly infoHash: InfoHash | undefined;
}

const MAX_PADDING_BYTES = 512;
/** Decrypted bytes are handed on in parts of this size: one small buffer for each stream. */
const PART_BYTES = 64 * 1024;

/** Takes over a stream that was not started. Rejects with ProtocolError MSE_* and closes the stream. */
export function openMse(stream: Stream, options: MseOptions, deps: MseDeps): Promise<MseOpened> {
  const { clock, random, digests } = deps;
  const fresh = {
    privateKey: random.bytes(PRIVATE_KEY_BYTES),
    padding: random.bytes(random.uint32() % (MAX_PADDING_BYTES + 1)),
    sha1: (data: Uint8Array) => digests.sha1(data),
  };
  const machine = new MseHandshake({ ...options, ...fresh }, clock.now());
  return new Promise((resolve, reject) => {
    new MseNegotiation(stream, machine, { clock, resolve, reject }).start();
  });
}

interface NegotiationDeps {
  readonly clock: Clock;
  readonly resolve: (opened: MseOpened) => void;
  readonly reject: (error: Error) => void;
}

/** The inner stream's receiver for its whole life: during the key exchange, and as a relay afterwards. */
class MseNegotiation {
  readonly #inner: Stream;
  readonly #machine: MseHandshake;
  readonly #deadline: Deadline;
  readonly #deps: NegotiationDeps;
  #stream: MseStream | undefined;
  /** Bytes of the key exchange that the inner stream has not counted as sent. */
  #unsentBytes = 0;

  constructor(inner: Stream, machine: MseHandshake, deps: NegotiationDeps) {
    this.#inner = inner;
    this.#machine = machine;
    this.#deps = deps;
    this.#deadline = new Deadline(deps.clock, () => {
      machine.tick(deps.clock.now());
      this.#drain();
    });
  }

  start(): void {
    this.#inner.start({
      onData: (chunk) => {
        if (this.#stream !== undefined) {
          this.#stream.received(chunk);
          return;
        }
        this.#machine.receive(chunk);
        this.#drain();
      },
      onSent: (bytes) => {
        const ours = Math.min(bytes, this.#unsentBytes);
        this.#unsentBytes -= ours;
        if (bytes > ours) this.#stream?.sent(bytes - ours);
      },
      onClose: (error) => {
        this.#deadline.clear();
        this.#stream?.ended(error);
        this.#deps.reject(
          new ProtocolError('MSE_CLOSED', 'closed during the key exchange', { cause: error }),
        );
      },
    });
    this.#drain();
  }

  #drain(): void {
    const events: MseEvent[] = [];
    for (let event = this.#machine.poll(); event !== undefined; event = this.#machine.poll())
      events.push(event);
    // The stream is there before anything is sent: the answer may come within the call.
    const done = events.find((event) => event.kind === 'done');
    if (done !== undefined) this.#stream = new MseStream(this.#inner, done.result);
    this.#deadline.set(this.#machine.nextTimeout());
    for (const event of events) {
      if (event.kind === 'send') this.#send(event.bytes);
      else if (event.kind === 'failed') this.#fail(event.error);
    }
    if (done !== undefined) this.#finish(done.result);
  }

  #send(bytes: Uint8Array): void {
    this.#unsentBytes += bytes.length;
    this.#inner.write([bytes]);
  }

  #fail(error: ProtocolError): void {
    this.#deps.reject(error);
    this.#inner.close();
  }

  #finish({ ciphers, infoHash }: MseResult): void {
    this.#deadline.clear();
    if (this.#stream === undefined) return;
    this.#deps.resolve({ stream: this.#stream, isEncrypted: ciphers !== undefined, infoHash });
  }
}

class MseStream implements Stream {
  readonly kind: TransportKind;
  readonly remote: PeerAddress | undefined;
  readonly isEncrypted: boolean;
  readonly #inner: Stream;
  readonly #ciphers: MseResult['ciphers'];
  /** Decrypted bytes from before the start. */
  readonly #held: Uint8Array[];
  #part: Uint8Array | undefined;
  #receiver: StreamReceiver | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  #isPaused = false;
  #isClosedHere = false;
  /** The receiver has had what was held, and whatever comes goes to it. */
  #isReleased = false;

  constructor(inner: Stream, { ciphers, leftover }: MseResult) {
    this.kind = inner.kind;
    this.remote = inner.remote;
    this.isEncrypted = ciphers !== undefined;
    this.#inner = inner;
    this.#ciphers = ciphers;
    this.#held = leftover.length > 0 ? [leftover] : [];
    inner.pause();
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    // Not within the call: whoever starts the stream has to be done with that.
    queueMicrotask(() => {
      for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) {
        if (!this.#isClosedHere) receiver.onData(chunk);
      }
      this.#isReleased = true;
      if (this.#end !== undefined) receiver.onClose(this.#end.error);
      else if (!this.#isPaused) this.#inner.resume();
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#isClosedHere) return;
    this.#inner.write(this.#ciphers === undefined ? chunks : [this.#encrypt(chunks)]);
  }

  pause(): void {
    this.#isPaused = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#inner.resume();
  }

  close(): void {
    this.#isClosedHere = true;
    this.#inner.close();
  }

  received(chunk: Uint8Array): void {
    if (this.#isClosedHere) return;
    const decrypt = this.#ciphers?.decrypt;
    if (this.#receiver === undefined || !this.#isReleased) {
      this.#held.push(decrypt?.applied(chunk) ?? new Uint8Array(chunk));
    } else if (decrypt === undefined) {
      this.#receiver.onData(chunk);
    } else {
      // Never in place: the chunk may be the sender's own memory.
      this.#part ??= new Uint8Array(PART_BYTES);
      for (let at = 0; at < chunk.length && !this.#isStopped; at += PART_BYTES) {
        const part = chunk.subarray(at, at + PART_BYTES);
        decrypt.apply(part, this.#part);
        this.#receiver.onData(this.#part.subarray(0, part.length));
      }
    }
  }

  sent(bytes: number): void {
    if (!this.#isClosedHere) this.#receiver?.onSent(bytes);
  }

  ended(error: Error | undefined): void {
    if (this.#receiver === undefined || !this.#isReleased) this.#end = { error };
    else this.#receiver.onClose(error);
  }

  /** The receiver may close the stream while it is being handed data. */
  get #isStopped(): boolean {
    return this.#isClosedHere;
  }

  #encrypt(chunks: readonly Uint8Array[]): Uint8Array {
    const bytes = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      this.#ciphers?.encrypt.apply(chunk, bytes.subarray(at));
      at += chunk.length;
    }
    return bytes;
  }
}
