// Writes data that hashed right to files that another thread holds open.
import { writeSync } from 'node:fs';
import { equalBytes } from '../core/bytes/bytes.ts';
import type { HashDigests, HashJob, WriteTarget } from '../ports/hasher.ts';

/**
 * Carries out a job's store order if the digests are those expected. False where there is none, where they are not, and
 * where the system refused: then the caller writes through the storage, which can tell why.
 */
export function store(job: HashJob, digests: HashDigests): boolean {
  if (job.store === undefined || job.source.kind !== 'memory') return false;
  const { expected, targets } = job.store;
  if (!isSame(expected.sha1, digests.sha1) || !isSame(expected.merkleRoot, digests.merkleRoot)) return false;
  try {
    for (const target of targets) writeFully(target, job.source.data);
    return true;
  } catch {
    return false;
  }
}

function writeFully({ descriptor, position, from, to }: WriteTarget, data: Uint8Array): void {
  for (let at = from; at < to;) {
    at += writeSync(descriptor, data, at, to - at, position + at - from);
  }
}

function isSame(expected: Uint8Array | undefined, actual: Uint8Array | undefined): boolean {
  return expected === undefined || (actual !== undefined && equalBytes(expected, actual));
}
