// HTTP on the announce path: answers from the core in one reused buffer, deadlines for slow clients, and a general
// server (node:http) for everything that is neither announce nor scrape, WebSocket upgrades included.
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { HttpService, httpBodyRoom } from '../core/tracker/http-service.ts';
import type { AnnounceCore } from '../core/tracker/announce.ts';
import { ReplyWriter } from '../core/tracker/reply-writer.ts';
import { clientAddress, type ProxyTrust } from './forwarded.ts';
import { HttpConnection, type HttpConnectionDeps } from './http-connection.ts';
import { RequestHead } from './http-request.ts';
import { ipBytes } from './ip-bytes.ts';

/** A connection without a request closes after this; announces of one client are half an hour apart anyway. */
const IDLE_MS = 20_000;
/** A request must be whole this soon after its first byte. */
const HEAD_MS = 10_000;
const SWEEP_MS = 2_000;
/** Room in front of a body for the longest head. */
const HEAD_ROOM = 160;
const CLOSE = 'Connection: close\r\n';

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
  /** Lets answers that are under way finish, then closes everything. */
  close(): void;
}

export function createHttpFrontend(deps: HttpFrontendDeps): HttpFrontend {
  const service = new HttpService(deps);
  const scratch = Buffer.alloc(HEAD_ROOM + httpBodyRoom(deps));
  const writer = new ReplyWriter(scratch);
  const open = new Set<HttpConnection>();
  const general = createServer({ keepAliveTimeout: IDLE_MS, maxHeaderSize: 8192 }, deps.pages);

  const answer = (data: Buffer, head: RequestHead, peer: Uint8Array): string => {
    const ip = clientAddress(peer, head, deps.proxies);
    const target = { bytes: data, start: head.targetStart, end: head.targetEnd };
    writer.length = HEAD_ROOM;
    const context = { now: deps.now(), out: writer };
    if (head.kind === 'announce') service.announce(target, ip, context);
    else service.scrape(target, ip, context);
    const end = writer.length;
    const headers = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${head.keepAlive ? '' : CLOSE}Content-Length: ${String(end - HEAD_ROOM)}\r\n\r\n`;
    scratch.write(headers, HEAD_ROOM - headers.length, 'latin1');
    return scratch.toString('latin1', HEAD_ROOM - headers.length, end);
  };

  const connectionDeps: HttpConnectionDeps = {
    answer,
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
    get connections() {
      return open.size;
    },
    accept: (socket, source) => {
      const ip = source ?? ipBytes(socket.remoteAddress ?? '');
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
