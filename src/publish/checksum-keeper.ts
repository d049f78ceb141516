// SHA-256 of the published files: those known from an earlier start, the rest computed in the background and kept.
import type { Log } from '../ports/log.ts';
import type { StateStore } from '../ports/storage.ts';
import { digestFiles, type DigestThread } from './file-digests.ts';
import { saveRecord, type PublicationRecord } from './publication-state.ts';
import { pathInside, type Publication, type PublishedFile } from './publication.ts';

export interface ChecksumMemory {
  readonly store: StateStore;
  readonly key: string;
  readonly record: PublicationRecord;
  readonly log: Log;
  /** Shared by all publications of a process. */
  readonly thread: () => DigestThread;
}

export class ChecksumKeeper {
  readonly #known = new Map<number, string>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  /** Starts to compute what is missing. */
  constructor(publication: Publication, memory: ChecksumMemory) {
    const recorded = new Map(memory.record.files.map((file) => [file.path, file.sha256]));
    const missing: PublishedFile[] = [];
    for (const file of publication.files) {
      const sha256 = recorded.get(pathInside(file, publication.metainfo).join('/'));
      if (sha256 === undefined) missing.push(file);
      else this.#known.set(file.index, sha256);
    }
    this.#done = missing.length === 0 ? Promise.resolve() : this.#attempt(missing, publication, memory);
  }

  /** Lower-case hex of a file by its index in the metainfo; undefined until it is known. */
  of(file: number): string | undefined {
    return this.#known.get(file);
  }

  /** Ends the work; what was computed is kept for the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** Checksums are an extra: without them the publication goes on. */
  async #attempt(
    missing: readonly PublishedFile[],
    publication: Publication,
    memory: ChecksumMemory,
  ): Promise<void> {
    try {
      await this.#compute(missing, publication, memory);
    } catch (error) {
      memory.log.warn('checksums failed', { error: String(error) });
    }
  }

  async #compute(
    missing: readonly PublishedFile[],
    publication: Publication,
    { store, key, record, thread }: ChecksumMemory,
  ): Promise<void> {
    const { signal } = this.#stop;
    const keep = (file: PublishedFile, sha256: string): void => {
      this.#known.set(file.index, sha256);
    };
    await digestFiles(missing, keep, { signal, thread: thread() });
    const byPath = new Map(
      publication.files.map((file) => [
        pathInside(file, publication.metainfo).join('/'),
        this.#known.get(file.index),
      ]),
    );
    const files = record.files.map((file) => ({ ...file, sha256: byPath.get(file.path) }));
    await saveRecord(store, key, { ...record, files });
  }
}
