// The receiving half of a peer connection: bytes in, handshake and messages out; keep-alive and idle timers (BEP 3).
// Invariant: between two calls of `receive`, all bytes not yet given out as messages are in #partial, never in a
// chunk. A message that lies whole in a chunk is parsed in place; one that straddles chunks is joined by one copy.
import { ProtocolError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import { earliest } from '../time.ts';
import type { Millis } from '../time.ts';
import { checkLength, parseBody, readU32 } from './decode.ts';
import {
  HANDSHAKE_BYTES,
  HANDSHAKE_HASH_END,
  isHandshakePrefix,
  parseHandshake,
  parseHandshakeStart,
} from './handshake.ts';
import type { Handshake, HandshakeStart } from './handshake.ts';
import type { Message } from './messages.ts';

export type WireEvent =
  /** The first 48 bytes are in. An incoming side answers now: some peers hold back their id until they are answered. */
  | { readonly kind: 'handshake-start'; readonly start: HandshakeStart }
  /** The whole handshake is in. */
  | { readonly kind: 'handshake'; readonly handshake: Handshake }
  /** Views in the message are valid until the next call of `poll` or `receive`. */
  | { readonly kind: 'message'; readonly message: Message }
  /** Nothing was sent for two minutes: send a keep-alive. */
  | { readonly kind: 'keep-alive-due' }
  /** The peer broke the protocol or fell silent: close. Comes once, and nothing after it. */
  | { readonly kind: 'failed'; readonly error: ProtocolError };

export interface WireTimeouts {
  /** From the connection's start to the end of the handshake. */
  readonly handshakeMs: Millis;
  /** Silence of ours after which a keep-alive is due. */
  readonly keepAliveMs: Millis;
  /** Silence of the peer after which the connection is given up. */
  readonly idleMs: Millis;
}

/** BEP 3: keep-alives go every two minutes; half as much again is lateness, not death. */
export const WIRE_TIMEOUTS: WireTimeouts = { handshakeMs: 20_000, keepAliveMs: 120_000, idleMs: 180_000 };

/** Buffers for joined messages above this size are given back after use. */
const KEPT_BUFFER_BYTES = 64 * 1024;

/**
 * Contract: after each `receive` or `tick` call `poll` until it gives undefined, then (and only then) reuse the
 * chunk's memory. `sent` notes each write to the peer. Call `tick` when `nextTimeout` is due. No call throws for
 * what the peer did: that is the event `failed`.
 */
export class WireConnection {
  readonly #timeouts: WireTimeouts;
  #stage: 'start' | 'peer-id' | 'messages' | 'failed' = 'start';
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #partial: Uint8Array = new Uint8Array(HANDSHAKE_BYTES);
  #partialLength = 0;
  #timer: WireEvent | undefined;
  readonly #openedAt: Millis;
  #receivedAt: Millis;
  #sentAt: Millis;

  constructor(now: Millis, timeouts: WireTimeouts = WIRE_TIMEOUTS) {
    this.#timeouts = timeouts;
    this.#openedAt = now;
    this.#receivedAt = now;
    this.#sentAt = now;
  }

  /** Takes bytes of the peer, of any number and cut anywhere. */
  receive(chunk: Uint8Array, now: Millis): void {
    invariant(this.#at === this.#chunk.length, 'poll() must be drained before the next chunk');
    if (this.#stage === 'failed') return;
    this.#chunk = chunk;
    this.#at = 0;
    this.#receivedAt = now;
  }

  /** Notes that something was written to the peer. */
  sent(now: Millis): void {
    this.#sentAt = now;
  }

  /** Time has passed. */
  tick(now: Millis): void {
    if (this.#stage === 'failed') return;
    // Compared as nextTimeout() adds: with fractions of milliseconds a difference may round the other way.
    if (now >= this.#givesUpAt()) {
      this.#timer = this.#fail(new ProtocolError('WIRE_TIMEOUT', 'the peer was silent for too long'));
    } else if (this.#stage === 'messages' && now >= this.#sentAt + this.#timeouts.keepAliveMs) {
      this.#timer = { kind: 'keep-alive-due' };
      this.#sentAt = now;
    }
  }

  nextTimeout(): Millis | undefined {
    if (this.#stage === 'failed') return undefined;
    if (this.#stage !== 'messages') return this.#givesUpAt();
    return earliest(this.#givesUpAt(), this.#sentAt + this.#timeouts.keepAliveMs);
  }

  poll(): WireEvent | undefined {
    if (this.#timer !== undefined) {
      const event = this.#timer;
      this.#timer = undefined;
      return event;
    }
    try {
      if (this.#stage === 'messages') return this.#pollMessage();
      return this.#stage === 'failed' ? undefined : this.#pollHandshake();
    } catch (error) {
      if (error instanceof ProtocolError) return this.#fail(error);
      throw error;
    }
  }

  #givesUpAt(): Millis {
    const { idleMs, handshakeMs } = this.#timeouts;
    return this.#stage === 'messages' ? this.#receivedAt + idleMs : this.#openedAt + handshakeMs;
  }

  #pollMessage(): WireEvent | undefined {
    if (this.#partialLength !== 0) return this.#pollJoined();
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available >= 4) {
      const length = readU32(chunk, at);
      const end = at + 4 + length;
      checkLength(length, chunk[at + 4]);
      if (end <= chunk.length) {
        this.#at = end;
        return { kind: 'message', message: parseBody(chunk, at + 4, end) };
      }
      this.#makeRoom(4 + length, available);
    }
    if (available > 0) this.#take(available);
    this.#chunk = EMPTY;
    this.#at = 0;
    return undefined;
  }

  /** Completes the message in #partial: first its length and type, then the rest. */
  #pollJoined(): WireEvent | undefined {
    if (this.#partialLength < 5) {
      this.#take(5 - this.#partialLength);
      if (this.#partialLength < 4) return undefined;
    }
    const length = readU32(this.#partial, 0);
    checkLength(length, this.#partialLength > 4 ? this.#partial[4] : undefined);
    const size = 4 + length;
    if (this.#partialLength < size) {
      this.#makeRoom(size, this.#partialLength + this.#chunk.length - this.#at);
      this.#take(size - this.#partialLength);
      if (this.#partialLength < size) return undefined;
    }
    return this.#joined(size);
  }

  #joined(size: number): WireEvent {
    const frame = this.#partial;
    // A keep-alive is one byte shorter than what is taken to know a type: that byte goes back.
    this.#at -= this.#partialLength - size;
    this.#partialLength = 0;
    if (frame.length > KEPT_BUFFER_BYTES) this.#partial = new Uint8Array(HANDSHAKE_BYTES);
    return { kind: 'message', message: parseBody(frame, 4, size) };
  }

  #pollHandshake(): WireEvent | undefined {
    const wanted = this.#stage === 'start' ? HANDSHAKE_HASH_END : HANDSHAKE_BYTES;
    this.#take(wanted - this.#partialLength);
    const bytes = this.#partial.subarray(0, this.#partialLength);
    if (this.#partialLength < wanted) {
      // The protocol's name is checked as it comes in: whoever speaks another one may never send 48 bytes.
      if (!isHandshakePrefix(bytes)) parseHandshakeStart(bytes);
      return undefined;
    }
    if (this.#stage === 'start') {
      const start = parseHandshakeStart(bytes);
      this.#stage = 'peer-id';
      return { kind: 'handshake-start', start };
    }
    const handshake = parseHandshake(bytes);
    this.#stage = 'messages';
    this.#partialLength = 0;
    return { kind: 'handshake', handshake };
  }

  /** Moves up to `count` bytes from the chunk to #partial, which has room for them. */
  #take(count: number): void {
    const end = Math.min(this.#at + count, this.#chunk.length);
    if (end === this.#at) return;
    this.#partial.set(this.#chunk.subarray(this.#at, end), this.#partialLength);
    this.#partialLength += end - this.#at;
    this.#at = end;
  }

  /** Lets #partial hold `size` bytes, but no more memory than twice what the peer has really sent. */
  #makeRoom(size: number, received: number): void {
    if (this.#partial.length >= size) return;
    const target = Math.min(size, Math.max(KEPT_BUFFER_BYTES, 2 * received));
    if (this.#partial.length >= target) return;
    const grown = new Uint8Array(target);
    grown.set(this.#partial.subarray(0, this.#partialLength));
    this.#partial = grown;
  }

  #fail(error: ProtocolError): WireEvent {
    this.#stage = 'failed';
    this.#chunk = EMPTY;
    this.#at = 0;
    return { kind: 'failed', error };
  }
}

const EMPTY = new Uint8Array(0);
