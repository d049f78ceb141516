// Content in a folder of the disk. Files that are not wanted but share a piece with one that is live in a hidden
// folder beside the content, `.<name>.parts/<file index>`, as sparse files with the same offsets; wanting such a file
// moves it into place. A file that was in place before it became unwanted stays there.
import { rename, rmdir } from 'node:fs/promises';
import { SystemError } from '../core/errors.ts';
import type { FileRange } from '../core/metainfo/geometry.ts';
import { invariant } from '../core/invariant.ts';
import type { WriteTarget } from '../ports/hasher.ts';
import type { Preallocation, Storage, StorageFile, StoragePort, StoredFile } from '../ports/storage.ts';
import { readFully, syncData, writeFully } from './file-io.ts';
import { prepareFiles } from './fs-prepare.ts';
import { OpenFiles } from './open-files.ts';
import { DISK_CODES, toSystemError } from './os-error.ts';
import { SafeFolders } from './safe-folders.ts';
import { splitTargets } from './scatter.ts';
import { statFiles } from './stat-files.ts';
import { syncFileSystem } from './sync-file-system.ts';

/** Descriptors kept open over all torrents; the usual limit of a process is 1024, and peers need theirs. */
const MAX_OPEN_FILES = 256;
/** Files synced at once: more only fills the thread pool. */
const PARALLEL_SYNCS = 4;
/** From here on one sync of the whole file system costs less than one for each file. */
const MANY_FILES = 64;

/** Storage on the file system. Its descriptors are shared by all storages it opens. */
export function createFsStoragePort(): StoragePort {
  const open = new OpenFiles(MAX_OPEN_FILES);
  return {
    open: async (folder, files) => {
      const storage = new FsStorage(files, await SafeFolders.open(folder), open);
      await storage.locate();
      return storage;
    },
  };
}

/** Files lent to one write: a piece across more of them is written one after the other. */
const MAX_LENT = 8;

/** Ranges from `next` on are still to be opened; they begin `at` bytes into the data. */
interface Lending {
  readonly ranges: readonly FileRange[];
  readonly next: number;
  readonly at: number;
  readonly targets: readonly WriteTarget[];
}

/** A file and where it is kept now. */
interface Place {
  readonly file: StorageFile;
  elements: readonly string[];
}

class FsStorage implements Storage {
  readonly #places: readonly Place[];
  readonly #folders: SafeFolders;
  readonly #open: OpenFiles;
  readonly #partsFolder: string;
  readonly #dirty = new Set<string>();
  /** Before the first flush there may also be data of a process that was killed. */
  #hasFlushed = false;
  #wanted: readonly boolean[];
  /** Files are being moved: everything else waits. */
  #moving: Promise<void> | undefined;

  constructor(files: readonly StorageFile[], folders: SafeFolders, open: OpenFiles) {
    this.#places = files.map((file) => ({ file, elements: file.path }));
    this.#folders = folders;
    this.#open = open;
    this.#wanted = files.map((file) => file.wanted);
    this.#partsFolder = `.${files[0]?.path[0] ?? ''}.parts`;
  }

  /** Finds out which unwanted files live among the parts, and moves parts that are wanted now. */
  async locate(): Promise<void> {
    const kept = [...this.#places.keys()].filter((index) => !this.#isKeptNowhere(index));
    const wanted = kept.filter((index) => this.#wanted[index] === true);
    const unwanted = kept.filter((index) => this.#wanted[index] !== true);
    if (await this.#folders.exist(this.#partsOf(0))) {
      const parts = await statFiles(
        this.#folders,
        wanted.map((index) => this.#partsOf(index)),
      );
      for (const [i, index] of wanted.entries()) {
        if (parts[i] !== undefined) await this.#promote(this.#place(index).file.path, this.#partsOf(index));
      }
    }
    for (const index of wanted) this.#place(index).elements = this.#place(index).file.path;
    const inPlace = await statFiles(
      this.#folders,
      unwanted.map((index) => this.#place(index).file.path),
    );
    for (const [i, index] of unwanted.entries()) {
      if (inPlace[i] === undefined) this.#place(index).elements = this.#partsOf(index);
    }
  }

  async stat(): Promise<readonly (StoredFile | undefined)[]> {
    await this.#moving;
    const found = await statFiles(
      this.#folders,
      this.#places.map((place) => place.elements),
    );
    return found.map((stored, index) => (this.#places[index]?.file.pad === true ? undefined : stored));
  }

  async prepare(preallocation: Preallocation): Promise<void> {
    await this.#moving;
    const files = this.#places
      .filter((_, index) => this.#wanted[index] === true)
      .map((place) => place.file)
      .filter((file) => !file.pad);
    await prepareFiles(files, { folders: this.#folders, open: this.#open }, preallocation);
  }

  async read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void> {
    if (this.#moving !== undefined) await this.#moving;
    const parts = splitTargets(
      targets,
      ranges.map((range) => range.length),
    );
    for (const [i, range] of ranges.entries()) {
      const into = parts[i] ?? [];
      if (range.pad) for (const target of into) target.fill(0);
      else await this.#readRange(range, into);
    }
  }

  async write(ranges: readonly FileRange[], data: Uint8Array): Promise<void> {
    if (this.#moving !== undefined) await this.#moving;
    let at = 0;
    for (const range of ranges) {
      if (!range.pad) await this.#writeRange(range, data.subarray(at, at + range.length));
      at += range.length;
    }
  }

  async lend<T>(
    ranges: readonly FileRange[],
    action: (targets: readonly WriteTarget[]) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#moving !== undefined) await this.#moving;
    if (ranges.length > MAX_LENT) return undefined;
    return this.#lendFrom({ ranges, next: 0, at: 0, targets: [] }, action);
  }

  pathOf(file: number): string | undefined {
    return this.#folders.pathOf(this.#place(file).elements);
  }

  setWanted(wanted: readonly boolean[]): void {
    this.#wanted = wanted;
    const moving = this.#relocate(this.#moving).finally(() => {
      if (this.#moving === moving) this.#moving = undefined;
    });
    this.#moving = moving;
  }

  async flush(): Promise<void> {
    await this.#moving;
    const paths = this.#hasFlushed ? [...this.#dirty] : await this.#allPaths();
    this.#hasFlushed = true;
    this.#dirty.clear();
    if (paths.length >= MANY_FILES && (await syncFileSystem(this.#folders.pathOf([])))) return;
    const next = paths.values();
    const lane = async (): Promise<void> => {
      for (const path of next) await this.#open.use({ path, write: false, executable: false }, syncData);
    };
    await Promise.all(Array.from({ length: PARALLEL_SYNCS }, lane));
  }

  async close(): Promise<void> {
    await this.#moving;
    await this.#open.close(this.#places.map((place) => this.#folders.pathOf(place.elements)));
    // Only goes when it is empty; absent is as good.
    await rmdir(this.#folders.pathOf([this.#partsFolder])).catch(() => undefined);
  }

  async #readRange(range: FileRange, targets: readonly Uint8Array[]): Promise<void> {
    const { elements } = this.#place(range.file);
    const path = this.#folders.pathOf(elements);
    if (!(await this.#folders.exist(elements))) throw new SystemError('DISK_MISSING', `${path} is not there`);
    await this.#open.use({ path, write: false, executable: false }, (fd) =>
      readFully(fd, targets, range.offset),
    );
  }

  /** Opens the ranges one after the other, each for the time of all that follow. */
  async #lendFrom<T>(
    { ranges, next, at, targets }: Lending,
    action: (targets: readonly WriteTarget[]) => Promise<T>,
  ): Promise<T> {
    const range = ranges[next];
    if (range === undefined) return action(targets);
    const rest = { ranges, next: next + 1, at: at + range.length };
    if (range.pad) return this.#lendFrom({ ...rest, targets }, action);
    const { file, elements } = this.#place(range.file);
    const path = this.#folders.pathOf(elements);
    await this.#folders.make(elements);
    const result = await this.#open.lend({ path, write: true, executable: file.executable }, (descriptor) => {
      const target = { descriptor, position: range.offset, from: at, to: at + range.length };
      return this.#lendFrom({ ...rest, targets: [...targets, target] }, action);
    });
    this.#dirty.add(path);
    return result;
  }

  async #writeRange(range: FileRange, data: Uint8Array): Promise<void> {
    const { file, elements } = this.#place(range.file);
    const path = this.#folders.pathOf(elements);
    await this.#folders.make(elements);
    await this.#open.use({ path, write: true, executable: file.executable }, (fd) =>
      writeFully(fd, data, range.offset),
    );
    this.#dirty.add(path);
  }

  async #allPaths(): Promise<string[]> {
    const elements = this.#places.filter(({ file }) => !file.pad).map((place) => place.elements);
    const stored = await statFiles(this.#folders, elements);
    return elements.filter((_, i) => stored[i] !== undefined).map((each) => this.#folders.pathOf(each));
  }

  /** Moves a part into place, unless something is there. */
  async #promote(path: readonly string[], parts: readonly string[]): Promise<void> {
    const [there] = await statFiles(this.#folders, [path]);
    if (there !== undefined) return;
    const from = this.#folders.pathOf(parts);
    const to = this.#folders.pathOf(path);
    await this.#open.close([from]);
    await this.#folders.make(path);
    await rename(from, to).catch((error: unknown) => {
      throw toSystemError(error, DISK_CODES, to);
    });
    if (this.#dirty.delete(from)) this.#dirty.add(to);
  }

  /** A file that cannot be moved shows when it is used. */
  async #relocate(before: Promise<void> | undefined): Promise<void> {
    await before;
    await this.locate().catch(() => undefined);
  }

  /** Padding and empty files have no parts. */
  #isKeptNowhere(index: number): boolean {
    const { file } = this.#place(index);
    return file.pad || file.length === 0;
  }

  #partsOf(index: number): readonly string[] {
    return [this.#partsFolder, String(index)];
  }

  #place(index: number): Place {
    const place = this.#places[index];
    invariant(place !== undefined, 'a range names a file of the torrent');
    return place;
  }
}
