// One download of a page: a session of its own with the browser's ports, watched for standstill.
import { concatBytes, toHex } from '../core/bytes/bytes.ts';
import { SystemError, UsageError } from '../core/errors.ts';
import { truncateInfoHash } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';
import { parseMagnet, type MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import type { Session, Torrent, TorrentSnapshot } from '../engine/api.ts';
import { resumeKey } from '../engine/resume.ts';
import { createSession } from '../engine/session.ts';
import type {
  Download,
  DownloadEvents,
  DownloadOptions,
  DownloadSnapshot,
  DownloadSource,
  DownloadState,
} from './download-api.ts';
import { ContentReader, type ByteSpan } from './content-reader.ts';
import { createWebEnv, hasWebRtc, type SavableStorage, type WebEnv } from './env.ts';
import { FilesProgress } from './file-progress.ts';
import { saveAsDownload, saveToFile, saveToFolder } from './save.ts';
import { webDigests } from './digests.ts';
import { webHttp } from './http.ts';
import { stallReason } from './stall.ts';
import { zip } from './zip.ts';

const MAX_PEERS = 40;
/** A tab has to stay small beside the tabs of others. */
const CACHE_BYTES = 16 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 30_000;
const WATCH_MS = 1000;
/** No payload for this long is a standstill. */
const STALL_MS = 6000;
const RETRY_MS = 15_000;

/**
 * Starts a download, or goes on with what an earlier visit has left. Rejects with UsageError, with ProtocolError where
 * the .torrent or magnet link is broken, and with SystemError HTTP_* where the .torrent cannot be fetched.
 * @example
 * const download = await createDownload({ torrentUrl: 'film.torrent' });
 * await download.done();
 * await download.saveAll();
 */
export async function createDownload(
  source: DownloadSource,
  options: DownloadOptions = {},
): Promise<Download> {
  const env = await createWebEnv(options);
  try {
    const known = await identify(source);
    const { infoHash, infoHashV2 } = known;
    const hash = infoHash ?? (infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2));
    invariant(hash !== undefined, 'a torrent has a hash');
    const folder = toHex(hash);
    const { maxPeers = MAX_PEERS, downloadLimit, uploadLimit, sequential } = options;
    const session = await createSession(
      { cacheBytes: CACHE_BYTES, maxPeers, downloadLimit, uploadLimit },
      env,
    );
    const { files, trackers, webSeeds } = source;
    const torrent = await session.add(known, { folder, files, trackers, webSeeds, maxPeers, sequential });
    return new DownloadRun(
      { env, session, torrent, folder, stateKey: resumeKey(hash, folder, env.digests) },
      files,
    );
  } catch (error) {
    await env.close();
    throw error;
  }
}

interface Parts {
  readonly env: WebEnv;
  readonly session: Session;
  readonly torrent: Torrent;
  readonly folder: string;
  readonly stateKey: string;
}

class DownloadRun implements Download {
  readonly #parts: Parts;
  readonly #stopWatching: () => void;
  #selected: readonly number[] | undefined;
  /** Once the metainfo is. */
  #known: { readonly files: FilesProgress; readonly reader: ContentReader } | undefined;
  /** When payload came last, or might have begun to come. */
  #gainAt = performance.now();
  #gained = 0;
  #retriedAt = 0;

  constructor(parts: Parts, files: readonly number[] | undefined) {
    this.#parts = parts;
    this.#selected = files;
    const { torrent } = parts;
    if (torrent.metainfo === undefined)
      torrent.on('metainfo', (metainfo) => (this.#known = this.#know(metainfo)));
    else this.#known = this.#know(torrent.metainfo);
    torrent.on('checked', () => {
      this.#gainAt = performance.now();
      // The pieces are known to the engine once the listeners of this event are through.
      queueMicrotask(() => this.#known?.files.count(torrent.pieces()));
    });
    torrent.on('piece', ({ piece }) => this.#known?.files.add(piece));
    this.#stopWatching = this.#watch();
  }

  get metainfo(): Metainfo | undefined {
    return this.#parts.torrent.metainfo;
  }

  snapshot(): DownloadSnapshot {
    const { torrent, env } = this.#parts;
    const now = torrent.snapshot();
    const [peers, trackers, webSeeds] = [torrent.peers(), torrent.trackers(), torrent.webSeeds()];
    const state = this.#state(now);
    const sources = { isOnline: navigator.onLine, hasWebRtc: hasWebRtc(), peers, trackers, webSeeds };
    const fromWebSeeds = webSeeds.reduce((sum, { downloaded }) => sum + downloaded, 0);
    const { error, name, infoHash, infoHashV2, wanted, completed, checked, uploaded } = now;
    const { downloadRate, uploadRate, etaSeconds } = now;
    return {
      state,
      reason: state === 'stalled' ? stallReason(sources) : undefined,
      ...{ error, name, infoHash, infoHashV2, wanted, completed, checked, uploaded },
      ...{ downloadRate, uploadRate, etaSeconds, peers, trackers, webSeeds, fromWebSeeds },
      fromPeers: Math.max(0, now.sessionDownloaded - fromWebSeeds),
      files: this.#known?.files.snapshot() ?? [],
      pieces: torrent.pieces(),
      isPersistent: env.isPersistent,
    };
  }

  on<K extends keyof DownloadEvents>(event: K, listener: (value: DownloadEvents[K]) => void): () => void {
    return this.#parts.torrent.on(event, listener);
  }

  done(): Promise<void> {
    return this.#parts.torrent.done();
  }

  pause(): void {
    this.#parts.torrent.pause();
  }

  resume(): void {
    this.#gainAt = performance.now();
    this.#parts.torrent.resume();
  }

  retry(): void {
    this.#retriedAt = performance.now();
    this.#parts.torrent.retry();
  }

  selectFiles(files: readonly number[]): void {
    this.#parts.torrent.selectFiles(files);
    this.#selected = files;
    this.#known?.files.select(files);
  }

  stream(index: number, span?: ByteSpan): ReadableStream<Uint8Array<ArrayBuffer>> {
    const length = this.metainfo?.files[index]?.length;
    if (this.#known === undefined || length === undefined) {
      throw new UsageError('TORRENT_NOT_READY', 'the files are not known yet');
    }
    return this.#known.reader.stream(index, span ?? { start: 0, end: length });
  }

  async file(index: number): Promise<Blob> {
    if (this.#known?.files.isWhole(index) !== true) {
      throw new UsageError('FILE_NOT_WHOLE', `file ${String(index)} is not whole yet`);
    }
    return this.#storage().file(index);
  }

  async save(index: number, target?: FileSystemFileHandle): Promise<void> {
    const content = await this.file(index);
    if (target === undefined) saveAsDownload(content, this.metainfo?.files[index]?.path.at(-1) ?? 'file');
    else await saveToFile(content, target);
  }

  async saveAll(target?: FileSystemDirectoryHandle): Promise<void> {
    const wanted = (this.#known?.files.snapshot() ?? []).filter((file) => file.wanted);
    if (target === undefined && wanted.length === 1) {
      for (const { index } of wanted) await this.save(index);
      return;
    }
    const entries = await Promise.all(
      wanted.map(async ({ index, path }) => ({ path, content: await this.file(index) })),
    );
    if (target === undefined) saveAsDownload(await zip(entries), `${this.metainfo?.name ?? 'files'}.zip`);
    else for (const { path, content } of entries) await saveToFolder(content, path, target);
  }

  async remove(): Promise<void> {
    const { env, folder, stateKey } = this.#parts;
    const storage = env.storageOf(folder);
    this.#stopWatching();
    await this.#parts.torrent.close();
    await storage?.remove();
    await env.state.remove(stateKey);
    await this.close();
  }

  async close(): Promise<void> {
    this.#stopWatching();
    await this.#parts.session.close();
    await this.#parts.env.close();
  }

  #know(metainfo: Metainfo): { readonly files: FilesProgress; readonly reader: ContentReader } {
    const files = new FilesProgress(metainfo, this.#selected);
    const reader = new ContentReader({
      ...{ torrent: this.#parts.torrent, geometry: files.geometry, storage: () => this.#storage() },
      hasPiece: (piece) => files.has(piece),
    });
    return { files, reader };
  }

  #storage(): SavableStorage {
    const storage = this.#parts.env.storageOf(this.#parts.folder);
    invariant(storage !== undefined, 'a file that is whole is stored');
    return storage;
  }

  #state(now: TorrentSnapshot): DownloadState {
    if (now.state === 'metadata') return this.#isStill() ? 'stalled' : 'loading-metadata';
    if (now.state === 'downloading') return this.#isStill() ? 'stalled' : 'downloading';
    return now.state === 'seeding' ? 'done' : now.state;
  }

  #isStill(): boolean {
    return performance.now() - this.#gainAt > STALL_MS;
  }

  /** Looks every second whether something came, and asks again where nothing does. */
  #watch(): () => void {
    const { torrent } = this.#parts;
    const timer = setInterval(() => {
      const { sessionDownloaded, state } = torrent.snapshot();
      const wants = state === 'downloading' || state === 'metadata';
      if (sessionDownloaded !== this.#gained || !wants) this.#gainAt = performance.now();
      this.#gained = sessionDownloaded;
      if (wants && this.#isStill() && performance.now() - this.#retriedAt > RETRY_MS) this.retry();
    }, WATCH_MS);
    const onOnline = (): void => {
      this.retry();
    };
    window.addEventListener('online', onOnline);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', onOnline);
    };
  }
}

/**
 * Fetches and reads a .torrent, to show what is in it before anything is downloaded. Rejects as createDownload does.
 */
export async function readTorrent(
  torrentUrl: string,
): Promise<{ readonly bytes: Uint8Array; readonly metainfo: Metainfo }> {
  const bytes = await fetchBytes(torrentUrl);
  return { bytes, metainfo: parseTorrent(bytes, webDigests) };
}

async function identify(source: DownloadSource): Promise<Metainfo | MagnetLink> {
  const { torrentUrl, torrent, magnet } = source;
  if ([torrentUrl, torrent, magnet].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError('DOWNLOAD_SOURCE', 'give either torrentUrl, torrent or magnet');
  }
  if (magnet !== undefined) return parseMagnet(magnet);
  return torrent === undefined
    ? (await readTorrent(torrentUrl ?? '')).metainfo
    : parseTorrent(torrent, webDigests);
}

async function fetchBytes(path: string): Promise<Uint8Array> {
  const url = new URL(path, document.baseURI).href;
  const { signal } = new AbortController();
  const response = await webHttp.request({ url, signal, timeoutMs: FETCH_TIMEOUT_MS, maxRedirects: 5 });
  if (response.status !== 200) {
    throw new SystemError('TORRENT_HTTP_STATUS', `the server answered HTTP ${String(response.status)}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return concatBytes(chunks);
}
