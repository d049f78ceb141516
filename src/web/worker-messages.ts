// What the page and its worker say to each other. Every request gets one answer with its number. Buffers travel with
// the messages and come back with the answers, to be used again.
import type { HashDigests, HashJob, StoreOrder } from '../ports/hasher.ts';

/** All torrents' folders live under this one of the origin's private file system. */
export const STORAGE_ROOT = 'swarmpress';

/** A run of bytes of one file; padding never reaches the worker. */
export interface StoredRange {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** A piece to hash, and to write where it turns out right; descriptors are files of the open folder. */
export interface HashRequest {
  readonly op: 'hash';
  readonly data: Uint8Array<ArrayBuffer>;
  readonly job: Pick<HashJob, 'sha1' | 'merkle'>;
  readonly store: StoreOrder | undefined;
}

export type StorageRequest =
  | { readonly op: 'open'; readonly folder: string; readonly fileCount: number }
  /** Tells the files' sizes, -1 for those that do not exist. */
  | { readonly op: 'stat' }
  /** Gives files their full length: then it is known at once whether there is room for them. */
  | { readonly op: 'prepare'; readonly files: readonly StoredRange[] }
  /** Fills the buffer, which is as long as the ranges. */
  | { readonly op: 'read'; readonly ranges: readonly StoredRange[]; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly op: 'write'; readonly ranges: readonly StoredRange[]; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly op: 'flush' }
  /** Lets go of all files, so that they can be read as `File`s and opened by another tab. */
  | { readonly op: 'close' };

export type WorkerRequest = HashRequest | StorageRequest;

export interface NumberedRequest {
  readonly id: number;
  readonly request: WorkerRequest;
}

/** What an answer tells, by the kind of request. */
export interface WorkerResult {
  readonly sizes?: readonly number[];
  readonly digests?: HashDigests;
  readonly stored?: boolean;
  readonly data?: Uint8Array<ArrayBuffer>;
}

export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly result: WorkerResult }
  | { readonly id: number; readonly ok: false; readonly name: string; readonly message: string };
