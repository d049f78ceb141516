// A plain file server on loopback that pages of other origins may read: a web seed that can be switched off.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

export class FileServer {
  readonly #folder: string;
  #server: Server | undefined;
  port = 0;
  /** Bytes a second; unlimited if undefined. */
  rate: number | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(stage: Stage, folder: string): Promise<FileServer> {
    const server = new FileServer(folder);
    await server.start();
    stage.onClose(() => server.stop());
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}/`;
  }

  /** On the port it had before, if it had one. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server = server;
    this.port = await listenOnLoopback(server, this.port);
  }

  /** Connections that are open break off. */
  async stop(): Promise<void> {
    if (this.#server !== undefined) await closeServer(this.#server);
    this.#server = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'range');
    response.setHeader('access-control-expose-headers', 'content-range');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    const path = join(this.#folder, decodeURIComponent((request.url ?? '').slice(1)));
    const { size } = await stat(path);
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = range?.[2] === undefined || range[2] === '' ? size - 1 : Number(range[2]);
    const contentRange = `bytes ${String(start)}-${String(end)}/${String(size)}`;
    response.writeHead(range === null ? 200 : 206, {
      'content-length': end - start + 1,
      ...(range === null ? {} : { 'content-range': contentRange }),
    });
    for await (const chunk of createReadStream(path, { start, end, highWaterMark: 256 * 1024 })) {
      if (!(chunk instanceof Uint8Array)) continue;
      if (!response.write(chunk)) await drained(response);
      if (response.destroyed) return;
      if (this.rate !== undefined) await pause((chunk.length / this.rate) * 1000);
    }
    response.end();
  }
}

export function listenOnLoopback(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
