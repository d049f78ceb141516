// One open RTCDataChannel as a byte stream: messages of up to 64 KiB whose borders mean nothing. Channels know no
// read back-pressure, so a paused stream keeps what arrives, up to a cap.
import { SystemError } from '../core/errors.ts';
import type { Stream, StreamReceiver } from '../ports/transport.ts';
import { createTidying } from './tidy.ts';

const MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** What a paused stream may hold: more than all blocks that can be on request. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** Channels give each message memory of its own. */
const tidy = createTidying(32 * 1024 * 1024);

export class RtcStream implements Stream {
  readonly kind = 'webrtc';
  readonly remote = undefined;
  readonly #connection: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #outbox: Uint8Array[] = [];
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #receiver: StreamReceiver | undefined;
  #paused = false;
  #closed = false;

  constructor(connection: RTCPeerConnection, channel: RTCDataChannel) {
    this.#connection = connection;
    this.#channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.addEventListener('bufferedamountlow', () => {
      this.#flush();
    });
    channel.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) this.#receive(new Uint8Array(event.data));
    });
    channel.addEventListener('close', () => {
      this.#finish();
    });
    connection.addEventListener('connectionstatechange', () => {
      const state = connection.connectionState;
      if (state === 'failed' || state === 'closed') this.#finish(new SystemError('RTC_FAILED', state));
    });
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    if (this.#closed) {
      queueMicrotask(() => {
        receiver.onClose();
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
    tidy(chunk.length);
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
    while (this.#canSend()) {
      const first = this.#outbox.shift();
      if (first === undefined) break;
      const message = first.subarray(0, MESSAGE_BYTES);
      if (message.length < first.length) this.#outbox.unshift(first.subarray(MESSAGE_BYTES));
      // A copy, because the channel refuses views of shared memory.
      this.#channel.send(message.slice());
      sent += message.length;
    }
    if (sent > 0) queueMicrotask(() => this.#receiver?.onSent(sent));
  }

  #canSend(): boolean {
    return (
      !this.#closed && this.#channel.readyState === 'open' && this.#channel.bufferedAmount < HIGH_WATER_BYTES
    );
  }

  #finish(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox.length = 0;
    this.#held.length = 0;
    queueMicrotask(() => {
      this.#channel.close();
      this.#connection.close();
      this.#receiver?.onClose(error);
    });
  }
}
