// Every setting of a tracker once: its kind and limits, and what it does. The configuration file, the environment, the
// command line and docs/tracker.md are all made from this table.
import type { TrackerOptions } from './options.ts';

interface NumberSetting {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
  readonly help: string;
}

interface PlainSetting {
  /** `path` is text that is relative to where it is written. */
  readonly kind: 'boolean' | 'text' | 'path' | 'list';
  readonly help: string;
}

export type Setting = NumberSetting | PlainSetting;

export const TRACKER_SETTINGS: Readonly<Record<keyof TrackerOptions, Setting>> = {
  port: number(0, 65535, 'TCP and UDP port; 0 takes a free one'),
  host: { kind: 'text', help: 'address to listen on; all of them unless given' },
  http: { kind: 'boolean', help: 'HTTP announces and scrapes' },
  udp: { kind: 'boolean', help: 'UDP announces and scrapes' },
  ws: { kind: 'boolean', help: 'WebSocket announces, for peers in browsers' },
  stun: { kind: 'boolean', help: 'answer STUN on the UDP port: peers learn their address' },
  interval: number(1, 7200, 'seconds between announces of a client, a tenth more or less'),
  minInterval: number(1, 7200, 'seconds that a client must leave between announces'),
  numWant: number(0, 1000, 'peers of an answer where the client asks for no number'),
  maxNumWant: number(0, 1000, 'peers of an answer at most'),
  maxScrape: number(1, 1000, 'info hashes of one scrape at most'),
  public: {
    kind: 'boolean',
    help: 'refuse peers with private, loopback and other unreachable addresses',
  },
  trustClientIp: { kind: 'boolean', help: "believe the clients' ip parameter" },
  trustedProxies: {
    kind: 'list',
    help: 'addresses or ranges whose X-Forwarded-For and Forwarded are believed',
  },
  maxSwarms: number(1, 16_000_000, 'torrents at most'),
  maxPeerBytes: number(65_536, 2 ** 33, 'bytes for peers at most; taken as they fill'),
  maxPeersPerSwarm: number(1, 10_000_000, 'peers of one torrent at most'),
  maxPeersPerAddress: number(1, 10_000_000, 'peers of one address at most, over all torrents'),
  rateLimit: number(0, 1_000_000, 'requests a second of one address, loopback apart; 0 is no limit'),
  rateBurst: number(1, 1_000_000, 'requests at once of one address'),
  allow: { kind: 'path', help: 'file of info hashes, .torrent or folder of them: track these alone' },
  deny: { kind: 'path', help: 'the same: track all but these' },
  tokenSecret: {
    kind: 'path',
    help: 'secret of access tokens (`swarmpress token`): announce URLs carry one',
  },
  users: { kind: 'path', help: 'database of users (`swarmpress user`): announce URLs carry a passkey' },
  maxUserRate: number(1, 2 ** 40, 'bytes a second that are believed of a client of a user'),
  bans: { kind: 'path', help: 'file of banned addresses, ranges and info hashes' },
  adminSecret: { kind: 'path', help: 'file with the word that opens the API under /admin/' },
  adminHosts: { kind: 'list', help: 'host names by which that API may be called, beside addresses' },
  tlsCert: { kind: 'path', help: 'certificate chain (PEM): https and wss on the port, beside plain' },
  tlsKey: { kind: 'path', help: 'its key (PEM)' },
  tlsPort: number(0, 65535, 'one more TCP port, for https and wss alone; 0 opens none'),
  proxyProtocol: { kind: 'boolean', help: 'connections of trusted proxies begin with a PROXY header' },
  store: { kind: 'text', help: '`memory`, or redis://host:port to share swarms with other trackers' },
  snapshot: { kind: 'path', help: 'file that keeps the swarms over a restart' },
  snapshotInterval: number(1, 86_400, 'seconds between writings of the snapshot'),
  maxConnections: number(1, 1_000_000, 'open TCP connections at most'),
  workers: number(0, 64, 'threads for UDP and HTTP announces (Linux); 0: the main one serves; under Bun 1'),
};

/** `minInterval` is `min-interval` in files and flags. */
export function settingName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function number(min: number, max: number, help: string): NumberSetting {
  return { kind: 'number', min, max, help };
}
