// What a tracker can be told, with its defaults. docs/tracker.md and `swarmpress track --help` say the same.

export interface TrackerOptions {
  /** TCP and UDP port; 0 picks a free one. Default 6969. */
  readonly port?: number | undefined;
  /** Address to listen on; all IPv4 and IPv6 addresses by default. */
  readonly host?: string | undefined;
  /** Frontends; all are on by default. HTTP also serves /health, /metrics and /stats. */
  readonly http?: boolean | undefined;
  readonly udp?: boolean | undefined;
  readonly ws?: boolean | undefined;
  /** Answer STUN binding requests on the UDP port, so that peers learn their address from us. Default false. */
  readonly stun?: boolean | undefined;
  /** Seconds between announces of a client (told with a tenth more or less). Default 1800. */
  readonly interval?: number | undefined;
  /** Seconds that clients must leave between announces without an event. Default 60. */
  readonly minInterval?: number | undefined;
  /** Peers of an answer: where the client asks for none in particular (50), and at most (200). */
  readonly numWant?: number | undefined;
  readonly maxNumWant?: number | undefined;
  /** Info hashes of one scrape. Default 100. */
  readonly maxScrape?: number | undefined;
  /** Refuse peers with private, loopback and other addresses the Internet cannot reach. Default false. */
  readonly public?: boolean | undefined;
  /** Believe the `ip` parameter of clients. Default false: it lets anyone point peers at a victim. */
  readonly trustClientIp?: boolean | undefined;
  /** Addresses or ranges (CIDR) whose X-Forwarded-For, Forwarded and PROXY protocol headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Most swarms, 1,048,576 by default. */
  readonly maxSwarms?: number | undefined;
  /** Most bytes for peers, 512 MiB by default; memory is taken as it fills. */
  readonly maxPeerBytes?: number | undefined;
  readonly maxPeersPerSwarm?: number | undefined;
  readonly maxPeersPerAddress?: number | undefined;
  /** Announces and scrapes a second of one address (100) and at once (5000); 0 switches it off. Loopback is exempt. */
  readonly rateLimit?: number | undefined;
  readonly rateBurst?: number | undefined;
  /** A file of info hashes, a .torrent, or a folder of them: the only torrents that are tracked. */
  readonly allow?: string | undefined;
  /** The same, for torrents that are refused. Not together with `allow`. */
  readonly deny?: string | undefined;
  /** A file with the secret of access tokens (`swarmpress token`): announce URLs must carry one. */
  readonly tokenSecret?: string | undefined;
  /** A database of users (`swarmpress user`): announce URLs must carry a passkey. With both, either will do. */
  readonly users?: string | undefined;
  /** Bytes a second that are believed of a user's client in one swarm. Default 125,000,000, a line of 1 Gbit/s. */
  readonly maxUserRate?: number | undefined;
  /** A file of banned addresses, ranges and info hashes; made by the operator's API, or by hand. */
  readonly bans?: string | undefined;
  /** A file with one word of 16 characters or more, which opens the operator's API under /admin/. */
  readonly adminSecret?: string | undefined;
  /** Host names by which the operator's tools call the API; addresses and localhost always pass. */
  readonly adminHosts?: readonly string[] | undefined;
  /** Certificate chain and key (PEM): HTTPS and secure WebSocket on the port, beside plain ones. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** One more TCP port, for HTTPS alone; 0 opens none. */
  readonly tlsPort?: number | undefined;
  /** Connections of trusted proxies begin with a PROXY header, version 1 or 2. */
  readonly proxyProtocol?: boolean | undefined;
  /**
   * Where swarms are kept: `memory`, or redis://host:port (rediss://, redis+unix:///path) to share them with other
   * trackers. Answers always come from memory.
   */
  readonly store?: string | undefined;
  /** A file that keeps the swarms over a restart. */
  readonly snapshot?: string | undefined;
  /** Seconds between writings of the snapshot. Default 300. */
  readonly snapshotInterval?: number | undefined;
  /** Open TCP connections. Default 20,000. */
  readonly maxConnections?: number | undefined;
  /**
   * Threads that serve announces over UDP and HTTP through the system's own socket calls (Linux; optional package koffi,
   * or Bun). 0, the default, serves all in the caller's thread. Not together with a shared store, tokens, users, bans,
   * the operator's API, TLS, the PROXY protocol, or rules that are functions.
   */
  readonly workers?: number | undefined;
}

type OptionalKey =
  | 'host'
  | 'allow'
  | 'deny'
  | 'tokenSecret'
  | 'users'
  | 'bans'
  | 'adminSecret'
  | 'tlsCert'
  | 'tlsKey'
  | 'snapshot';

/** The options with defaults filled in. */
export type TrackerSettings = {
  readonly [K in keyof TrackerOptions]-?: K extends OptionalKey
    ? TrackerOptions[K]
    : NonNullable<TrackerOptions[K]>;
};

export const TRACKER_DEFAULTS: TrackerSettings = {
  port: 6969,
  host: undefined,
  http: true,
  udp: true,
  ws: true,
  stun: false,
  interval: 1800,
  minInterval: 60,
  numWant: 50,
  maxNumWant: 200,
  maxScrape: 100,
  public: false,
  trustClientIp: false,
  trustedProxies: [],
  maxSwarms: 1_048_576,
  maxPeerBytes: 512 * 1024 * 1024,
  maxPeersPerSwarm: 100_000,
  maxPeersPerAddress: 50_000,
  rateLimit: 100,
  rateBurst: 5000,
  allow: undefined,
  deny: undefined,
  tokenSecret: undefined,
  users: undefined,
  maxUserRate: 125_000_000,
  bans: undefined,
  adminSecret: undefined,
  adminHosts: [],
  tlsCert: undefined,
  tlsKey: undefined,
  tlsPort: 0,
  proxyProtocol: false,
  store: 'memory',
  snapshot: undefined,
  snapshotInterval: 300,
  maxConnections: 20_000,
  workers: 0,
};
