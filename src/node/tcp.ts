// TCP streams over node:net. All sockets read into one buffer that they share: the receiver is done with a chunk when
// its call returns, so nothing is allocated for a read.
import { connect, createServer, type OnReadOpts, type Server, type Socket } from 'node:net';
import type { PeerAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import type { Stream, StreamReceiver, Transport } from '../ports/transport.ts';
import { plainIp } from './ip.ts';
import { DIAL_CODES, LISTEN_CODES, toSystemError } from './os-error.ts';
import { plainBytes } from './plain-bytes.ts';
import { adoptSocket } from './adopt-socket.ts';

const READ_BUFFER_BYTES = 256 * 1024;
/** Connections that the system may hold for us before we have accepted them. */
const BACKLOG = 511;

/** TCP as a Transport. */
export function createTcpTransport(): Transport {
  // Windows starts a read before data is there, so that two sockets cannot share a buffer.
  const shared = process.platform === 'win32' ? undefined : new Uint8Array(READ_BUFFER_BYTES);
  const readBuffer = (): Uint8Array => shared ?? new Uint8Array(READ_BUFFER_BYTES / 4);
  return {
    kind: 'tcp',
    listen: async (options, onStream) => {
      const sockets = new Set<Socket>();
      const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
        const stream = new TcpStream(remoteOf(accepted));
        const socket = adoptSocket(accepted, stream.reading(readBuffer()));
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        stream.attach(socket);
        onStream(stream);
      });
      await listen(server, options.port, options.host);
      return {
        port: portOf(server),
        close: () =>
          new Promise((resolve) => {
            server.close(() => {
              resolve();
            });
            for (const socket of sockets) socket.destroy();
          }),
      };
    },
    dial: (address, options) => dial(address, options, readBuffer()),
  };
}

class TcpStream implements Stream {
  readonly kind = 'tcp';
  readonly remote: PeerAddress | undefined;
  #socket: Socket | undefined;
  #receiver: StreamReceiver | undefined;
  #error: Error | undefined;

  constructor(remote: PeerAddress | undefined) {
    this.remote = remote;
  }

  /** What the socket needs to read for this stream. */
  reading(buffer: Uint8Array): OnReadOpts {
    return {
      buffer,
      callback: (length, target) => {
        if (this.#socket?.destroyed === false) this.#receiver?.onData(target.subarray(0, length));
        return true;
      },
    };
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('end', () => {
      socket.destroy();
    });
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    const finish = (): void => {
      receiver.onClose(this.#error);
    };
    if (this.#socket?.closed === true) queueMicrotask(finish);
    else this.#socket?.once('close', finish);
    // What came before somebody listens stays in the kernel.
    this.#socket?.resume();
  }

  write(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    const last = chunks.length - 1;
    if (last > 0) socket.cork();
    let total = 0;
    for (const [i, chunk] of chunks.entries()) {
      total += chunk.length;
      if (i < last) socket.write(chunk);
    }
    const final = chunks[last];
    if (final !== undefined) socket.write(final, (error) => this.#sent(error, total));
    if (last > 0) socket.uncork();
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#socket?.destroy();
  }

  #sent(error: Error | null | undefined, bytes: number): void {
    if (error === null || error === undefined) this.#receiver?.onSent(bytes);
  }
}

/** A stream over a socket that is open already and paused: it reads from its start on. */
export function heldStream(socket: Socket, remote: PeerAddress): Stream {
  const stream = new TcpStream(remote);
  const reading = stream.reading(new Uint8Array(0));
  socket.on('data', (chunk) => {
    reading.callback(chunk.length, plainBytes(chunk));
  });
  stream.attach(socket);
  return stream;
}

function dial(
  address: PeerAddress,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  buffer: Uint8Array,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    if (options.signal.aborted) {
      reject(new SystemError('DIAL_ABORTED', 'the dial was given up'));
      return;
    }
    const stream = new TcpStream(address);
    const onread = stream.reading(buffer);
    const socket = connect({ host: address.ip, port: address.port, noDelay: true, onread });
    stream.attach(socket);
    const stop = (error: SystemError): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      stop(new SystemError('DIAL_TIMEOUT', `no answer in ${String(options.timeoutMs)} ms`));
    }, options.timeoutMs);
    const onAbort = (): void => {
      stop(new SystemError('DIAL_ABORTED', 'the dial was given up'));
    };
    const onError = (error: Error): void => {
      stop(toSystemError(error, DIAL_CODES, 'could not connect'));
    };
    const settle = (): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    options.signal.addEventListener('abort', onAbort);
    socket.once('error', onError);
    socket.once('connect', () => {
      settle();
      resolve(stream);
    });
  });
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(toSystemError(error, LISTEN_CODES, `could not listen on port ${String(port)}`));
    };
    server.once('error', onError);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', onError);
      // Errors of single accepts (too many open files) pass; the next accept may do.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function remoteOf(socket: Socket): PeerAddress | undefined {
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return undefined;
  return { ip: plainIp(socket.remoteAddress), port: socket.remotePort };
}
