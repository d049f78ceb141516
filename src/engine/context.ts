// What all torrents of a session share.
import type { PeerId } from '../core/ids.ts';
import type { BufferPool } from '../core/swarm/buffers.ts';
import type { PeerKey } from '../core/swarm/inputs.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { WebSocketPort } from '../ports/websocket.ts';
import type { SessionDht } from './dht-node.ts';
import type { Dialler } from './dialler.ts';
import type { Env } from './env.ts';
import type { LsdDriver } from './lsd-driver.ts';
import type { PieceCache } from './piece-cache.ts';
import type { PortMapping } from './port-mapping.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface SessionContext {
  readonly env: Env;
  /** The port that peers connect to. */
  readonly port: number;
  /** Name and version, for the extended handshake. */
  readonly client: string;
  readonly maxPeers: number;
  readonly buffers: BufferPool;
  readonly pieceCache: PieceCache;
  readonly uploadLimiter: RateLimiter;
  readonly downloadLimiter: RateLimiter;
  /** IPs that have sent bad data; they stay out for the session's life. */
  readonly banned: Set<string>;
  /** Whether an address is banned, or shut out by the user's list. */
  readonly isBlocked: (ip: string) => boolean;
  readonly dialler: Dialler;
  /** Undefined where it is off. */
  readonly dht: SessionDht | undefined;
  /** Undefined where it is off. */
  readonly lsd: LsdDriver | undefined;
  /** Undefined where it is off. */
  readonly portMapping: PortMapping | undefined;
  /** See ReachOptions. */
  readonly trustLocal: boolean;
  /** Torrents of one tracker share a connection; undefined where the host has no WebSockets. */
  readonly websocket: WebSocketPort | undefined;
  /** The port that strangers connect to: a router may have given another one. */
  publicPort(): number;
  /** Peers of all torrents. */
  readonly peers: { count: number };
  newPeerId(): PeerId;
  nextPeerKey(): PeerKey;
  /** The session's UDP socket, on the same port as TCP. */
  socket(): Promise<DatagramSocket>;
}
