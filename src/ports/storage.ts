// Where content lives. One Storage serves one torrent.
import type { FileRange } from '../core/metainfo/geometry.ts';
import type { WriteTarget } from './hasher.ts';

/** A file to be kept, by its index in `Info.files`. */
export interface StorageFile {
  readonly path: readonly string[];
  readonly length: number;
  readonly pad: boolean;
  readonly executable: boolean;
  readonly symlink: readonly string[] | undefined;
  /** False: not selected; created only if a shared piece needs it. */
  readonly wanted: boolean;
}

export type Preallocation = 'none' | 'sparse' | 'full';

/** What is on disk for a file before any write: undefined when it does not exist. */
export interface StoredFile {
  readonly length: number;
  readonly modifiedMs: number;
}

/**
 * Guarantees: never touches a path outside its root, follows no symlink that leads out of it; a write is whole or
 * rejects with SystemError (DISK_FULL, DISK_READ_ONLY, DISK_FAILED); ranges of padding read as zeros and are not
 * written; concurrent calls on different ranges are allowed.
 */
export interface Storage {
  stat(): Promise<readonly (StoredFile | undefined)[]>;
  /** Makes folders, empty files and symlinks, and preallocates. Call once before the first write. */
  prepare(preallocation: Preallocation): Promise<void>;
  /**
   * Fills the targets, one after the other, from consecutive ranges of the same total length (a scattered read).
   * Rejects with DISK_SHORT_READ where a file is missing or short.
   */
  read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void>;
  write(ranges: readonly FileRange[], data: Uint8Array): Promise<void>;
  /**
   * Opens what a write of these ranges needs for the time of `action`, which may write to the targets from any thread.
   * Resolves with undefined, without a call, where the ranges have to go through `write`.
   */
  lend?<T>(
    ranges: readonly FileRange[],
    action: (targets: readonly WriteTarget[]) => Promise<T>,
  ): Promise<T | undefined>;
  /** Path for the Hasher's file jobs, or undefined where the adapter has none (then data is read through `read`). */
  pathOf(file: number): string | undefined;
  setWanted(wanted: readonly boolean[]): void;
  /** Everything written so far survives a power cut once this resolves. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface StoragePort {
  /** `folder` is the download folder; it is made if it is missing. */
  open(folder: string, files: readonly StorageFile[]): Promise<Storage>;
}

/** Small state that outlives a process, each key replaced atomically: resume data. Keys are lower-case hex. */
export interface StateStore {
  load(key: string): Promise<Uint8Array | undefined>;
  save(key: string, value: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}
