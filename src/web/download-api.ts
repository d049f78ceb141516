// What a page sees of a download: the shape of `swarmpress/browser`. Implemented by web/download.ts.
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { PeerSnapshot, TrackerSnapshot, WebSeedSnapshot } from '../engine/api.ts';
import type { Log } from '../ports/log.ts';

/** What to download: exactly one of the first three, and what is to be added to it. */
export interface DownloadSource {
  /** Where the .torrent is; relative to the page. */
  readonly torrentUrl?: string | undefined;
  /** The bytes of a .torrent. */
  readonly torrent?: Uint8Array | undefined;
  readonly magnet?: string | undefined;
  /** Trackers besides those of the torrent; only ws:// and wss:// ones lead to peers in a browser. */
  readonly trackers?: readonly string[] | undefined;
  /** Web seeds besides those of the torrent (BEP 19). */
  readonly webSeeds?: readonly string[] | undefined;
  /** Indices of the files to download; all by default. */
  readonly files?: readonly number[] | undefined;
}

export interface DownloadOptions {
  /** `stun:` URLs. None by default: a page asks no third party. */
  readonly iceServers?: readonly string[] | undefined;
  /** Connections to peers. Default 40. */
  readonly maxPeers?: number | undefined;
  /** Bytes a second. */
  readonly downloadLimit?: number | undefined;
  readonly uploadLimit?: number | undefined;
  /** Pieces in order, for media that play while they come. */
  readonly sequential?: boolean | undefined;
  /**
   * Where `content-worker.js` of this version is, if not beside the script that calls, or on another origin than the
   * page. It has to be whole by itself, as in `dist/site`, and its server has to send CORS headers.
   */
  readonly workerUrl?: string | undefined;
  readonly log?: Log | undefined;
}

/**
 * `stalled`: it wants to go on and nothing comes; `reason` says why. `done`: all wanted files are whole, and the page
 * gives to others as long as it is open.
 */
export type DownloadState =
  'loading-metadata' | 'checking' | 'downloading' | 'stalled' | 'paused' | 'done' | 'failed' | 'closed';

/**
 * Why nothing comes. `offline`: the browser has no network. `no-sources`: the torrent names no web seed and no tracker
 * that a browser can use. `web-seed-failed`, `tracker-failed`, `both-failed`: what it names does not answer.
 * `no-peers`: the trackers know nobody else. `connecting`: somebody is there and no connection is open yet.
 * `waiting-for-peers`: the connected peers lack what is missing, or give us no turn. `no-webrtc`: the browser has none.
 */
export type StallReason =
  | 'offline'
  | 'no-sources'
  | 'web-seed-failed'
  | 'tracker-failed'
  | 'both-failed'
  | 'no-peers'
  | 'connecting'
  | 'waiting-for-peers'
  | 'no-webrtc';

export interface FileProgress {
  readonly index: number;
  /** Names from the torrent: text, never HTML. */
  readonly path: readonly string[];
  readonly length: number;
  /** Bytes that are on disk and verified. */
  readonly completed: number;
  readonly wanted: boolean;
}

/** All numbers at one moment; take it up to four times a second. Rates are bytes a second. */
export interface DownloadSnapshot {
  readonly state: DownloadState;
  /** Set while `state` is `stalled`. */
  readonly reason: StallReason | undefined;
  /** Set while `state` is `failed`. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly name: string;
  readonly infoHash: string | undefined;
  readonly infoHashV2: string | undefined;
  /** Bytes of the wanted files; undefined until the metadata is there. */
  readonly wanted: number | undefined;
  /** Bytes of the wanted files that are on disk and verified. */
  readonly completed: number;
  /** 0..1 while `state` is `checking`. */
  readonly checked: number | undefined;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly etaSeconds: number | undefined;
  /** Payload bytes since the page was opened, by where they came from. */
  readonly fromWebSeeds: number;
  readonly fromPeers: number;
  /** Bytes given to other people since the torrent was first added. */
  readonly uploaded: number;
  /** Without padding files. */
  readonly files: readonly FileProgress[];
  /** One byte a piece: 0 missing, 1 in flight, 2 have. */
  readonly pieces: Uint8Array;
  /** People and web seeds that are connected; see `transport`. */
  readonly peers: readonly PeerSnapshot[];
  readonly trackers: readonly TrackerSnapshot[];
  readonly webSeeds: readonly WebSeedSnapshot[];
  /** What is downloaded survives a reload of the page. */
  readonly isPersistent: boolean;
}

export interface DownloadEvents {
  /** The metainfo is known. */
  readonly metainfo: Metainfo;
  /** A file is whole and on disk. */
  readonly file: { readonly file: number };
  readonly done: undefined;
  readonly error: { readonly code: string; readonly message: string };
}

export interface Download {
  readonly metainfo: Metainfo | undefined;
  snapshot(): DownloadSnapshot;
  /** Calls back on each event until the returned function is called. */
  on<K extends keyof DownloadEvents>(event: K, listener: (value: DownloadEvents[K]) => void): () => void;
  /** Resolves when all wanted files are whole; rejects when the download fails or is closed before. */
  done(): Promise<void>;
  pause(): void;
  /** Goes on after a pause or an error. */
  resume(): void;
  /** Asks trackers and web seeds again now instead of after their pause. It happens by itself while stalled. */
  retry(): void;
  /** Indices as in `files` of the source. */
  selectFiles(files: readonly number[]): void;
  /**
   * A file's bytes in order (or some of them, `end` excluded), each as soon as it is on disk and verified: to save or to
   * play while it loads. What the reader waits for is asked for first. Throws UsageError.
   */
  stream(
    index: number,
    span?: { readonly start: number; readonly end: number },
  ): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A whole file, backed by the disk where `isPersistent`: to show it or to save it by other means. */
  file(index: number): Promise<Blob>;
  /**
   * Saves a whole file: into `target` (of showSaveFilePicker, in the same click) where given, else as the browser saves
   * downloads. Rejects with UsageError FILE_NOT_WHOLE, SystemError SAVE_FAILED.
   */
  save(index: number, target?: FileSystemFileHandle): Promise<void>;
  /**
   * Saves all wanted files: with their folders into `target` (of showDirectoryPicker) where given, else a single file
   * as itself and several as one ZIP, which is put together without being held in memory.
   */
  saveAll(target?: FileSystemDirectoryHandle): Promise<void>;
  /** Closes it and deletes what the page keeps of it. */
  remove(): Promise<void>;
  /** Says goodbye to the peers; what is there stays for the next visit. */
  close(): Promise<void>;
}
