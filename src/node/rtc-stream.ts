// One open data channel as a byte stream. The channel carries messages of any size up to 64 KiB; their borders mean
// nothing. Data channels know no read back-pressure, so a paused stream keeps what arrives, up to a cap.
import type { DataChannel, PeerConnection } from 'node-datachannel';
import { SystemError } from '../core/errors.ts';
import type { Stream, StreamReceiver } from '../ports/transport.ts';

/** The size at which SCTP moves most (measured); browsers take up to 256 KiB. */
const MESSAGE_BYTES = 64 * 1024;
/** Bytes that may wait inside the channel before we hold the rest back. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** What a paused stream may hold: more than all blocks that can be on request. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

export class RtcStream implements Stream {
  readonly kind = 'webrtc';
  readonly remote = undefined;
  readonly #connection: PeerConnection;
  readonly #channel: DataChannel;
  readonly #onEnd: () => void;
  readonly #outbox: Uint8Array[] = [];
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #receiver: StreamReceiver | undefined;
  #paused = false;
  #closed = false;
  #error: Error | undefined;

  constructor(connection: PeerConnection, channel: DataChannel, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#connection = connection;
    this.#channel = channel;
    channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
    channel.onBufferedAmountLow(() => {
      this.#flush();
    });
    channel.onMessage((message) => {
      if (typeof message !== 'string') this.#receive(new Uint8Array(message));
    });
    channel.onClosed(() => {
      this.#finish();
    });
    channel.onError((text) => {
      this.#error = new SystemError('RTC_FAILED', text);
    });
    connection.onStateChange((state) => {
      if (isOver(state)) this.#finish();
    });
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    if (this.#closed) {
      queueMicrotask(() => {
        receiver.onClose(this.#error);
      });
      return;
    }
    this.#release();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#closed) return;
    this.#outbox.push(...chunks);
    this.#flush();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#release();
  }

  close(): void {
    this.#finish();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    if (this.#receiver !== undefined && !this.#paused && this.#held.length === 0) {
      this.#receiver.onData(chunk);
      return;
    }
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#finish();
  }

  #release(): void {
    while (this.#receiver !== undefined && !this.#paused) {
      const chunk = this.#held.shift();
      if (chunk === undefined) return;
      this.#heldBytes -= chunk.length;
      this.#receiver.onData(chunk);
    }
  }

  #flush(): void {
    let sent = 0;
    while (this.#outbox.length > 0 && this.#canSend()) {
      const message = takeMessage(this.#outbox);
      this.#channel.sendMessageBinary(message);
      sent += message.length;
    }
    // Reported in a task of its own: the receiver may write again from onSent.
    if (sent > 0) queueMicrotask(() => this.#receiver?.onSent(sent));
  }

  #canSend(): boolean {
    return !this.#closed && this.#channel.isOpen() && this.#channel.bufferedAmount() < HIGH_WATER_BYTES;
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox.length = 0;
    this.#held.length = 0;
    this.#onEnd();
    // The native side must not be torn down inside one of its own callbacks.
    setImmediate(() => {
      this.#channel.close();
      this.#connection.close();
      this.#receiver?.onClose(this.#error);
    });
  }
}

/** States of a connection that carries nothing any more. */
export function isOver(state: string): boolean {
  return state === 'closed' || state === 'failed' || state === 'disconnected';
}

/** Takes up to MESSAGE_BYTES from the front: small chunks are joined, long ones are cut without a copy. */
function takeMessage(outbox: Uint8Array[]): Uint8Array {
  const first = outbox[0] ?? new Uint8Array(0);
  if (first.length >= MESSAGE_BYTES) {
    if (first.length === MESSAGE_BYTES) outbox.shift();
    else outbox[0] = first.subarray(MESSAGE_BYTES);
    return first.subarray(0, MESSAGE_BYTES);
  }
  let length = 0;
  let count = 0;
  while (count < outbox.length && length + (outbox[count]?.length ?? 0) <= MESSAGE_BYTES) {
    length += outbox[count]?.length ?? 0;
    count++;
  }
  const taken = outbox.splice(0, count);
  if (taken.length === 1) return first;
  const message = new Uint8Array(length);
  let at = 0;
  for (const chunk of taken) {
    message.set(chunk, at);
    at += chunk.length;
  }
  return message;
}
