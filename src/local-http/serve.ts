// Listens with a Hono application on a port for the user alone.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { LISTEN_CODES, toSystemError } from '../node/os-error.ts';

export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Longer headers than a player or a browser sends. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Rejects with SystemError LISTEN_*. */
export async function serveLocally(
  app: Hono,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<LocalServer> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: { maxHeaderSize: MAX_HEADER_BYTES },
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(toSystemError(error, LISTEN_CODES, `${host}:${String(port)}`));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
