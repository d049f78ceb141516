// WebSocket trackers: upgrades on the general HTTP server become numbered connections of the relay.
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionId, RelayConnection } from '../core/tracker/relay.ts';
import { clientAddress, type ProxyTrust } from './forwarded.ts';
import { createFrameSockets } from './websocket/frame-sockets.ts';
import { createPackageSockets } from './websocket/package-sockets.ts';
import type { SocketAcceptor, TextReceiver, TextSocket } from './websocket/text-socket.ts';

/** A peer that does not read what it is sent is cut off. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Answers no ping for this long: gone. */
const PING_MS = 30_000;

export interface WsReceiver {
  receive(connection: RelayConnection, text: string): void;
  disconnected(id: ConnectionId): void;
}

export interface WsFrontend {
  readonly connections: number;
  send(to: ConnectionId, text: string): void;
  close(): void;
}

export interface WsFrontendDeps {
  readonly server: HttpServer;
  readonly proxies: ProxyTrust;
  /** Who is behind a connection, before any headers. */
  readonly sourceOf: (socket: Socket) => Uint8Array | undefined;
  readonly maxConnections: number;
  readonly receiver: WsReceiver;
}

export function createWsFrontend(deps: WsFrontendDeps): WsFrontend {
  return new Frontend(deps);
}

class Frontend implements WsFrontend {
  readonly #deps: WsFrontendDeps;
  readonly #sockets = new Map<ConnectionId, TextSocket>();
  /** Have not been heard of since the last ping. */
  readonly #silent = new Set<ConnectionId>();
  readonly #acceptor: SocketAcceptor;
  readonly #pings: NodeJS.Timeout;
  #nextId: ConnectionId = 1;

  constructor(deps: WsFrontendDeps) {
    this.#deps = deps;
    // Bun's own sockets are faster than ours over its connections, and ours than the package over Node's.
    this.#acceptor = process.versions['bun'] === undefined ? createFrameSockets() : createPackageSockets();
    deps.server.on('upgrade', (request, socket, head) => {
      request.socket.setTimeout(0);
      this.#acceptor.accept({ request, socket, head }, (client) => this.#serve(client, request));
    });
    this.#pings = setInterval(() => {
      this.#pingAll();
    }, PING_MS);
    this.#pings.unref();
  }

  get connections(): number {
    return this.#sockets.size;
  }

  send(to: ConnectionId, text: string): void {
    const socket = this.#sockets.get(to);
    if (socket === undefined) return;
    if (socket.unsentBytes > MAX_UNSENT_BYTES) socket.terminate();
    else socket.send(text);
  }

  close(): void {
    clearInterval(this.#pings);
    for (const socket of this.#sockets.values()) socket.close(1001);
    this.#acceptor.close();
  }

  #serve(socket: TextSocket, request: IncomingMessage): TextReceiver | undefined {
    const { maxConnections, receiver } = this.#deps;
    const ip = addressOf(request, this.#deps);
    if (ip === undefined || this.#sockets.size >= maxConnections) return undefined;
    const connection: RelayConnection = {
      ...{ id: this.#nextId, ip, credential: credentialOf(request.url ?? '') },
      isPage: request.headers.origin !== undefined,
    };
    const { id } = connection;
    this.#nextId++;
    this.#sockets.set(id, socket);
    return {
      text: (text) => {
        receiver.receive(connection, text);
      },
      alive: () => this.#silent.delete(id),
      closed: () => {
        this.#sockets.delete(id);
        this.#silent.delete(id);
        receiver.disconnected(id);
      },
    };
  }

  #pingAll(): void {
    for (const [id, socket] of this.#sockets) {
      if (this.#silent.has(id)) {
        socket.terminate();
      } else {
        this.#silent.add(id);
        socket.ping();
      }
    }
  }
}

function addressOf(
  request: IncomingMessage,
  { proxies, sourceOf }: Pick<WsFrontendDeps, 'proxies' | 'sourceOf'>,
): Uint8Array | undefined {
  const peer = sourceOf(request.socket);
  if (peer === undefined) return undefined;
  const forwardedFor = request.headers['x-forwarded-for'] ?? '';
  const head = {
    forwardedFor: Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor,
    forwarded: request.headers.forwarded ?? '',
  };
  return clientAddress(peer, head, proxies);
}

/** `/announce/TOKEN` or `?token=TOKEN`, as over HTTP. */
function credentialOf(target: string): string {
  const match = /^\/announce\/([^?]+)|[?&]token=([^&]*)/.exec(target);
  return match?.[1] ?? match?.[2] ?? '';
}
