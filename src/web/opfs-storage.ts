// Content in the origin's private file system, through a worker: survives a reload, needs no memory, and gives the
// finished files as disk-backed `File`s. Needs a secure context; openable by one tab at a time.
import type { FileRange } from '../core/metainfo/geometry.ts';
import { SystemError } from '../core/errors.ts';
import type { Storage, StorageFile, StoredFile } from '../ports/storage.ts';
import {
  STORAGE_ROOT,
  type NumberedRequest,
  type StorageAnswer,
  type StorageRequest,
  type StoredRange,
} from './storage-messages.ts';

type Success = Extract<StorageAnswer, { ok: true }>;

/** What the browser calls an error, and what we call it. */
const CODES: Readonly<Record<string, string>> = {
  QuotaExceededError: 'DISK_FULL',
  NoModificationAllowedError: 'STORAGE_BUSY',
  RangeError: 'DISK_SHORT_READ',
};

/** True where the browser can keep files for this page. */
export function hasOpfs(): boolean {
  return window.isSecureContext && 'storage' in navigator && 'getDirectory' in navigator.storage;
}

/** Opens the storage of one torrent; `worker` runs storage-worker. Rejects with SystemError STORAGE_*. */
export async function openOpfsStorage(
  folder: string,
  files: readonly StorageFile[],
  worker: Worker,
): Promise<OpfsStorage> {
  const calls = new WorkerCalls(worker);
  await calls.call({ op: 'open', folder, fileCount: files.length });
  return new OpfsStorage({ folder, files, calls });
}

interface OpenedFolder {
  readonly folder: string;
  readonly files: readonly StorageFile[];
  readonly calls: WorkerCalls;
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
    const { files, calls } = this.#opened;
    const { sizes = [] } = await calls.call({ op: 'stat' });
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
    await this.#opened.calls.call({ op: 'prepare', files });
  }

  async read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void> {
    const wanted = stored(ranges);
    const answer =
      wanted.length === 0 ? undefined : await this.#opened.calls.call({ op: 'read', ranges: wanted });
    scatter(ranges, answer?.data ?? new Uint8Array(0), targets);
  }

  async write(ranges: readonly FileRange[], data: Uint8Array): Promise<void> {
    const wanted = stored(ranges);
    if (wanted.length === 0) return;
    const payload = gather(ranges, data);
    await this.#opened.calls.call({ op: 'write', ranges: wanted, data: payload }, [payload.buffer]);
  }

  pathOf(): undefined {
    return undefined;
  }

  setWanted(wanted: readonly boolean[]): void {
    this.#wanted = wanted;
  }

  async flush(): Promise<void> {
    await this.#opened.calls.call({ op: 'flush' });
  }

  /** The storage stays usable: the next read or write opens the files again. */
  async close(): Promise<void> {
    await this.#opened.calls.call({ op: 'close' });
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

/** Matches the worker's answers to requests. */
class WorkerCalls {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: Success) => void; reject: (error: Error) => void }
  >();
  #next = 1;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<StorageAnswer>) => {
      const answer = event.data;
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.ok) waiting?.resolve(answer);
      else waiting?.reject(new SystemError(CODES[answer.name] ?? 'DISK_FAILED', answer.message));
    });
    worker.addEventListener('error', (event) => {
      const error = new SystemError('STORAGE_WORKER_FAILED', event.message);
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    });
  }

  call(request: StorageRequest, transfer: Transferable[] = []): Promise<Success> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const message: NumberedRequest = { id, request };
      this.#worker.postMessage(message, transfer);
    });
  }
}

function stored(ranges: readonly FileRange[]): StoredRange[] {
  return ranges.flatMap(({ file, offset, length, pad }) => (pad ? [] : [{ file, offset, length }]));
}

/** The bytes of the ranges that are stored, in a buffer of their own that can be handed to the worker. */
function gather(ranges: readonly FileRange[], data: Uint8Array): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(ranges.reduce((sum, range) => sum + (range.pad ? 0 : range.length), 0));
  let from = 0;
  let to = 0;
  for (const range of ranges) {
    if (!range.pad) {
      payload.set(data.subarray(from, from + range.length), to);
      to += range.length;
    }
    from += range.length;
  }
  return payload;
}

/** Spreads stored bytes and the zeros of padding over the targets. */
function scatter(ranges: readonly FileRange[], data: Uint8Array, targets: readonly Uint8Array[]): void {
  const whole = new Uint8Array(ranges.reduce((sum, range) => sum + range.length, 0));
  let from = 0;
  let to = 0;
  for (const range of ranges) {
    if (!range.pad) {
      whole.set(data.subarray(from, from + range.length), to);
      from += range.length;
    }
    to += range.length;
  }
  let at = 0;
  for (const target of targets) {
    target.set(whole.subarray(at, at + target.length));
    at += target.length;
  }
}
