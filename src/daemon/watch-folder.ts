// A folder whose .torrent and .magnet files are added by themselves. A file is taken when it has stopped changing, and
// renamed then: `.added`, or `.invalid` for one that cannot be used, so that none is looked at twice.
import { readFile, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmpressError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { errnoOf } from '../node/os-error.ts';
import type { Log } from '../ports/log.ts';

export interface WatchDeps {
  /** Bytes of a .torrent, or the text of a magnet link. Rejects with a SwarmpressError for what cannot be used. */
  readonly add: (given: Uint8Array | string) => Promise<unknown>;
  readonly log: Log;
}

export class WatchFolder {
  readonly #folder: string;
  readonly #deps: WatchDeps;
  /** Size and time of files seen at the last look. */
  #seen = new Map<string, string>();
  #looking = false;

  constructor(folder: string, deps: WatchDeps) {
    this.#folder = folder;
    this.#deps = deps;
  }

  /** Call it every few seconds: a file that is the same at two looks is taken. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.log.warn('the watched folder cannot be read', { folder: this.#folder, reason });
    } finally {
      this.#looking = false;
    }
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => /^[^.].*\.(torrent|magnet)$/i.test(name));
    const seen = new Map<string, string>();
    for (const name of names) {
      const now = await stamp(join(this.#folder, name));
      if (now === undefined) continue;
      if (this.#seen.get(name) === now) await this.#take(name);
      else seen.set(name, now);
    }
    this.#seen = seen;
  }

  async #take(name: string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      const bytes = new Uint8Array(await readFile(path));
      await this.#deps.add(/\.magnet$/i.test(name) ? new TextDecoder().decode(bytes).trim() : bytes);
      await rename(path, `${path}.added`);
      this.#deps.log.info('added from the watched folder', { file: path });
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      const isKnown = error.code === 'TORRENT_EXISTS';
      await rename(path, `${path}.${isKnown ? 'added' : 'invalid'}`);
      if (!isKnown) this.#deps.log.warn('not added', { file: path, code: error.code, reason: error.message });
    }
  }
}

/** Undefined for what is gone, no file, or longer than any .torrent may be. */
async function stamp(path: string): Promise<string | undefined> {
  try {
    const stats = await stat(path);
    const fits = stats.isFile() && stats.size > 0 && stats.size <= LIMITS.torrentFileBytes.value;
    return fits ? `${String(stats.size)} ${String(stats.mtimeMs)}` : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
