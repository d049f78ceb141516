// HTTP on the announce path: answers from the core in one reused buffer, deadlines for slow clients, and a general
// server (node:http) for everything that is neither announce nor scrape, WebSocket upgrades included.
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { HttpService, httpBodyRoom } from '../core/tracker/http-service.ts';
import type { AnnounceCore } from '../core/tracker/announce.ts';
import { ReplyWriter } from '../core/tracker/reply-writer.ts';
import { clientAddress, type ProxyTrust } from './forwarded.ts';
import { HttpConnection, type HttpConnectionDeps } from './http-connection.ts';
import { readHead, RequestHead } from './http-request.ts';
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
  /** Who is behind a connection: the client that a proxy named, or the peer itself. */
  sourceOf(socket: Socket): Uint8Array | undefined;
  /** Lets answers that are under way finish, then closes everything. */
  close(): void;
}

export function createHttpFrontend(deps: HttpFrontendDeps): HttpFrontend {
  const answers = new Answers(deps);
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

/** Answers to announces and scrapes, built in one buffer that is used again for each. */
class Answers {
  readonly #deps: HttpFrontendDeps;
  readonly #service: HttpService;
  readonly #scratch: Buffer;
  readonly #writer: ReplyWriter;

  constructor(deps: HttpFrontendDeps) {
    this.#deps = deps;
    this.#service = new HttpService(deps);
    this.#scratch = Buffer.alloc(HEAD_ROOM + httpBodyRoom(deps));
    this.#writer = new ReplyWriter(this.#scratch);
  }

  /** Head and body, one character a byte. */
  response(data: Buffer, head: RequestHead, peer: Uint8Array): string {
    const end = this.#write(data, head, peer);
    const headers = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${head.keepAlive ? '' : CLOSE}Content-Length: ${String(end - HEAD_ROOM)}\r\n\r\n`;
    this.#scratch.write(headers, HEAD_ROOM - headers.length, 'latin1');
    return this.#scratch.toString('latin1', HEAD_ROOM - headers.length, end);
  }

  /** A copy of the body alone. */
  body(data: Buffer, head: RequestHead, peer: Uint8Array): Buffer {
    const end = this.#write(data, head, peer);
    return Buffer.from(this.#scratch.subarray(HEAD_ROOM, end));
  }

  /** Writes the body into the buffer, from HEAD_ROOM on; answers where it ends. */
  #write(data: Buffer, head: RequestHead, peer: Uint8Array): number {
    const ip = clientAddress(peer, head, this.#deps.proxies);
    const target = { bytes: data, start: head.targetStart, end: head.targetEnd };
    this.#writer.length = HEAD_ROOM;
    const context = { now: this.#deps.now(), out: this.#writer };
    if (head.kind === 'announce') this.#service.announce(target, ip, context);
    else this.#service.scrape(target, ip, context);
    return this.#writer.length;
  }
}

/**
 * What the general server does. Clients keep connections in pools, so an announce may come on a connection that was
 * handed over for a page: it is answered here as it would have been there.
 */
function servePages(
  deps: HttpFrontendDeps & Pick<HttpFrontend, 'sourceOf'>,
  answers: Answers,
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
