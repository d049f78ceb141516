import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { merkleRoot } from '../core/metainfo/merkle.ts';
import type { Hasher, HashJob } from '../ports/hasher.ts';
import { nodeDigests } from './digests.ts';
import { createHashPool } from './hash-pool.ts';

const LEAF = 16384;

let folder = '';
let hasher: Hasher;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-hash-'));
  hasher = createHashPool({ workers: 2 });
});

afterEach(async () => {
  await hasher.close();
  await rm(folder, { recursive: true });
});

function content(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, k) => (k * 31 + (k >>> 8) + seed) & 255);
}

function sha1(...chunks: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1');
  for (const chunk of chunks) hash.update(chunk);
  return new Uint8Array(hash.digest());
}

function rootOf(data: Uint8Array, leaves: number): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += LEAF)
    hashes.push(nodeDigests.sha256(data.subarray(at, at + LEAF)));
  return merkleRoot(new Uint8Array(Buffer.concat(hashes)), leaves, nodeDigests.sha256);
}

function memoryJob(data: Uint8Array, leaves?: number): HashJob {
  return {
    source: { kind: 'memory', data },
    sha1: true,
    merkle: leaves === undefined ? undefined : { leaves, length: data.length },
  };
}

describe('createHashPool', () => {
  test.each([1, 16383, 16384, 16385, 524288, 524289, 1_300_000])(
    'hashes %i bytes of memory',
    async (length) => {
      const data = content(length);
      const leaves = 2 ** Math.ceil(Math.log2(Math.ceil(length / LEAF)));
      const result = await hasher.hash(memoryJob(data, leaves));
      expect(result.sha1).toEqual(sha1(data));
      expect(result.merkleRoot).toEqual(rootOf(data, leaves));
    },
  );

  test('memory may be shared, and stays with the caller if not', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100));
    shared.set(content(100));
    expect((await hasher.hash(memoryJob(shared))).sha1).toEqual(sha1(content(100)));
    const own = content(200);
    const view = own.subarray(50, 150);
    expect((await hasher.hash(memoryJob(view))).sha1).toEqual(sha1(content(200).subarray(50, 150)));
    expect(own).toEqual(content(200));
  });

  test('hashes parts of files and zeros as one run, leaves across borders included', async () => {
    const [a, b] = [content(700_000, 1), content(300_000, 2)];
    await writeFile(join(folder, 'a'), a);
    await writeFile(join(folder, 'b'), b);
    const run = new Uint8Array(
      Buffer.concat([a.subarray(5), b.subarray(0, 200_001), new Uint8Array(123_456)]),
    );
    const { sha1: digest, merkleRoot: root } = await hasher.hash({
      source: {
        kind: 'files',
        parts: [
          { path: join(folder, 'a'), offset: 5, length: 699_995 },
          { path: join(folder, 'b'), offset: 0, length: 200_001 },
          { path: undefined, offset: 0, length: 123_456 },
        ],
      },
      sha1: true,
      merkle: { leaves: 64, length: 899_996 },
    });
    expect(digest).toEqual(sha1(run));
    expect(root).toEqual(rootOf(run.subarray(0, 899_996), 64));
  });

  test('answers many small jobs, each with its own result', async () => {
    const jobs = Array.from({ length: 3000 }, (_, i) => content(100, i));
    const results = await Promise.all(jobs.map((data) => hasher.hash(memoryJob(data))));
    expect(results.map((result) => result.sha1)).toEqual(jobs.map((data) => sha1(data)));
  });

  test('what was not asked for is not there', async () => {
    const data = content(10);
    expect((await hasher.hash(memoryJob(data))).merkleRoot).toBeUndefined();
    const v2 = await hasher.hash({ ...memoryJob(data, 1), sha1: false });
    expect(v2).toEqual({ sha1: undefined, merkleRoot: rootOf(data, 1), stored: false });
  });

  test('what hashes right is stored where it was ordered to, what does not is not', async () => {
    const path = join(folder, 'stored');
    const file = await open(path, 'w+');
    const data = content(300_000);
    const order = (expected: Uint8Array, descriptor = file.fd): HashJob => ({
      ...memoryJob(data),
      store: {
        expected: { sha1: expected, merkleRoot: undefined },
        targets: [
          { descriptor, position: 0, from: 0, to: 1000 },
          { descriptor, position: 5000, from: 1000, to: 300_000 },
        ],
      },
    });
    expect((await hasher.hash(order(sha1(content(10))))).stored).toBe(false);
    expect((await file.stat()).size).toBe(0);
    expect((await hasher.hash(order(sha1(data)))).stored).toBe(true);
    expect(new Uint8Array(await readFile(path))).toEqual(
      new Uint8Array(Buffer.concat([data.subarray(0, 1000), new Uint8Array(4000), data.subarray(1000)])),
    );
    await file.close();
    expect((await hasher.hash(order(sha1(data), 1_000_000))).stored).toBe(false);
  });

  test('a read error rejects its own job alone', async () => {
    await writeFile(join(folder, 'a'), content(10));
    const job = (path: string, length: number): HashJob => ({
      source: { kind: 'files', parts: [{ path: join(folder, path), offset: 0, length }] },
      sha1: true,
      merkle: undefined,
    });
    const results = await Promise.allSettled([
      hasher.hash(job('missing', 10)),
      hasher.hash(job('a', 10)),
      hasher.hash(job('a', 11)),
      hasher.hash(job('.', 10)),
    ]);
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'FILE_NOT_FOUND', name: 'SystemError' } },
      { status: 'fulfilled', value: { sha1: sha1(content(10)) } },
      { status: 'rejected', reason: { code: 'DISK_SHORT_READ' } },
      { status: 'rejected', reason: { code: 'FILE_IS_FOLDER' } },
    ]);
  });

  test('sees a file that was replaced between two jobs', async () => {
    const path = join(folder, 'a');
    const job: HashJob = {
      source: { kind: 'files', parts: [{ path, offset: 0, length: 10 }] },
      sha1: true,
      merkle: undefined,
    };
    await writeFile(path, content(10, 1));
    await hasher.hash(job);
    await writeFile(join(folder, 'new'), content(10, 2));
    await rename(join(folder, 'new'), path);
    expect((await hasher.hash(job)).sha1).toEqual(sha1(content(10, 2)));
  });

  test('close rejects what is pending and what comes later', async () => {
    const pending = Array.from({ length: 50 }, () => hasher.hash(memoryJob(content(200_000))));
    const settled = Promise.allSettled(pending);
    await hasher.close();
    const rejected = (await settled).filter((result) => result.status === 'rejected');
    expect(rejected.length).toBeGreaterThan(0);
    for (const { reason } of rejected) expect(reason).toMatchObject({ code: 'HASHER_CLOSED' });
    await expect(hasher.hash(memoryJob(content(1)))).rejects.toMatchObject({ code: 'HASHER_CLOSED' });
  });
});
