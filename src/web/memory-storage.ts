// Content in the page's memory, for pages without a secure context. Bounded: a torrent over the cap is refused, and
// the visitor is offered the plain download instead.
import type { FileRange } from '../core/metainfo/geometry.ts';
import { SystemError } from '../core/errors.ts';
import type { Storage, StorageFile, StoredFile } from '../ports/storage.ts';

/** Above this a tab risks being ended by the browser. */
const MEMORY_STORAGE_CAP: number = 512 * 1024 * 1024;
/** Memory is taken in chunks as it is written. */
const CHUNK_BYTES = 1024 * 1024;

export class MemoryStorage implements Storage {
  readonly #files: readonly StorageFile[];
  readonly #chunks: Map<number, Uint8Array<ArrayBuffer>>[];

  /** Throws SystemError STORAGE_TOO_LARGE above the cap. */
  constructor(files: readonly StorageFile[]) {
    const total = files.reduce((sum, file) => sum + (file.wanted && !file.pad ? file.length : 0), 0);
    if (total > MEMORY_STORAGE_CAP) {
      throw new SystemError('STORAGE_TOO_LARGE', 'this download is too large for the memory of a page', {
        expected: MEMORY_STORAGE_CAP,
        received: total,
      });
    }
    this.#files = files;
    this.#chunks = files.map(() => new Map<number, Uint8Array<ArrayBuffer>>());
  }

  stat(): Promise<readonly (StoredFile | undefined)[]> {
    return Promise.resolve(this.#files.map(() => undefined));
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void> {
    const whole = new Uint8Array(ranges.reduce((sum, range) => sum + range.length, 0));
    let at = 0;
    for (const range of ranges) {
      if (!range.pad) this.#copy(range, whole.subarray(at, at + range.length), 'read');
      at += range.length;
    }
    let from = 0;
    for (const target of targets) {
      target.set(whole.subarray(from, from + target.length));
      from += target.length;
    }
    return Promise.resolve();
  }

  write(ranges: readonly FileRange[], data: Uint8Array): Promise<void> {
    let at = 0;
    for (const range of ranges) {
      if (!range.pad) this.#copy(range, data.subarray(at, at + range.length), 'write');
      at += range.length;
    }
    return Promise.resolve();
  }

  pathOf(): undefined {
    return undefined;
  }

  setWanted(): void {
    // Memory is taken only by what is written.
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A finished file, made of the chunks without a further copy by us. */
  file(index: number): Promise<Blob> {
    const length = this.#files[index]?.length ?? 0;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let start = 0; start < length; start += CHUNK_BYTES) {
      parts.push(this.#chunk(index, start / CHUNK_BYTES).subarray(0, length - start));
    }
    return Promise.resolve(new Blob(parts));
  }

  remove(): Promise<void> {
    for (const chunks of this.#chunks) chunks.clear();
    return Promise.resolve();
  }

  #copy(range: FileRange, data: Uint8Array, direction: 'read' | 'write'): void {
    let done = 0;
    while (done < range.length) {
      const position = range.offset + done;
      const within = position % CHUNK_BYTES;
      const length = Math.min(range.length - done, CHUNK_BYTES - within);
      const chunk = this.#chunk(range.file, Math.floor(position / CHUNK_BYTES)).subarray(
        within,
        within + length,
      );
      const part = data.subarray(done, done + length);
      if (direction === 'write') chunk.set(part);
      else part.set(chunk);
      done += length;
    }
  }

  #chunk(file: number, index: number): Uint8Array<ArrayBuffer> {
    const chunks = this.#chunks[file];
    const known = chunks?.get(index);
    if (known !== undefined) return known;
    const chunk = new Uint8Array(CHUNK_BYTES);
    chunks?.set(index, chunk);
    return chunk;
  }
}
