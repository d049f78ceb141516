// What the element does: reads the torrent, starts and goes on, saves. The view looks at it four times a second.
import { SwarmpressError, SystemError } from '../core/errors.ts';
import { parseMagnet } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { createDownload, readTorrent } from '../web/download.ts';
import type { Download, DownloadSource } from '../web/download-api.ts';
import { StreamServer } from '../web/stream-server.ts';
import { mediaType } from './media.ts';

export interface ControllerOptions {
  /** URL of a .torrent, relative to the page, or a magnet link. */
  readonly src: string;
  /** The service worker's script, where the site has one. */
  readonly worker: string | undefined;
  /** Where the download's own worker is, if not beside this script on the page's origin. */
  readonly workerUrl: string | undefined;
}

export type ControllerError = { readonly code: string; readonly message: string } | undefined;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #key: string;
  #torrent: Uint8Array | undefined;
  /** A visitor may be quicker than the .torrent. */
  #loaded: Promise<void> = Promise.resolve();
  #streams: StreamServer | undefined;
  #starting = false;
  metainfo: Metainfo | undefined;
  download: Download | undefined;
  error: ControllerError;
  /** On the way to the browser's own downloads: `broken` if that ended early, be it by the visitor's own wish. */
  #saving: 'no' | 'asked' | 'going' | 'whole' | 'broken' = 'no';

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#key = `swarmpress:${new URL(options.src, document.baseURI).href}`;
  }

  get isStarted(): boolean {
    return this.#starting || this.download !== undefined;
  }

  /** An earlier visit began this download and did not delete it. */
  get wasStarted(): boolean {
    return recall(this.#key) !== undefined;
  }

  /** Handed to the browser, or on the way there. */
  get isSaved(): boolean {
    return this.#saving === 'going' || this.#saving === 'whole';
  }

  get canStream(): boolean {
    return this.#streams !== undefined;
  }

  /** Reads the .torrent, to show what is in it; what a magnet link leads to is known later. */
  load(): Promise<void> {
    this.#loaded = this.#attempt(async () => {
      const { src } = this.#options;
      if (src.startsWith('magnet:')) {
        parseMagnet(src);
        return;
      }
      const { bytes, metainfo } = await readTorrent(src);
      this.#torrent = bytes;
      this.metainfo = metainfo;
    });
    return this.#loaded;
  }

  /** Goes on where an earlier visit was, with the files that it had chosen. */
  async goOn(): Promise<void> {
    const files = chosenFiles(recall(this.#key));
    // The address may lead to another torrent by now.
    const isKnown = files?.every((index) => this.metainfo?.files[index] !== undefined) === true;
    await this.start(isKnown ? files : undefined);
  }

  /** `files` as in DownloadSource. */
  async start(files: readonly number[] | undefined): Promise<void> {
    if (this.isStarted) return;
    this.#starting = true;
    this.error = undefined;
    await this.#loaded;
    await this.#attempt(async () => {
      const { worker, workerUrl, src } = this.#options;
      if (this.#torrent === undefined && !src.startsWith('magnet:')) return;
      if (worker !== undefined) this.#streams = await StreamServer.start(new URL(worker, document.baseURI));
      const torrent = this.#torrent;
      const from: DownloadSource = torrent === undefined ? { magnet: src } : { torrent };
      const download = await createDownload({ ...from, files }, { workerUrl });
      this.download = download;
      this.metainfo ??= download.metainfo;
      download.on('metainfo', (metainfo) => (this.metainfo = metainfo));
      download.on('done', () => void this.#onDone());
      remember(this.#key, files);
      this.#saveSoon();
    });
    this.#starting = false;
  }

  retry(): void {
    const { download } = this;
    if (this.error?.code === 'SAVE_FAILED' || download === undefined) {
      this.error = undefined;
      if (this.metainfo === undefined && this.#torrent === undefined) void this.load();
      return;
    }
    if (download.snapshot().state === 'failed') download.resume();
    else download.retry();
  }

  select(files: readonly number[]): void {
    this.download?.selectFiles(files);
    if (this.download !== undefined) remember(this.#key, files);
  }

  async save(index: number): Promise<void> {
    await this.#attempt(async () => this.download?.save(index));
    this.#saving = this.error === undefined ? 'whole' : 'broken';
  }

  async saveAll(folder?: FileSystemDirectoryHandle): Promise<void> {
    await this.#attempt(async () => this.download?.saveAll(folder));
    this.#saving = this.error === undefined ? 'whole' : 'broken';
  }

  /** Writes a file to where the visitor chose, as it comes. */
  async saveTo(index: number, target: FileSystemFileHandle): Promise<void> {
    this.#saving = 'going';
    await this.#attempt(async () => {
      try {
        await this.download?.stream(index).pipeTo(await target.createWritable());
        this.#saving = 'whole';
      } catch (cause) {
        this.#saving = 'broken';
        throw new SystemError('SAVE_FAILED', `could not write ${target.name}`, { cause });
      }
    });
  }

  /** An address that plays a file while it loads; undefined where it has to be whole first. */
  addressOf(index: number): string | undefined {
    return this.#serve(index, false);
  }

  /** Ends the download and deletes what the browser keeps of it. */
  async remove(): Promise<void> {
    forget(this.#key);
    const { download } = this;
    this.download = undefined;
    this.#saving = 'no';
    await this.#attempt(async () => download?.remove());
  }

  async close(): Promise<void> {
    this.#streams?.close();
    await this.download?.close();
  }

  /** A single file goes to the browser's own downloads from the first byte on, where a service worker carries it. */
  #saveSoon(): void {
    const index = this.#onlyFile();
    const address = index === undefined ? undefined : this.#serve(index, true);
    if (address === undefined) return;
    this.#saving = 'asked';
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.src = address;
    document.body.append(frame);
  }

  async #onDone(): Promise<void> {
    const index = this.#onlyFile();
    const isUnderWay = this.#saving !== 'no' && this.#saving !== 'asked';
    if (index !== undefined && !isUnderWay) await this.save(index);
  }

  #onlyFile(): number | undefined {
    return this.metainfo?.isSingleFile === true ? 0 : undefined;
  }

  #serve(index: number, isDownload: boolean): string | undefined {
    const { download } = this;
    const file = this.metainfo?.files[index];
    if (download === undefined || file === undefined) return undefined;
    const name = file.path.at(-1) ?? 'file';
    const type = isDownload ? undefined : mediaType(name);
    return this.#streams?.serve({
      ...{ name, type: type ?? 'application/octet-stream', length: file.length, isDownload },
      open: (start, end) => {
        if (isDownload) this.#saving = 'going';
        return download.stream(index, { start, end });
      },
      onEnd: (isWhole) => {
        if (isDownload) this.#saving = isWhole ? 'whole' : 'broken';
      },
    });
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      this.error = { code: error.code, message: error.message };
    }
  }
}

const ALL_FILES = 'all';

/** What was chosen by whoever began this download. Pages may be refused storage: then nothing is remembered. */
function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function chosenFiles(choice: string | undefined): readonly number[] | undefined {
  return choice !== undefined && /^\d+(,\d+)*$/.test(choice) ? choice.split(',').map(Number) : undefined;
}

function remember(key: string, files: readonly number[] | undefined): void {
  try {
    localStorage.setItem(key, files?.join(',') ?? ALL_FILES);
  } catch {
    // The visitor starts anew.
  }
}

function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There was nothing.
  }
}
