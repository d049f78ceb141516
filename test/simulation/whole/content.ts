// Content for simulated machines, with real hashes: a few torrents of every version, made once a process.
import { parseTorrent } from '../../../src/core/metainfo/parse.ts';
import { buildTorrent } from '../../../src/core/metainfo/build.ts';
import { BLOCK_LENGTH, Geometry } from '../../../src/core/metainfo/geometry.ts';
import { HASH_LENGTH, merkleRoot } from '../../../src/core/metainfo/merkle.ts';
import type { Metainfo, MetainfoVersion } from '../../../src/core/metainfo/metainfo.ts';
import { planTorrent } from '../../../src/core/metainfo/plan.ts';
import { Rng } from '../../../src/core/swarm/rng.ts';
import { hashContent } from '../../../src/engine/hash-content.ts';
import type { HashJob, HashResult, Hasher } from '../../../src/ports/hasher.ts';
import { digests } from '../digests.ts';
import { SIM_TRACKERS } from './tracker.ts';

export interface WholeContent {
  readonly metainfo: Metainfo;
  readonly torrent: Uint8Array;
  readonly geometry: Geometry;
  /** By path below the download folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const KIB = 1024;

interface Shape {
  readonly version: MetainfoVersion;
  readonly pieceLength: number;
  readonly lengths: readonly number[];
  readonly padding?: boolean;
}

const SHAPES: readonly Shape[] = [
  { version: 'v1', pieceLength: 16 * KIB, lengths: [150_001] },
  { version: 'v1', pieceLength: 32 * KIB, lengths: [70_000, 3, 0, 131_072, 40_000] },
  { version: 'v1', pieceLength: 64 * KIB, lengths: [100_000, 5000, 150_000], padding: true },
  { version: 'v2', pieceLength: 16 * KIB, lengths: [16_384, 90_000, 1] },
  { version: 'v2', pieceLength: 64 * KIB, lengths: [200_000] },
  { version: 'hybrid', pieceLength: 32 * KIB, lengths: [50_000, 100_000, 7] },
  { version: 'v1', pieceLength: 16 * KIB, lengths: [9] },
];

const made = new Map<number, Promise<WholeContent>>();

/** One of the shapes, chosen by a number. */
export function wholeContent(choice: number): Promise<WholeContent> {
  const index = choice % SHAPES.length;
  const shape = SHAPES[index];
  if (shape === undefined) throw new Error('there are shapes');
  const content = made.get(index) ?? make(shape, index + 1);
  made.set(index, content);
  return content;
}

/** Hashes what is in memory, at once. */
export function hashInMemory({ source, sha1, merkle }: HashJob): HashResult {
  if (source.kind !== 'memory') throw new Error('no simulated file has a path');
  return {
    sha1: sha1 ? digests.sha1(source.data) : undefined,
    merkleRoot: merkle && rootOf(source.data.subarray(0, merkle.length), merkle.leaves),
  };
}

function rootOf(data: Uint8Array, leafCount: number): Uint8Array {
  const count = Math.ceil(data.length / BLOCK_LENGTH);
  const leaves = new Uint8Array(count * HASH_LENGTH);
  for (let i = 0; i < count; i++) {
    leaves.set(digests.sha256(data.subarray(i * BLOCK_LENGTH, (i + 1) * BLOCK_LENGTH)), i * HASH_LENGTH);
  }
  return merkleRoot(leaves, leafCount, digests.sha256);
}

async function make(shape: Shape, seed: number): Promise<WholeContent> {
  const rng = new Rng(seed);
  const isSingleFile = shape.lengths.length === 1;
  const name = `content-${String(seed)}`;
  const sources = shape.lengths.map((length, i) => ({
    path: isSingleFile ? [name] : [`file-${String(i)}`],
    length,
    bytes: Uint8Array.from({ length }, () => rng.uint32() & 0xff),
  }));
  const plan = planTorrent(sources, {
    version: shape.version,
    name,
    isSingleFile,
    pieceLength: shape.pieceLength,
    padding: shape.version === 'v1' ? shape.padding : undefined,
  });
  const bytesOf = (file: number): Uint8Array | undefined => sources[plan.origins[file] ?? -1]?.bytes;
  const hasher: Hasher = {
    parallelism: 1,
    hash: (job) => Promise.resolve(hashInMemory(job)),
    close: () => Promise.resolve(),
  };
  const source = {
    pathOf: () => undefined,
    read: (
      ranges: readonly { file: number; offset: number; length: number }[],
      [target]: readonly Uint8Array[],
    ) => {
      let at = 0;
      for (const { file, offset, length } of ranges) {
        target?.set(bytesOf(file)?.subarray(offset, offset + length) ?? new Uint8Array(length), at);
        at += length;
      }
      return Promise.resolve();
    },
  };
  const { signal } = new AbortController();
  const hashes = await hashContent(plan, { hasher, source, signal, digests });
  const torrent = buildTorrent(plan, hashes, { trackers: SIM_TRACKERS.map((url) => [url]) });
  const metainfo = parseTorrent(torrent, digests);
  const files = new Map<string, Uint8Array>();
  for (const [i, file] of metainfo.files.entries()) {
    const bytes = bytesOf(i);
    if (bytes !== undefined) files.set(file.path.join('/'), bytes);
  }
  return { metainfo, torrent, geometry: new Geometry(metainfo), files };
}
