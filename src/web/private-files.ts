// The files of one torrent in the origin's private file system, in the worker: only there they can be written in place.
import { STORAGE_ROOT, type StorageRequest, type StoredRange, type WorkerResult } from './worker-messages.ts';

/** A page that is reloaded meets its former self, which lets go of the files within a moment. */
const OPEN_ATTEMPTS = 20;
const OPEN_PAUSE_MS = 150;

/** Bytes [from, to) of a buffer and where in a file they belong. */
export interface Placement {
  readonly file: number;
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

export class PrivateFiles {
  readonly #handles = new Map<number, Promise<FileSystemSyncAccessHandle>>();
  #folder: FileSystemDirectoryHandle | undefined;
  #sizes: number[] = [];

  /** Rejects with DOMException, and with RangeError where a file is short. */
  async perform(request: StorageRequest): Promise<WorkerResult> {
    switch (request.op) {
      case 'open':
        await this.#open(request.folder, request.fileCount);
        return {};
      case 'stat':
        return { sizes: this.#sizes };
      case 'prepare':
        await this.#prepare(request.files);
        return {};
      case 'read':
        await this.#read(request.ranges, request.data);
        return { data: request.data };
      case 'write':
        await this.write(placed(request.ranges), request.data);
        return { data: request.data };
      case 'flush':
        for (const handle of await Promise.all(this.#handles.values())) handle.flush();
        return {};
      case 'close':
        await this.#close();
        return {};
    }
  }

  async write(placements: readonly Placement[], data: Uint8Array): Promise<void> {
    for (const { file, position, from, to } of placements) {
      const handle = await this.#accessTo(file);
      handle.write(data.subarray(from, to), { at: position });
      this.#sizes[file] = Math.max(this.#sizes[file] ?? 0, position + to - from);
    }
  }

  async #open(name: string, fileCount: number): Promise<void> {
    await this.#close();
    const root = await navigator.storage.getDirectory();
    const home = await root.getDirectoryHandle(STORAGE_ROOT, { create: true });
    const folder = await home.getDirectoryHandle(name, { create: true });
    this.#folder = folder;
    this.#sizes = [];
    for (let file = 0; file < fileCount; file++) this.#sizes.push(await sizeOf(folder, file));
  }

  async #prepare(files: readonly StoredRange[]): Promise<void> {
    for (const { file, length } of files) {
      if (this.#sizes[file] === length) continue;
      (await this.#accessTo(file)).truncate(length);
      this.#sizes[file] = length;
    }
  }

  async #read(ranges: readonly StoredRange[], data: Uint8Array): Promise<void> {
    for (const { file, position, from, to } of placed(ranges)) {
      const handle = await this.#accessTo(file);
      const got = handle.read(data.subarray(from, to), { at: position });
      if (got !== to - from) throw new RangeError(`file ${String(file)} is short`);
    }
  }

  #accessTo(file: number): Promise<FileSystemSyncAccessHandle> {
    const known = this.#handles.get(file);
    if (known !== undefined) return known;
    const opened = this.#openAccess(file);
    this.#handles.set(file, opened);
    opened.catch(() => this.#handles.delete(file));
    return opened;
  }

  async #openAccess(file: number): Promise<FileSystemSyncAccessHandle> {
    if (this.#folder === undefined) throw new Error('the storage is not open');
    const handle = await this.#folder.getFileHandle(String(file), { create: true });
    for (let attempt = 1; ; attempt++) {
      try {
        return await handle.createSyncAccessHandle();
      } catch (error) {
        const isTaken = error instanceof DOMException && error.name === 'NoModificationAllowedError';
        if (!isTaken || attempt === OPEN_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, OPEN_PAUSE_MS));
      }
    }
  }

  async #close(): Promise<void> {
    const open = await Promise.allSettled(this.#handles.values());
    this.#handles.clear();
    for (const result of open) if (result.status === 'fulfilled') result.value.close();
  }
}

/** Ranges one behind the other in a buffer. */
function placed(ranges: readonly StoredRange[]): Placement[] {
  let from = 0;
  return ranges.map(({ file, offset, length }) => {
    const to = from + length;
    const placement = { file, position: offset, from, to };
    from = to;
    return placement;
  });
}

async function sizeOf(home: FileSystemDirectoryHandle, file: number): Promise<number> {
  try {
    const handle = await home.getFileHandle(String(file));
    return (await handle.getFile()).size;
  } catch {
    return -1;
  }
}
