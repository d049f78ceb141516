// The daemon's list of torrents on disk: for each a small JSON file, and its .torrent beside it.
// Law: every file is replaced whole, the .torrent is written before the entry that needs it and removed after it, so a
// kill at any moment leaves a list that loads.
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { SystemError } from '../core/errors.ts';
import { writeFileAtomic } from '../node/atomic-write.ts';
import { DISK_CODES, toSystemError } from '../node/os-error.ts';
import type { Log } from '../ports/log.ts';
import { EntrySchema, type Entry } from './entry.ts';

export interface KeptEntry {
  readonly entry: Entry;
  /** Undefined for a magnet link. */
  readonly torrentBytes: Uint8Array | undefined;
}

const SUFFIX = '.json';

export class Library {
  readonly #folder: string;
  readonly #log: Log;
  /** One write after the other: the last word on an entry wins. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Makes the folder where it is missing. Rejects with SystemError DISK_*. */
  static async open(folder: string, log: Log): Promise<Library> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw toSystemError(error, DISK_CODES, folder);
    }
    return new Library(folder, log);
  }

  /** All entries in the order of the queue. One that cannot be read is left where it is, and logged. */
  async load(): Promise<KeptEntry[]> {
    const names = (await readdir(this.#folder)).filter(
      (name) => name.endsWith(SUFFIX) && !name.startsWith('.'),
    );
    const kept: KeptEntry[] = [];
    for (const name of names) {
      try {
        kept.push(await this.#read(name));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#log.error('a torrent of the list cannot be read', { file: join(this.#folder, name), reason });
      }
    }
    return kept.sort((a, b) => a.entry.position - b.entry.position);
  }

  /** Rejects with SystemError DISK_*, FILE_*. */
  add(entry: Entry, torrentBytes: Uint8Array | undefined): Promise<void> {
    return this.#enqueue(async () => {
      if (torrentBytes !== undefined) await this.#write(`${entry.id}.torrent`, torrentBytes);
      await this.#write(`${entry.id}${SUFFIX}`, encode(entry));
    });
  }

  save(entry: Entry): Promise<void> {
    return this.#enqueue(() => this.#write(`${entry.id}${SUFFIX}`, encode(entry)));
  }

  remove(id: string): Promise<void> {
    return this.#enqueue(async () => {
      await rm(join(this.#folder, `${id}${SUFFIX}`), { force: true });
      await rm(join(this.#folder, `${id}.torrent`), { force: true });
    });
  }

  /** Resolves when all that was asked for is on disk. */
  idle(): Promise<void> {
    return this.#writing;
  }

  async #read(name: string): Promise<KeptEntry> {
    const path = join(this.#folder, name);
    const entry = v.parse(EntrySchema, JSON.parse(await readFile(path, 'utf8')));
    if (`${entry.id}${SUFFIX}` !== name)
      throw new SystemError('LIBRARY_ENTRY_INVALID', 'it has another name');
    if (entry.magnet !== null) return { entry, torrentBytes: undefined };
    return { entry, torrentBytes: new Uint8Array(await readFile(join(this.#folder, `${entry.id}.torrent`))) };
  }

  #write(name: string, bytes: Uint8Array): Promise<void> {
    return writeFileAtomic(join(this.#folder, name), bytes, { overwrite: true });
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(step);
    // A write that fails is told to whoever asked for it; the next one still has its turn.
    this.#writing = done.catch(() => undefined);
    return done;
  }
}

function encode(entry: Entry): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(entry, undefined, 1)}\n`);
}
