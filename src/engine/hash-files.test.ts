import { describe, expect, test } from 'vitest';
import { digests } from '../../test/support/digests.ts';
import { buildTorrent } from '../core/metainfo/build.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { merkleRoot } from '../core/metainfo/merkle.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { planTorrent } from '../core/metainfo/plan.ts';
import { SystemError } from '../core/errors.ts';
import type { MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { Hasher, HashJob, HashResult } from '../ports/hasher.ts';
import { hashContent } from './hash-content.ts';
import { checkPieces, type ContentSource, type HashDeps } from './hash-files.ts';

const PIECE = 32768;
const LENGTHS = [100_000, 16_384, 40_000];

/** Hashes memory on the spot and counts what is under way. */
class LocalHasher implements Hasher {
  readonly parallelism = 1;
  most = 0;
  #pending = 0;

  async hash(job: HashJob): Promise<HashResult> {
    this.most = Math.max(this.most, ++this.#pending);
    await Promise.resolve();
    this.#pending--;
    if (job.source.kind !== 'memory') throw new SystemError('FILE_NOT_FOUND', 'no files here');
    const { data } = job.source;
    return {
      sha1: job.sha1 ? digests.sha1(data) : undefined,
      merkleRoot:
        job.merkle === undefined ? undefined : rootOf(data.subarray(0, job.merkle.length), job.merkle.leaves),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function rootOf(data: Uint8Array, leaves: number): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += 16384) hashes.push(digests.sha256(data.subarray(at, at + 16384)));
  return merkleRoot(new Uint8Array(Buffer.concat(hashes)), leaves, digests.sha256);
}

function content(): Uint8Array[] {
  return LENGTHS.map((length, seed) => Uint8Array.from({ length }, (_, k) => (k * 3 + seed) & 255));
}

/** Content in memory, by index in the plan: no paths, so that everything is read. */
function sourceOf(files: ReadonlyMap<number, Uint8Array>): ContentSource {
  return {
    pathOf: () => undefined,
    read: (ranges, [target]) => {
      let at = 0;
      for (const range of ranges) {
        const file = files.get(range.file);
        if (file === undefined && !range.pad) return Promise.reject(new SystemError('DISK_MISSING', 'gone'));
        if (file !== undefined) target?.set(file.subarray(range.offset, range.offset + range.length), at);
        at += range.length;
      }
      return Promise.resolve();
    },
  };
}

function depsOf(files: ReadonlyMap<number, Uint8Array>, change: Partial<HashDeps> = {}): HashDeps {
  return {
    hasher: new LocalHasher(),
    source: sourceOf(files),
    signal: new AbortController().signal,
    ...change,
  };
}

async function torrent(
  version: MetainfoVersion,
  withLayers = true,
): Promise<{ metainfo: Metainfo; files: Map<number, Uint8Array> }> {
  const data = content();
  const sources = LENGTHS.map((length, i) => ({ path: [String(i)], length }));
  const plan = planTorrent(sources, { version, name: 'n', isSingleFile: false, pieceLength: PIECE });
  const files = new Map<number, Uint8Array>();
  for (const [index, origin] of plan.origins.entries()) {
    const bytes = origin === undefined ? undefined : data[origin];
    if (bytes !== undefined) files.set(index, bytes);
  }
  const hashes = await hashContent(plan, { ...depsOf(files), digests });
  const pieceLayers = withLayers ? hashes.pieceLayers : new Map<string, Uint8Array>();
  return { metainfo: parseTorrent(buildTorrent(plan, { ...hashes, pieceLayers }), digests), files };
}

describe('checkPieces', () => {
  test.each<MetainfoVersion>(['v1', 'v2', 'hybrid'])('finds whole %s content whole', async (version) => {
    const { metainfo, files } = await torrent(version);
    const seen: number[] = [];
    const have = await checkPieces(metainfo, depsOf(files), (piece, isRight) => {
      if (isRight) seen.push(piece);
    });
    expect(have.isFull).toBe(true);
    expect(seen.sort((a, b) => a - b)).toEqual([...have]);
  });

  test.each<MetainfoVersion>(['v1', 'v2', 'hybrid'])(
    'finds the bad pieces of %s content',
    async (version) => {
      const { metainfo, files } = await torrent(version);
      const first = files.get(0);
      if (first !== undefined) first[PIECE + 5] = (first[PIECE + 5] ?? 0) ^ 1;
      const have = await checkPieces(metainfo, depsOf(files));
      expect([have.count, have.has(1)]).toEqual([metainfo.pieceCount - 1, false]);
    },
  );

  test('missing content is no error', async () => {
    const { metainfo, files } = await torrent('v2');
    files.delete(1);
    expect((await checkPieces(metainfo, depsOf(files))).count).toBe(metainfo.pieceCount - 1);
  });

  test('a hybrid without piece layers is judged by its v1 hashes, v2 is not judged right', async () => {
    const hybrid = await torrent('hybrid', false);
    expect((await checkPieces(hybrid.metainfo, depsOf(hybrid.files))).isFull).toBe(true);
    const v2 = await torrent('v2', false);
    // The file of one piece has its root in the info dictionary.
    expect([...(await checkPieces(v2.metainfo, depsOf(v2.files)))]).toEqual([4]);
  });

  test('looks only at the pieces that are wanted', async () => {
    const { metainfo, files } = await torrent('v1');
    const have = await checkPieces(metainfo, depsOf(files, { skips: (piece) => piece !== 2 }));
    expect([...have]).toEqual([2]);
  });

  test('ends with an error that is not about one piece', async () => {
    const { metainfo, files } = await torrent('v1');
    const source = {
      ...sourceOf(files),
      read: () => Promise.reject(new SystemError('DISK_FAILED', 'broken')),
    };
    await expect(checkPieces(metainfo, depsOf(files, { source }))).rejects.toMatchObject({
      code: 'DISK_FAILED',
    });
  });

  test('stops when it is told to', async () => {
    const { metainfo, files } = await torrent('v1');
    const signal = AbortSignal.abort();
    await expect(checkPieces(metainfo, depsOf(files, { signal }))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});

test('however long the content, few pieces are under way', async () => {
  const hasher = new LocalHasher();
  const plan = planTorrent([{ path: ['a'], length: 2 ** 34 }], {
    version: 'v1',
    name: 'a',
    isSingleFile: true,
  });
  const source: ContentSource = { pathOf: () => undefined, read: () => Promise.resolve() };
  const tiny = { ...plan, pieceCount: 64 };
  await hashContent(tiny, { ...depsOf(new Map(), { hasher, source }), digests });
  expect(hasher.most).toBeLessThanOrEqual(4);
});
