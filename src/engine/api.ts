// The shape of the public session API: what apps and library users see. Implemented by session.ts and torrent.ts.
import type { PeerAddress } from '../core/address.ts';
import type { MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo, NodeAddress } from '../core/metainfo/metainfo.ts';
import type { PieceSpread } from '../core/swarm/snapshot.ts';
import type { Preallocation } from '../ports/storage.ts';

/**
 * How connections are encrypted (MSE). `off`: plain ones alone. `allow`: ours are plain, and encrypted where a peer
 * hangs up on that; both kinds are taken. `prefer`: ours are encrypted, plain where that fails. `require`: no others.
 */
export type Encryption = 'off' | 'allow' | 'prefer' | 'require';

/** The DHT (BEP 5). */
export interface DhtOptions {
  /** Where to begin without nodes of an earlier run; the hosts that everybody uses by default. */
  readonly bootstrap?: readonly NodeAddress[] | undefined;
  /** Ask, but answer nobody, as behind a firewall (BEP 43). Default false. */
  readonly readOnly?: boolean | undefined;
}

/** How peers are found and connected to. */
export interface ReachOptions {
  /** Connections over UDP (BEP 29) for peers that TCP does not reach. Default true. */
  readonly utp?: boolean | undefined;
  /** Default `allow`. */
  readonly encryption?: Encryption | undefined;
  /** Peers from the DHT; off by default. Private torrents never use it (BEP 27). */
  readonly dht?: DhtOptions | undefined;
  /** Peers of the local network (BEP 14); off by default. Private torrents never use it. */
  readonly lsd?: boolean | undefined;
  /** Have routers forward the port: PCP, NAT-PMP, UPnP; off by default. */
  readonly portMapping?: boolean | undefined;
  /**
   * Lets torrents ask servers of private networks anything. By default they may fetch plain files and announce there,
   * and nothing else: their URLs come from strangers. What the user names is never restricted.
   */
  readonly trustLocal?: boolean | undefined;
  /** Addresses that are neither dialled nor let in. None by default. */
  readonly isBlocked?: ((ip: string) => boolean) | undefined;
}

export interface SessionOptions extends ReachOptions {
  /** TCP (and UDP) port to listen on; 0 picks a free one. Default 0. */
  readonly port?: number | undefined;
  /** Address to bind; all by default. */
  readonly host?: string | undefined;
  /** Bytes a second over all torrents; undefined is unlimited. */
  readonly downloadLimit?: number | undefined;
  readonly uploadLimit?: number | undefined;
  /** Connections over all torrents. Default 500. */
  readonly maxPeers?: number | undefined;
  /** Bytes of memory for pieces on their way to disk, and as much again for those on their way to peers. Default 64 MiB. */
  readonly cacheBytes?: number | undefined;
}

export interface AddOptions {
  /** Folder that holds (or will hold) the content. */
  readonly folder: string;
  /** Indices of files to download; all by default. */
  readonly files?: readonly number[] | undefined;
  /**
   * `resume` (default) trusts resume data that matches the files on disk and checks the rest; `full` hashes all;
   * `trust` takes the content as whole without reading it (a publisher who has just hashed it).
   */
  readonly check?: 'resume' | 'full' | 'trust' | undefined;
  readonly preallocation?: Preallocation | undefined;
  /** Pieces in order instead of rarest first. */
  readonly sequential?: boolean | undefined;
  readonly downloadLimit?: number | undefined;
  readonly uploadLimit?: number | undefined;
  /** Trackers added to those of the torrent; each is a tier of its own. */
  readonly trackers?: readonly string[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
  readonly peers?: readonly PeerAddress[] | undefined;
  /** Connections of this torrent. Default 80. */
  readonly maxPeers?: number | undefined;
}

export type TorrentState =
  'metadata' | 'checking' | 'downloading' | 'seeding' | 'paused' | 'failed' | 'closed';

export interface PeerSnapshot {
  /** The peer's id of 20 bytes, in lower-case hex. */
  readonly id: string;
  /** Empty where there is none (WebRTC). */
  readonly address: string;
  /** Where it takes connections; empty where that is not known. */
  readonly listens: string;
  readonly client: string;
  readonly transport: string;
  readonly encrypted: boolean;
  /** We have opened the connection. */
  readonly outgoing: boolean;
  /** 0..1 of the torrent. */
  readonly progress: number;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloaded: number;
  readonly uploaded: number;
  /** We are choked by the peer / interested in it, and the other way round. */
  readonly choked: boolean;
  readonly interested: boolean;
  readonly choking: boolean;
  readonly peerInterested: boolean;
}

export interface TrackerSnapshot {
  readonly url: string;
  readonly status: 'idle' | 'announcing' | 'working' | 'failed';
  readonly message: string | undefined;
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
  readonly nextAnnounceSeconds: number | undefined;
}

/** A web server that has the content (BEP 19, BEP 17). */
export interface WebSeedSnapshot {
  readonly url: string;
  /** `idle`: nothing is wanted of it. `banned`: it sent bad data and is asked no more. */
  readonly status: 'idle' | 'working' | 'failed' | 'banned';
  readonly message: string | undefined;
  /** Bytes of content since the torrent was added to this session. */
  readonly downloaded: number;
}

/** All numbers at one moment; cheap to take a few times a second. Rates are bytes a second. */
export interface TorrentSnapshot {
  readonly state: TorrentState;
  readonly name: string;
  readonly infoHash: string | undefined;
  readonly infoHashV2: string | undefined;
  /** Bytes of the wanted files; undefined until the metadata is there. */
  readonly wanted: number | undefined;
  /** Bytes of wanted files on disk and verified. */
  readonly completed: number;
  /** 0..1 of a check that is going on. */
  readonly checked: number | undefined;
  readonly downloadRate: number;
  readonly uploadRate: number;
  /** Payload bytes since the torrent was first added (kept by resume data). */
  readonly downloaded: number;
  readonly uploaded: number;
  /** The part of `downloaded` that came in this session. */
  readonly sessionDownloaded: number;
  /** Bytes that failed the hash or came twice. */
  readonly wasted: number;
  readonly etaSeconds: number | undefined;
  readonly connected: number;
  readonly seeders: number;
  readonly leechers: number;
  /** Copies of the rarest piece among connected peers, without ours. */
  readonly availability: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface TorrentEvents {
  /** The metainfo is known (at once for a .torrent). */
  readonly metainfo: Metainfo;
  readonly checked: { readonly completed: number };
  readonly piece: { readonly piece: number };
  readonly file: { readonly file: number };
  /** All wanted files are whole and on disk. */
  readonly done: undefined;
  readonly error: { readonly code: string; readonly message: string };
  readonly closed: undefined;
}

export interface Torrent {
  readonly metainfo: Metainfo | undefined;
  snapshot(): TorrentSnapshot;
  peers(): readonly PeerSnapshot[];
  trackers(): readonly TrackerSnapshot[];
  webSeeds(): readonly WebSeedSnapshot[];
  /** One byte a piece: 0 missing, 1 in flight, 2 have. */
  pieces(): Uint8Array;
  /** Who has which part of the content, in at most `cells` parts; the peers are those of `peers()` at the same moment. */
  spread(cells: number): PieceSpread;
  /** Calls back on each event until the returned function is called. */
  on<K extends keyof TorrentEvents>(event: K, listener: (value: TorrentEvents[K]) => void): () => void;
  /** Resolves when all wanted files are whole; rejects when the torrent fails or is closed before. */
  done(): Promise<void>;
  pause(): void;
  resume(): void;
  recheck(): Promise<void>;
  selectFiles(files: readonly number[]): void;
  /**
   * One priority for each file, 0 to 255: 0 is not downloaded, 1 is normal, higher goes first. Throws UsageError.
   * @example torrent.setPriorities(torrent.metainfo.files.map((file) => (file.path.at(-1) === 'index.html' ? 2 : 1)));
   */
  setPriorities(files: readonly number[]): void;
  /**
   * Pieces that somebody waits for, in the place of all that were set before; none with an empty list. They go before
   * all others, soonest first, and are asked of several peers where one would be late. Pieces of files that are not
   * selected are not downloaded, deadline or not. Throws UsageError.
   * @example torrent.setDeadlines([{ piece: 7, withinMs: 0 }, { piece: 8, withinMs: 500 }]);
   */
  setDeadlines(deadlines: readonly { readonly piece: number; readonly withinMs: number }[]): void;
  /**
   * Bytes of a file from the disk; the pieces that hold them must be there (FileStreams waits for them). Rejects with
   * UsageError TORRENT_NOT_READY, SystemError DISK_*.
   */
  read(file: number, offset: number, length: number): Promise<Uint8Array>;
  setLimits(limits: { readonly download?: number | undefined; readonly upload?: number | undefined }): void;
  addPeers(peers: readonly PeerAddress[]): void;
  /** Asks trackers that failed and web seeds that failed again now, instead of after their pause. */
  retry(): void;
  /** Tells the trackers `stopped`, saves resume data, closes files and connections. */
  close(): Promise<void>;
}

export type TorrentSource = Metainfo | Uint8Array | MagnetLink | string;

/** What is known of one port at one router. */
export interface PortMappingSnapshot {
  readonly gateway: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly state: 'asking' | 'mapped' | 'failed';
  readonly by: 'pcp' | 'nat-pmp' | 'upnp' | undefined;
  readonly externalPort: number | undefined;
  readonly externalIp: string | undefined;
  /** Why it failed. */
  readonly message: string | undefined;
}

export interface Session {
  /** The port that peers connect to. */
  readonly port: number;
  readonly torrents: readonly Torrent[];
  /** Ports forwarded by routers; empty where that is off or there is no router. */
  portMappings(): readonly PortMappingSnapshot[];
  /** Nodes that our node of the DHT knows, by address family; undefined where the DHT is off. */
  dhtNodes(): { readonly v4: number; readonly v6: number } | undefined;
  /**
   * Adds by metainfo, by bytes of a .torrent, or by magnet link, parsed or as text. Rejects with UsageError if it is
   * there already, with ProtocolError for bytes and text that are neither.
   */
  add(source: TorrentSource, options: AddOptions): Promise<Torrent>;
  setLimits(limits: { readonly download?: number | undefined; readonly upload?: number | undefined }): void;
  close(): Promise<void>;
}
