// The published entry point: create torrents, read them, transfer them.
export type { PeerAddress } from './core/address.ts';
export { ProtocolError, SwarmpressError, SystemError, UsageError } from './core/errors.ts';
export { formatMagnet, parseMagnet } from './core/metainfo/magnet.ts';
export type { MagnetLink } from './core/metainfo/magnet.ts';
export type { FileEntry, Metainfo, MetainfoVersion } from './core/metainfo/metainfo.ts';
export type {
  AddOptions,
  PeerSnapshot,
  SessionOptions,
  Torrent,
  TorrentEvents,
  TorrentSnapshot,
  TorrentSource,
  TorrentState,
  TrackerSnapshot,
} from './engine/api.ts';
export type {
  DhtSamples,
  ItemSigner,
  MutableItem,
  MutableName,
  PutMutableOptions,
  StoredItem,
} from './engine/dht-client.ts';
export { createSession } from './engine/session.ts';
export type { Env } from './engine/env.ts';
export { createTorrent } from './node/create-torrent.ts';
export type { CreatedTorrent, CreateOptions } from './node/create-torrent.ts';
export { Dht } from './node/dht.ts';
export type { NodeDhtOptions } from './node/dht.ts';
export { createNodeEnv } from './node/env.ts';
export type { NodeEnvOptions } from './node/env.ts';
export { createLog } from './node/log.ts';
export type { LogLevel } from './node/log.ts';
export { parseTorrent } from './node/parse-torrent.ts';
export { Session } from './node/session.ts';
export type { NodeSessionOptions } from './node/session.ts';
export { loadSigningKey } from './node/signing-key.ts';
export type { SigningKey } from './node/signing-key.ts';
export { createTracker, type Tracker, type TrackerDeps } from './server/tracker.ts';
export type { TrackerOptions } from './server/options.ts';
