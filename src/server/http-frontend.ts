// HTTP on the announce path: answers from the core in one reused buffer, deadlines for slow clients, and a general
// server (node:http) for everything that is neither announce nor scrape, WebSocket upgrades included.
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { AnnounceCore } from '../core/tracker/announce.ts';
import type { ProxyTrust } from './forwarded.ts';
import { HttpAnswers } from './http-answers.ts';
import { HEAD_MS, IDLE_MS, SWEEP_MS } from './http-deadlines.ts';
import { HttpConnection, type HttpConnectionDeps } from './http-connection.ts';
import { readHead, RequestHead } from './http-request.ts';
import { ipBytes } from './ip-bytes.ts';

export interface HttpFrontendDeps {
  readonly core: AnnounceCore;
  readonly now: () => number;
  readonly proxies: ProxyTrust;
  /** Serves what is no announce. */
  readonly pages: RequestListener;
  readonly maxPeers: number;
  readonly maxScrape: number;
}

export interface HttpFrontend {
  /** Takes an accepted connection (plain or TLS). `source` is the client where a PROXY header named one. */
  accept(socket: Socket, source?: Uint8Array): void;
  /** The server behind: for WebSocket upgrades. */
  readonly general: HttpServer;
  readonly connections: number;
  /** Who is behind a connection: the client that a proxy named, or the peer itself. */
  sourceOf(socket: Socket): Uint8Array | undefined;
  /** Lets answers that are under way finish, then closes everything. */
  close(): void;
}

export function createHttpFrontend(deps: HttpFrontendDeps): HttpFrontend {
  const answers = new HttpAnswers(deps);
  const open = new Set<HttpConnection>();
  const sources = new WeakMap<Socket, Uint8Array>();
  const sourceOf = (socket: Socket): Uint8Array | undefined =>
    sources.get(socket) ?? ipBytes(socket.remoteAddress ?? '');
  const listener = servePages({ ...deps, sourceOf }, answers);
  const general = createServer({ keepAliveTimeout: IDLE_MS, maxHeaderSize: 8192 }, listener);

  const connectionDeps: HttpConnectionDeps = {
    answer: (data, head, peer) => answers.response(data, head, peer),
    handOver: (socket) => {
      socket.setTimeout(IDLE_MS, () => socket.destroy());
      general.emit('connection', socket);
    },
    onClosed: (connection) => open.delete(connection),
    head: new RequestHead(),
  };

  const sweep = setInterval(() => {
    const now = deps.now();
    for (const connection of open) {
      const slow = connection.partialSince !== undefined && now - connection.partialSince > HEAD_MS;
      if (slow || now - connection.lastByteAt > IDLE_MS) connection.destroy();
    }
  }, SWEEP_MS);
  sweep.unref();

  return {
    general,
    sourceOf,
    get connections() {
      return open.size;
    },
    accept: (socket, source) => {
      const ip = source ?? ipBytes(socket.remoteAddress ?? '');
      if (source !== undefined) sources.set(socket, source);
      if (ip === undefined) socket.destroy();
      else open.add(new HttpConnection(socket, { ip, now: deps.now }, connectionDeps));
    },
    close: () => {
      clearInterval(sweep);
      for (const connection of open) connection.end();
      general.closeAllConnections();
    },
  };
}

/**
 * What the general server does. Clients keep connections in pools, so an announce may come on a connection that was
 * handed over for a page: it is answered here as it would have been there.
 */
function servePages(
  deps: HttpFrontendDeps & Pick<HttpFrontend, 'sourceOf'>,
  answers: HttpAnswers,
): RequestListener {
  const head = new RequestHead();
  return (request, response) => {
    const line = Buffer.from(`${request.method ?? ''} ${request.url ?? ''} HTTP/1.1`, 'latin1');
    readHead(line, { start: 0, end: line.length }, head);
    const ip = deps.sourceOf(request.socket);
    if ((head.kind !== 'announce' && head.kind !== 'scrape') || ip === undefined) {
      deps.pages(request, response);
      return;
    }
    head.forwardedFor = textOf(request.headers['x-forwarded-for']);
    head.forwarded = textOf(request.headers.forwarded);
    const body = answers.body(line, head, ip);
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
    response.end(body);
  };
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header ?? []).join(', ');
}
