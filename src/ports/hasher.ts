// Hashing: small things at once on the caller's thread, pieces in bulk on every core.

export type { Digests } from '../core/digests.ts';

/** A run of bytes to hash: of a file the adapter can open, or zeros where `path` is undefined (padding). */
export interface HashPart {
  readonly path: string | undefined;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly length: number;
}

export interface HashJob {
  /** Bytes in memory (best backed by a SharedArrayBuffer: then nothing is copied), or parts of files in order. */
  readonly source:
    | { readonly kind: 'memory'; readonly data: Uint8Array }
    | { readonly kind: 'files'; readonly parts: readonly HashPart[] };
  /** Hash the whole run with SHA-1 (v1 piece hash). */
  readonly sha1: boolean;
  /**
   * Compute the BEP 52 merkle root over 16 KiB leaves of the run, padded with zero hashes to this many leaves
   * (a power of two). `merkleLength` bytes of the run are data; the rest of it (hybrid padding) is left out.
   */
  readonly merkle: { readonly leaves: number; readonly length: number } | undefined;
  /** What is to happen to data in memory that turns out right. */
  readonly store?: StoreOrder | undefined;
}

/** Digests of a run; those that are there count. */
export interface HashDigests {
  readonly sha1: Uint8Array | undefined;
  readonly merkleRoot: Uint8Array | undefined;
}

/** Writing on the thread that hashed: the data is in its cache, and nobody else need be woken. */
export interface StoreOrder {
  readonly expected: HashDigests;
  /** As Storage.lend gave them. */
  readonly targets: readonly WriteTarget[];
}

/** Bytes [from, to) of the data go to `position` of an open file. The descriptor is one of the storage's host. */
export interface WriteTarget {
  readonly descriptor: number;
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

export interface HashResult extends HashDigests {
  /** True if a store order was carried out whole. False and absent: it is still to be written. */
  readonly stored?: boolean | undefined;
}

/**
 * Hashes pieces off the main thread. Guarantees: results come in any order, each job exactly once;
 * a read error rejects that job alone with a SystemError; `close` rejects what is pending.
 */
export interface Hasher {
  /** How many jobs may usefully run at once. */
  readonly parallelism: number;
  hash(job: HashJob): Promise<HashResult>;
  close(): Promise<void>;
}
