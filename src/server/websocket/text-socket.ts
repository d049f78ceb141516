// A WebSocket as the tracker sees it: whole texts in and out. Two adapters: frames of our own over the connection
// (Node), and the package `ws`, which Bun replaces by what is built into it.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Twenty offers of a few KB each. */
export const MAX_MESSAGE_BYTES: number = 256 * 1024;

export interface TextSocket {
  /** Bytes that the client has not taken yet. */
  readonly unsentBytes: number;
  /** May wait until all that has come in together is served, and goes out with what else there is then. */
  send(text: string): void;
  ping(): void;
  /** Says goodbye with this code of RFC 6455 and closes. */
  close(code: number): void;
  /** Cuts the connection. */
  terminate(): void;
}

export interface TextReceiver {
  text(text: string): void;
  /** The client has been heard of, be it a pong. */
  alive(): void;
  closed(): void;
}

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface SocketAcceptor {
  /** Answers the handshake; `serve` says who receives, once it has succeeded. */
  accept(upgrade: Upgrade, serve: (socket: TextSocket) => TextReceiver | undefined): void;
  close(): void;
}
