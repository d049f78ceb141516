// Byte streams between peers: TCP, uTP, WebRTC and encrypted ones look alike from here.
import type { PeerAddress } from '../core/address.ts';

export type TransportKind = 'tcp' | 'utp' | 'webrtc' | 'memory';

export interface StreamReceiver {
  /** The view is valid only until this call returns: the adapter reuses the buffer. */
  onData(chunk: Uint8Array): void;
  /** Called exactly once, after the last onData. */
  onClose(error?: Error): void;
  /** Bytes handed to the kernel (or peer buffer) since the last call: frees upload budget. */
  onSent(bytes: number): void;
}

/**
 * One open byte stream. Guarantees: order and wholeness of bytes; `write` never blocks and keeps the views until
 * onSent has counted them; after close() nothing but one onClose comes.
 */
export interface Stream {
  readonly kind: TransportKind;
  /** Undefined where the transport has no address (WebRTC). */
  readonly remote: PeerAddress | undefined;
  /** What passes is ciphered. */
  readonly isEncrypted?: boolean | undefined;
  /** Must be called once, synchronously after getting the stream. */
  start(receiver: StreamReceiver): void;
  /** Queues all chunks with one vectored write. */
  write(chunks: readonly Uint8Array[]): void;
  /** Stops reading, so that the remote's window fills: back-pressure. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ListenOptions {
  /** 0 picks a free port. */
  readonly port: number;
  /** Address to bind; undefined binds all IPv4 and IPv6 addresses. */
  readonly host?: string | undefined;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens streams. `listen` rejects with SystemError (LISTEN_ADDRESS_IN_USE, …), `dial` with SystemError (DIAL_*). */
export interface Transport {
  readonly kind: TransportKind;
  listen(options: ListenOptions, onStream: (stream: Stream) => void): Promise<Listener>;
  dial(
    address: PeerAddress,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Stream>;
}
