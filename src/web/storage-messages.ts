// What the page and the storage worker say to each other. Every request gets one answer with its number.

/** All torrents' folders live under this one of the origin's private file system. */
export const STORAGE_ROOT = 'swarmpress';

/** A run of bytes of one file; padding never reaches the worker. */
export interface StoredRange {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

export type StorageRequest =
  | { readonly op: 'open'; readonly folder: string; readonly fileCount: number }
  /** Tells the files' sizes, -1 for those that do not exist. */
  | { readonly op: 'stat' }
  /** Gives files their full length: then it is known at once whether there is room for them. */
  | { readonly op: 'prepare'; readonly files: readonly StoredRange[] }
  | { readonly op: 'read'; readonly ranges: readonly StoredRange[] }
  | { readonly op: 'write'; readonly ranges: readonly StoredRange[]; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly op: 'flush' }
  /** Lets go of all files, so that they can be read as `File`s and opened by another tab. */
  | { readonly op: 'close' };

export interface NumberedRequest {
  readonly id: number;
  readonly request: StorageRequest;
}

export type StorageAnswer =
  | {
      readonly id: number;
      readonly ok: true;
      readonly sizes?: readonly number[];
      readonly data?: Uint8Array<ArrayBuffer>;
    }
  | { readonly id: number; readonly ok: false; readonly name: string; readonly message: string };
