// One hash job with synchronous digests: what the worker does where WebCrypto is missing.
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { merkleRoot } from '../core/metainfo/merkle.ts';
import type { HashJob, HashDigests } from '../ports/hasher.ts';
import { webDigests } from './digests.ts';

export function hashNow(data: Uint8Array, job: Pick<HashJob, 'sha1' | 'merkle'>): HashDigests {
  const { merkle } = job;
  if (merkle === undefined) {
    return { sha1: job.sha1 ? webDigests.sha1(data) : undefined, merkleRoot: undefined };
  }
  const count = Math.ceil(merkle.length / BLOCK_LENGTH);
  const leaves = new Uint8Array(count * 32);
  for (let i = 0; i < count; i++) {
    const end = Math.min(merkle.length, (i + 1) * BLOCK_LENGTH);
    leaves.set(webDigests.sha256(data.subarray(i * BLOCK_LENGTH, end)), i * 32);
  }
  return {
    sha1: job.sha1 ? webDigests.sha1(data) : undefined,
    merkleRoot: merkleRoot(leaves, merkle.leaves, (bytes) => webDigests.sha256(bytes)),
  };
}
