// `swarmpress/browser`: downloads in a web page, from web seeds and from other people.
export { ProtocolError, SwarmpressError, SystemError, UsageError } from './core/errors.ts';
export { formatMagnet, parseMagnet } from './core/metainfo/magnet.ts';
export type { MagnetLink } from './core/metainfo/magnet.ts';
export type { FileEntry, Metainfo, MetainfoVersion } from './core/metainfo/metainfo.ts';
export type { PeerSnapshot, TrackerSnapshot, WebSeedSnapshot } from './engine/api.ts';
export { createDownload } from './web/download.ts';
export type {
  Download,
  DownloadEvents,
  DownloadOptions,
  DownloadSnapshot,
  DownloadSource,
  DownloadState,
  FileProgress,
  StallReason,
} from './web/download-api.ts';
export { defineDownloadElement } from './page/download-element.ts';
