// What passes between the hash pool and its workers: batches of jobs one way, digests packed into one array the other.
import type { HashJob, HashResult } from '../ports/hasher.ts';

export interface BatchRequest {
  readonly id: number;
  readonly jobs: readonly HashJob[];
}

export interface BatchFailure {
  /** Index in the batch. */
  readonly at: number;
  /** Of a SystemError. */
  readonly code: string;
  readonly message: string;
}

export interface BatchReply {
  readonly id: number;
  /** 53 bytes a job: SHA-1 and merkle root, zeros where not asked for or failed; 1 if it was stored. */
  readonly digests: Uint8Array<ArrayBuffer>;
  readonly failures: readonly BatchFailure[];
}

const SHA1_LENGTH = 20;
const STORED_AT = 52;
const ENTRY_LENGTH = 53;

export function packDigests(results: readonly (HashResult | undefined)[]): Uint8Array<ArrayBuffer> {
  const digests = new Uint8Array(results.length * ENTRY_LENGTH);
  for (const [at, result] of results.entries()) {
    if (result?.sha1 !== undefined) digests.set(result.sha1, at * ENTRY_LENGTH);
    if (result?.merkleRoot !== undefined) digests.set(result.merkleRoot, at * ENTRY_LENGTH + SHA1_LENGTH);
    if (result?.stored === true) digests[at * ENTRY_LENGTH + STORED_AT] = 1;
  }
  return digests;
}

/** The result of the job at an index of the batch. */
export function unpackDigests(digests: Uint8Array, at: number, job: HashJob): HashResult {
  const entry = digests.slice(at * ENTRY_LENGTH, (at + 1) * ENTRY_LENGTH);
  return {
    sha1: job.sha1 ? entry.subarray(0, SHA1_LENGTH) : undefined,
    merkleRoot: job.merkle === undefined ? undefined : entry.subarray(SHA1_LENGTH, STORED_AT),
    stored: entry[STORED_AT] === 1,
  };
}

/** Bytes that a job hashes. */
export function jobLength(job: HashJob): number {
  if (job.source.kind === 'memory') return job.source.data.length;
  return job.source.parts.reduce((sum, part) => sum + part.length, 0);
}
