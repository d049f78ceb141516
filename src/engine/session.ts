// The session: one port, one set of limits and caches, many torrents. Incoming connections find their torrent by the
// hash of their handshake.
import { concatBytes, latin1Encode, toHex } from '../core/bytes/bytes.ts';
import { SystemError, UsageError } from '../core/errors.ts';
import { toPeerId, type InfoHash } from '../core/ids.ts';
import { parseMagnet } from '../core/metainfo/magnet.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { createBufferPool, type PieceMemory } from '../core/swarm/buffers.ts';
import { torrentHash } from '../core/mse/keys.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { GatewayPort } from '../ports/gateway.ts';
import type { Stream, Transport } from '../ports/transport.ts';
import type {
  AddOptions,
  PortMappingSnapshot,
  Session,
  SessionOptions,
  Torrent,
  TorrentSource,
} from './api.ts';
import { CLIENT_NAME, PEER_ID_PREFIX } from './client.ts';
import type { SessionContext } from './context.ts';
import type { SessionDht } from './dht-node.ts';
import type { Env } from './env.ts';
import { Dialler } from './dialler.ts';
import type { LsdDriver } from './lsd-driver.ts';
import { openPort, type OpenPort } from './listen.ts';
import type { PeerHome } from './peer-driver.ts';
import { PieceCache } from './piece-cache.ts';
import type { PortMapping } from './port-mapping.ts';
import { RateLimiter } from './rate-limiter.ts';
import { shareSockets } from './shared-sockets.ts';
import type { KnownTorrent } from './torrent-parts.ts';
import { TorrentRun } from './torrent.ts';
import type { UtpTransport } from './utp-transport.ts';
import { Visitors } from './visitors.ts';

const DEFAULT_MAX_PEERS = 500;
const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024;
const DEFAULT_ENCRYPTION = 'allow';
const PEER_ID_BYTES = 20;

/**
 * Opens the port and is ready for torrents. Rejects with SystemError LISTEN_* when the port cannot be had.
 * @example
 * const session = await createSession({ port: 6881 }, createNodeEnv());
 */
export async function createSession(options: SessionOptions, env: Env): Promise<Session> {
  const open = await openPort(options, env, (stream) => {
    session.accept(stream);
  });
  const session = new SessionRun(options, env, open);
  return session;
}

class SessionRun implements Session {
  readonly port: number;
  readonly #context: SessionContext;
  readonly #open: OpenPort;
  readonly #utp: UtpTransport | undefined;
  readonly #torrents = new Set<TorrentRun>();
  /** By each of their hashes, and by each disguised as MSE asks for it: strangers find one among thousands. */
  readonly #byHash = new Map<string, TorrentRun>();
  readonly #byDisguise = new Map<string, InfoHash>();
  readonly #visitors: Visitors;
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions, env: Env, open: OpenPort) {
    this.port = open.port;
    this.#open = open;
    this.#utp =
      open.socket === undefined || options.utp === false
        ? undefined
        : env.network?.createUtpTransport(open.socket, env);
    this.#context = createContext(options, env, { ...open, utp: this.#utp });
    this.#visitors = new Visitors(
      {
        encryption: options.encryption ?? DEFAULT_ENCRYPTION,
        route: ({ infoHash }) => this.#route(infoHash),
        find: (disguised) => this.#findDisguised(disguised),
      },
      this.#context,
    );
    void this.#utp?.listen({ port: open.port }, (stream) => {
      this.accept(stream);
    });
  }

  get torrents(): readonly Torrent[] {
    return [...this.#torrents];
  }

  portMappings(): readonly PortMappingSnapshot[] {
    return this.#context.portMapping?.status() ?? [];
  }

  dhtNodes(): { readonly v4: number; readonly v6: number } | undefined {
    const snapshot = this.#context.dht?.snapshot();
    return snapshot === undefined ? undefined : { v4: snapshot.nodes, v6: snapshot.nodesV6 };
  }

  add(source: TorrentSource, options: AddOptions): Promise<Torrent> {
    return Promise.resolve().then(() => this.#add(source, options));
  }

  setLimits(limits: { readonly download?: number | undefined; readonly upload?: number | undefined }): void {
    this.#context.downloadLimiter.set(limits.download);
    this.#context.uploadLimiter.set(limits.upload);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Takes over a connection that somebody opened to us. */
  accept(stream: Stream): void {
    this.#visitors.accept(stream);
  }

  #add(source: TorrentSource, options: AddOptions): Torrent {
    if (this.#closing !== undefined) throw new UsageError('SESSION_CLOSED', 'the session is closed');
    const torrent = new TorrentRun(this.#identify(source), options, this.#context);
    const twin = torrent.hashes.find((hash) => this.#find(hash) !== undefined);
    if (twin !== undefined) {
      throw new UsageError('TORRENT_EXISTS', `torrent ${toHex(twin)} is in the session already`);
    }
    this.#enter(torrent);
    torrent.start();
    return torrent;
  }

  #identify(source: TorrentSource): KnownTorrent {
    if (source instanceof Uint8Array) return this.#identify(parseTorrent(source, this.#context.env.digests));
    if (typeof source === 'string') return this.#identify(parseMagnet(source));
    const { infoHash, infoHashV2 } = source;
    return 'infoBytes' in source
      ? { infoHash, infoHashV2, metainfo: source, magnet: undefined }
      : { infoHash, infoHashV2, metainfo: undefined, magnet: source };
  }

  #enter(torrent: TorrentRun): void {
    const disguises = torrent.hashes.map((hash) =>
      toHex(torrentHash(hash, (data) => this.#context.env.digests.sha1(data))),
    );
    this.#torrents.add(torrent);
    for (const [i, hash] of torrent.hashes.entries()) {
      this.#byHash.set(toHex(hash), torrent);
      this.#byDisguise.set(disguises[i] ?? '', hash);
    }
    torrent.on('closed', () => {
      this.#torrents.delete(torrent);
      for (const hash of torrent.hashes) this.#byHash.delete(toHex(hash));
      for (const disguise of disguises) this.#byDisguise.delete(disguise);
    });
  }

  #find(infoHash: InfoHash): TorrentRun | undefined {
    return this.#byHash.get(toHex(infoHash));
  }

  #findDisguised(disguised: Uint8Array): InfoHash | undefined {
    return this.#byDisguise.get(toHex(disguised));
  }

  #route(infoHash: InfoHash): PeerHome | undefined {
    return this.#find(infoHash)?.home;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#torrents].map((torrent) => torrent.close()));
    this.#visitors.close();
    const { dht, lsd, portMapping } = this.#context;
    await Promise.all([dht?.close(), lsd?.close(), portMapping?.close()]);
    this.#utp?.close();
    await Promise.all(this.#open.listeners.map((listener) => listener.close()));
    await this.#open.socket?.close();
  }
}

function createContext(
  options: SessionOptions,
  env: Env,
  open: OpenPort & { readonly utp: Transport | undefined },
): SessionContext {
  const { clock, random } = env;
  const banned = new Set<string>();
  const portMapping = createPortMapping(options, env, open.port);
  const transports = open.utp === undefined ? env.transports : [...env.transports, open.utp];
  const budgetBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
  let lastKey = 0;
  return {
    env,
    port: open.port,
    client: CLIENT_NAME,
    maxPeers: options.maxPeers ?? DEFAULT_MAX_PEERS,
    buffers: createBufferPool({ budgetBytes, memory: env.memory ?? sharedMemory }),
    pieceCache: new PieceCache(budgetBytes),
    uploadLimiter: new RateLimiter(clock, options.uploadLimit),
    downloadLimiter: new RateLimiter(clock, options.downloadLimit),
    banned,
    isBlocked: (ip) => banned.has(ip) || options.isBlocked?.(ip) === true,
    dialler: new Dialler(transports, options.encryption ?? DEFAULT_ENCRYPTION, env),
    dht: createDht(options, env, open.socket),
    lsd: createLsd(options, env, open.port),
    portMapping,
    trustLocal: options.trustLocal === true,
    websocket: env.websocket && shareSockets(env.websocket),
    publicPort: () => mappedPort(portMapping) ?? open.port,
    peers: { count: 0 },
    nextPeerKey: () => ++lastKey,
    newPeerId: () => {
      const prefix = latin1Encode(PEER_ID_PREFIX);
      return toPeerId(concatBytes([prefix, random.bytes(PEER_ID_BYTES - prefix.length)]));
    },
    socket: () =>
      open.socket === undefined
        ? Promise.reject(new SystemError('UDP_UNAVAILABLE', 'there is no UDP here'))
        : Promise.resolve(open.socket),
  };
}

function createDht(
  { dht }: SessionOptions,
  env: Env,
  socket: DatagramSocket | undefined,
): SessionDht | undefined {
  const { network, datagram } = env;
  if (dht === undefined || network === undefined || datagram === undefined || socket === undefined) {
    return undefined;
  }
  const { verifySignature: verify } = network;
  return network.openDht(dht, {
    ...env,
    socket,
    verify,
    resolve: (host, signal) => datagram.resolve(host, signal),
  });
}

function createLsd({ lsd, host }: SessionOptions, env: Env, port: number): LsdDriver | undefined {
  const { network, datagram } = env;
  if (lsd !== true || network === undefined || datagram === undefined) return undefined;
  return network.openLsd({ port, host }, { ...env, datagram });
}

function createPortMapping(
  { portMapping, host }: SessionOptions,
  env: Env,
  port: number,
): PortMapping | undefined {
  const { network, datagram, gateways } = env;
  if (portMapping !== true || network === undefined || datagram === undefined || gateways === undefined)
    return undefined;
  const wanted = (['tcp', 'udp'] as const).map((protocol) => ({ protocol, port }));
  return network.openPortMapping(wanted, { ...env, datagram, gateways: onAddress(gateways, host) });
}

/** A session that listens on one address has nothing to do with the routers of others. */
function onAddress(gateways: GatewayPort, host: string | undefined): GatewayPort {
  if (host === undefined) return gateways;
  return { list: async () => (await gateways.list()).filter(({ localIp }) => localIp === host) };
}

function mappedPort(mapping: PortMapping | undefined): number | undefined {
  return mapping?.status().find(({ protocol, state }) => protocol === 'tcp' && state === 'mapped')
    ?.externalPort;
}

const aligned = new Uint8Array(BLOCK_LENGTH);

/** Memory that hashing threads read without a copy, where the host has it. */
const sharedMemory: PieceMemory = {
  allocate: (length) =>
    typeof SharedArrayBuffer === 'undefined'
      ? new Uint8Array(length)
      : new Uint8Array(new SharedArrayBuffer(length)),
  copy: (target, at, bytes) => {
    // Into shared memory V8 copies whole words only between aligned places, and blocks in a stream are aligned to
    // nothing: by way of an aligned buffer that stays in the cache it takes half the time.
    const source = aligned.subarray(0, bytes.length);
    source.set(bytes);
    target.set(source, at);
  },
};
