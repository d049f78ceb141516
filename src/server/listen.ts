// Opens the tracker's TCP port for both address families on one socket where the system can.
import { createServer, type Server, type Socket } from 'node:net';
import { errnoOf, LISTEN_CODES, toSystemError } from '../node/os-error.ts';

/** Time for answers that are under way when the tracker stops; then connections are cut. */
const CLOSE_GRACE_MS = 2000;

export interface TcpListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with SystemError LISTEN_*. */
export async function listenTcp(
  bindTo: { readonly port: number; readonly host: string | undefined; readonly maxConnections: number },
  onSocket: (socket: Socket) => void,
): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.maxConnections = bindTo.maxConnections;
  const hosts = bindTo.host === undefined ? ['::', '0.0.0.0'] : [bindTo.host];
  for (const [i, host] of hosts.entries()) {
    try {
      await listen(server, bindTo.port, host);
      break;
    } catch (error) {
      const noIpv6 = errnoOf(error) === 'EAFNOSUPPORT' || errnoOf(error) === 'EADDRNOTAVAIL';
      if (noIpv6 && i + 1 < hosts.length) continue;
      throw toSystemError(error, LISTEN_CODES, `could not listen on port ${String(bindTo.port)} of ${host}`);
    }
  }
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : bindTo.port,
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, CLOSE_GRACE_MS);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
