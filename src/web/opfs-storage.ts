// Content in the origin's private file system, through a worker: survives a reload, needs no memory, and gives the
// finished files as disk-backed `File`s. Needs a secure context; openable by one tab at a time.
import { invariant } from '../core/invariant.ts';
import type { FileRange } from '../core/metainfo/geometry.ts';
import type { Storage, StorageFile, StoredFile } from '../ports/storage.ts';
import type { WriteTarget } from '../ports/hasher.ts';
import type { ContentThread } from './content-thread.ts';
import { STORAGE_ROOT, type StoredRange } from './worker-messages.ts';

/** True where the browser can keep files for this page. */
export function hasOpfs(): boolean {
  return window.isSecureContext && 'storage' in navigator && 'getDirectory' in navigator.storage;
}

/** Opens the storage of one torrent: the one that the thread works on. Rejects with SystemError STORAGE_*, DISK_*. */
export async function openOpfsStorage(
  folder: string,
  files: readonly StorageFile[],
  thread: ContentThread,
): Promise<OpfsStorage> {
  await thread.call({ op: 'open', folder, fileCount: files.length });
  return new OpfsStorage({ folder, files, thread });
}

interface OpenedFolder {
  readonly folder: string;
  readonly files: readonly StorageFile[];
  readonly thread: ContentThread;
}

export class OpfsStorage implements Storage {
  readonly #opened: OpenedFolder;
  #wanted: readonly boolean[];

  constructor(opened: OpenedFolder) {
    this.#opened = opened;
    this.#wanted = opened.files.map(({ wanted }) => wanted);
  }

  /** Nobody but us can change these files: their length says all. */
  async stat(): Promise<readonly (StoredFile | undefined)[]> {
    const { files, thread } = this.#opened;
    const { sizes = [] } = await thread.call({ op: 'stat' });
    return files.map((_, i) => {
      const length = sizes[i] ?? -1;
      return length < 0 ? undefined : { length, modifiedMs: 0 };
    });
  }

  /** Whatever the preallocation: the wanted files get their length, and the browser counts it against our share. */
  async prepare(): Promise<void> {
    const files = this.#opened.files.flatMap(({ length, pad }, file) =>
      pad || this.#wanted[file] !== true ? [] : [{ file, offset: 0, length }],
    );
    await this.#opened.thread.call({ op: 'prepare', files });
  }

  async read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void> {
    const { thread } = this.#opened;
    const wanted = stored(ranges);
    const payload = thread.lease(lengthOf(wanted));
    const { data } =
      wanted.length === 0
        ? { data: payload }
        : await thread.call({ op: 'read', ranges: wanted, data: payload });
    invariant(data !== undefined, 'the worker sends the buffer back');
    scatter(ranges, data, targets);
    thread.release(data);
  }

  async write(ranges: readonly FileRange[], data: Uint8Array): Promise<void> {
    const wanted = stored(ranges);
    if (wanted.length === 0) return;
    const { thread } = this.#opened;
    const payload = thread.lease(lengthOf(wanted));
    gather(ranges, data, payload);
    await thread.send({ op: 'write', ranges: wanted, data: payload });
  }

  /** The worker that hashes is the one that writes: descriptors are its files. */
  lend<T>(
    ranges: readonly FileRange[],
    action: (targets: readonly WriteTarget[]) => Promise<T>,
  ): Promise<T | undefined> {
    let from = 0;
    const targets = ranges.flatMap(({ file, offset, length, pad }): WriteTarget[] => {
      const to = from + length;
      const target = { descriptor: file, position: offset, from, to };
      from = to;
      return pad ? [] : [target];
    });
    return action(targets);
  }

  pathOf(): undefined {
    return undefined;
  }

  setWanted(wanted: readonly boolean[]): void {
    this.#wanted = wanted;
  }

  async flush(): Promise<void> {
    await this.#opened.thread.call({ op: 'flush' });
  }

  /** The storage stays usable: the next read or write opens the files again. */
  async close(): Promise<void> {
    await this.#opened.thread.call({ op: 'close' });
  }

  /** A finished file, backed by the disk. */
  async file(index: number): Promise<File> {
    const folder = await (await openHome()).getDirectoryHandle(this.#opened.folder);
    return (await folder.getFileHandle(String(index), { create: true })).getFile();
  }

  /** Deletes all files; close() comes before. */
  async remove(): Promise<void> {
    await (await openHome()).removeEntry(this.#opened.folder, { recursive: true });
  }
}

async function openHome(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(STORAGE_ROOT, { create: true });
}

function stored(ranges: readonly FileRange[]): StoredRange[] {
  return ranges.flatMap(({ file, offset, length, pad }) => (pad ? [] : [{ file, offset, length }]));
}

/** Puts the bytes of the ranges that are stored one behind the other. */
function gather(ranges: readonly FileRange[], data: Uint8Array, payload: Uint8Array): void {
  let from = 0;
  let to = 0;
  for (const range of ranges) {
    if (!range.pad) {
      payload.set(data.subarray(from, from + range.length), to);
      to += range.length;
    }
    from += range.length;
  }
}

/** Spreads stored bytes and the zeros of padding over the targets. */
function scatter(ranges: readonly FileRange[], data: Uint8Array, targets: readonly Uint8Array[]): void {
  const rest = targets.values();
  let target: Uint8Array = new Uint8Array(0);
  let from = 0;
  for (const range of ranges) {
    for (let left = range.length; left > 0;) {
      if (target.length === 0) {
        const next = rest.next().value;
        invariant(next !== undefined, 'targets are as long as the ranges');
        target = next;
      }
      const part = target.subarray(0, left);
      if (range.pad) part.fill(0);
      else part.set(data.subarray(from, from + part.length));
      if (!range.pad) from += part.length;
      left -= part.length;
      target = target.subarray(part.length);
    }
  }
}

function lengthOf(ranges: readonly StoredRange[]): number {
  return ranges.reduce((sum, range) => sum + range.length, 0);
}
