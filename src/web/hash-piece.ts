// Hashes one piece in the worker: by WebCrypto, which brings its own threads, where the page is secure, else in
// JavaScript.
import { equalBytes } from '../core/bytes/bytes.ts';
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { HASH_LENGTH, merkleRoot } from '../core/metainfo/merkle.ts';
import type { HashDigests, HashJob } from '../ports/hasher.ts';
import { webDigests } from './digests.ts';
import { hashNow } from './hash-job.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export async function hashPiece(
  data: Bytes,
  { sha1, merkle }: Pick<HashJob, 'sha1' | 'merkle'>,
): Promise<HashDigests> {
  if (!self.isSecureContext) return hashNow(data, { sha1, merkle });
  const whole = sha1 ? digest('SHA-1', data) : undefined;
  const root = merkle === undefined ? undefined : rootOf(data, merkle);
  return { sha1: await whole, merkleRoot: await root };
}

/** Whether the digests are those expected, so far as any are. */
export function isRight(expected: HashDigests, { sha1, merkleRoot: root }: HashDigests): boolean {
  return isSame(expected.sha1, sha1) && isSame(expected.merkleRoot, root);
}

async function rootOf(data: Bytes, merkle: NonNullable<HashJob['merkle']>): Promise<Uint8Array> {
  const count = Math.ceil(merkle.length / BLOCK_LENGTH);
  const hashes = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      digest('SHA-256', data.subarray(i * BLOCK_LENGTH, Math.min(merkle.length, (i + 1) * BLOCK_LENGTH))),
    ),
  );
  const leaves = new Uint8Array(count * HASH_LENGTH);
  for (const [i, hash] of hashes.entries()) leaves.set(hash, i * HASH_LENGTH);
  return merkleRoot(leaves, merkle.leaves, (bytes) => webDigests.sha256(bytes));
}

async function digest(name: 'SHA-1' | 'SHA-256', data: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(name, data));
}

function isSame(expected: Uint8Array | undefined, found: Uint8Array | undefined): boolean {
  return expected === undefined || (found !== undefined && equalBytes(expected, found));
}
