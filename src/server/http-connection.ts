// One TCP connection of the announce path: cuts the stream into requests, answers announces and scrapes at once and in
// order (pipelining), and hands the connection to the general HTTP server with the first request of another kind.
import type { Socket } from 'node:net';
import { MAX_HEAD_BYTES, REFUSED, TOO_LARGE } from './http-deadlines.ts';
import { findHeadEnd, readHead, type RequestHead } from './http-request.ts';

/** Answers waiting for a client that does not read them; more stops reading from it. */
const MAX_UNSENT_BYTES = 256 * 1024;
const HEAD_END_BYTES = 4;

export interface HttpConnectionDeps {
  /** The whole response, one character a byte, to a request whose head says `announce` or `scrape`. */
  readonly answer: (data: Buffer, head: RequestHead, ip: Uint8Array) => string;
  /** Takes over a connection; what was read of it has been put back. */
  readonly handOver: (socket: Socket) => void;
  readonly onClosed: (connection: HttpConnection) => void;
  readonly head: RequestHead;
}

export class HttpConnection {
  /** When the last byte came, on the caller's clock. */
  lastByteAt: number;
  /** When the first byte of a request came that is not whole yet; undefined between requests. */
  partialSince: number | undefined;
  readonly #socket: Socket;
  readonly #ip: Uint8Array;
  readonly #deps: HttpConnectionDeps;
  readonly #now: () => number;
  #pending: Buffer | undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#read(chunk);
  };
  readonly #onClose = (): void => {
    this.#deps.onClosed(this);
  };

  constructor(
    socket: Socket,
    from: { readonly ip: Uint8Array; readonly now: () => number },
    deps: HttpConnectionDeps,
  ) {
    this.#socket = socket;
    this.#ip = from.ip;
    this.#now = from.now;
    this.#deps = deps;
    this.lastByteAt = from.now();
    socket.on('data', this.#onData);
    socket.on('close', this.#onClose);
    socket.on('error', ignoreReset);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes once what is on its way has been sent. */
  end(): void {
    this.#socket.end();
  }

  #read(chunk: Buffer): void {
    const { head } = this.#deps;
    this.lastByteAt = this.#now();
    const data = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    // The end of a head can only lie where the last chunk meets the new one, or behind.
    let searchFrom = Math.max(0, (this.#pending?.length ?? 0) - HEAD_END_BYTES);
    this.#pending = undefined;
    let at = 0;
    let out = '';
    while (at < data.length) {
      const end = findHeadEnd(data, searchFrom);
      if (end < 0) break;
      if (end - at > MAX_HEAD_BYTES) {
        this.#finish(out + TOO_LARGE);
        return;
      }
      readHead(data, { start: at, end }, head);
      if (head.kind === 'other') {
        this.#handOver(data.subarray(at), out);
        return;
      }
      if (head.kind === 'bad') {
        this.#finish(out + REFUSED);
        return;
      }
      out += this.#deps.answer(data, head, this.#ip);
      if (!head.keepAlive) {
        this.#finish(out);
        return;
      }
      at = end + HEAD_END_BYTES;
      searchFrom = at;
    }
    this.#keep(data, at, out);
  }

  /** The last words: closes as soon as they are sent, without waiting for the client to close too. */
  #finish(out: string): void {
    this.#socket.off('data', this.#onData);
    this.#socket.write(out, 'latin1');
    // What the kernel took at once needs no farewell of its own.
    if (this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  /** Sends what is answered and keeps the beginning of the next request. */
  #keep(data: Buffer, at: number, out: string): void {
    if (at < data.length) {
      if (data.length - at > MAX_HEAD_BYTES) {
        this.#finish(out + TOO_LARGE);
        return;
      }
      this.#pending = at === 0 ? data : Buffer.from(data.subarray(at));
      this.partialSince ??= this.lastByteAt;
    } else {
      this.partialSince = undefined;
    }
    if (out !== '' && !this.#socket.write(out, 'latin1') && this.#socket.writableLength > MAX_UNSENT_BYTES) {
      this.#socket.pause();
      this.#socket.once('drain', () => this.#socket.resume());
    }
  }

  #handOver(rest: Buffer, out: string): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('close', this.#onClose);
    this.#deps.onClosed(this);
    if (out !== '') socket.write(out, 'latin1');
    socket.pause();
    socket.unshift(rest);
    this.#deps.handOver(socket);
    process.nextTick(() => socket.resume());
  }
}

function ignoreReset(): void {
  // The client is gone; 'close' follows and does the rest.
}
