import { describe, expect, it } from 'vitest';
import { concatBytes } from '../core/bytes/bytes.ts';
import { SystemError } from '../core/errors.ts';
import { BLOCK_LENGTH, Geometry, type FileRange } from '../core/metainfo/geometry.ts';
import { encodeMessage } from '../core/wire/encode.ts';
import type { Storage } from '../ports/storage.ts';
import { frameSlice, PieceCache, SEGMENT_BYTES, type PieceSource, type Segment } from './piece-cache.ts';

const PIECE = 2 * SEGMENT_BYTES;
const LENGTH = 3 * PIECE + 100_000;

class FakeDisk implements Storage {
  reads = 0;
  failing = false;

  read(ranges: readonly FileRange[], targets: readonly Uint8Array[]): Promise<void> {
    this.reads++;
    if (this.failing) return Promise.reject(new SystemError('DISK_FAILED', 'broken'));
    let at = ranges[0]?.offset ?? 0;
    for (const target of targets) for (let i = 0; i < target.length; i++) target[i] = byteAt(at++);
    return Promise.resolve();
  }
  stat = (): Promise<[]> => Promise.resolve([]);
  prepare = (): Promise<void> => Promise.resolve();
  write = (): Promise<void> => Promise.resolve();
  pathOf = (): undefined => undefined;
  setWanted = (): void => undefined;
  flush = (): Promise<void> => Promise.resolve();
  close = (): Promise<void> => Promise.resolve();
}

function byteAt(offset: number): number {
  return (offset * 31 + (offset >>> 14)) & 0xff;
}

function source(disk: FakeDisk): PieceSource {
  const file = { path: ['f'], length: LENGTH, offset: 0, pad: false, executable: false, hidden: false };
  const files = [{ ...file, symlink: undefined, piecesRoot: undefined }];
  return {
    geometry: new Geometry({ pieceLength: PIECE, pieceCount: 4, files, version: 'v1' }),
    storage: disk,
  };
}

/** What the wire wants for blocks of a piece. */
function frames(piece: number, begin: number, lengths: readonly number[]): Uint8Array {
  let at = begin;
  return concatBytes(
    lengths.map((length) => {
      const data = Uint8Array.from({ length }, (_, i) => byteAt(piece * PIECE + at + i));
      const message = encodeMessage({ kind: 'piece', piece, begin: at, data });
      at += length;
      return message;
    }),
  );
}

async function ready(segment: Segment): Promise<Segment> {
  await segment.ready;
  return segment;
}

describe('the piece cache', () => {
  it('holds blocks behind their headers, so that runs are slices', async () => {
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const segment = await ready(cache.hold(source(new FakeDisk()), 1, 1));
    const run = frameSlice(segment.frames, BLOCK_LENGTH, { first: 2, end: 5 });
    expect(run).toEqual(
      frames(1, SEGMENT_BYTES + 2 * BLOCK_LENGTH, [BLOCK_LENGTH, BLOCK_LENGTH, BLOCK_LENGTH]),
    );
  });

  it('knows the short block at the end', async () => {
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const segment = await ready(cache.hold(source(new FakeDisk()), 3, 0));
    const run = frameSlice(segment.frames, BLOCK_LENGTH, { first: 5, end: 7 });
    expect(run).toEqual(frames(3, 5 * BLOCK_LENGTH, [BLOCK_LENGTH, 100_000 - 6 * BLOCK_LENGTH]));
  });

  it('reads what several want only once', async () => {
    const disk = new FakeDisk();
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const torrent = source(disk);
    const all = [cache.hold(torrent, 0, 0), cache.hold(torrent, 0, 0)];
    await Promise.all(all.map(ready));
    cache.hold(torrent, 0, 0);
    expect(disk.reads).toBe(1);
    cache.hold(source(disk), 0, 0);
    expect(disk.reads).toBe(2);
  });

  it('stays within its budget and never overwrites what is held', async () => {
    const cache = new PieceCache(2.5 * SEGMENT_BYTES);
    const torrent = source(new FakeDisk());
    const held = await ready(cache.hold(torrent, 0, 0));
    const before = held.frames.slice();
    for (let round = 0; round < 3; round++) {
      for (const piece of [0, 1, 2]) {
        for (const index of [0, 1]) {
          const segment = await ready(cache.hold(torrent, piece, index));
          expect(frameSlice(segment.frames, BLOCK_LENGTH, { first: 0, end: 1 })).toEqual(
            frames(piece, index * SEGMENT_BYTES, [BLOCK_LENGTH]),
          );
          segment.release();
          expect(cache.bytes).toBeLessThanOrEqual(2.5 * SEGMENT_BYTES);
        }
      }
    }
    expect(held.frames).toEqual(before);
  });

  it('forgets a segment that could not be read', async () => {
    const disk = new FakeDisk();
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const torrent = source(disk);
    disk.failing = true;
    const segment = cache.hold(torrent, 0, 0);
    await expect(segment.ready).rejects.toHaveProperty('code', 'DISK_FAILED');
    segment.release();
    disk.failing = false;
    const again = await ready(cache.hold(torrent, 0, 0));
    expect(frameSlice(again.frames, BLOCK_LENGTH, { first: 0, end: 1 })).toEqual(
      frames(0, 0, [BLOCK_LENGTH]),
    );
  });

  it('reads blocks of unusual lengths for once', async () => {
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const run = { begin: 777, length: 25_000, blockLength: 10_000 };
    const segment = await ready(cache.readOdd(source(new FakeDisk()), 2, run));
    expect(segment.frames).toEqual(frames(2, 777, [10_000, 10_000, 5000]));
    segment.release();
    expect(cache.bytes).toBe(0);
  });

  it('drops a torrent’s segments', async () => {
    const disk = new FakeDisk();
    const cache = new PieceCache(10 * SEGMENT_BYTES);
    const torrent = source(disk);
    (await ready(cache.hold(torrent, 0, 0))).release();
    cache.drop(torrent);
    await ready(cache.hold(torrent, 0, 0));
    expect(disk.reads).toBe(2);
  });
});
