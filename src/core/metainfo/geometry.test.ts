import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLOCK_LENGTH, Geometry } from './geometry.ts';
import type { FileRange } from './geometry.ts';
import type { FileEntry } from './metainfo.ts';
import { layOut } from './stream.ts';

interface Shape {
  readonly pieceLength: number;
  readonly lengths: readonly number[];
}

function geometryOf({ pieceLength, lengths }: Shape, version: 'v1' | 'v2'): Geometry {
  const raw = lengths.map((length, index) => ({
    path: [String(index)],
    length,
    attributes: index % 3 === 2 && version === 'v1' ? 'p' : '',
    symlink: undefined,
    piecesRoot: undefined,
  }));
  const { placed, pieceCount } = layOut(raw, { pieceLength, aligned: version === 'v2' });
  const files = placed.map(({ file, offset }): FileEntry => ({
    ...file,
    offset,
    pad: file.attributes === 'p',
    executable: false,
    hidden: false,
  }));
  return new Geometry({ pieceLength, pieceCount, files, version });
}

const shapes = fc.record({
  pieceLength: fc.constantFrom(16384, 32768, 65536, 131072),
  lengths: fc.array(fc.oneof(fc.constantFrom(0, 1, 16384, 65536), fc.nat(300_000)), {
    minLength: 1,
    maxLength: 8,
  }),
});
const versions = fc.constantFrom('v1' as const, 'v2' as const);

test('the ranges of all pieces are the bytes of all files, each once and in order', () => {
  fc.assert(
    fc.property(shapes, versions, (shape, version) => {
      const geometry = geometryOf(shape, version);
      const next = shape.lengths.map(() => 0);
      let last = 0;
      for (let piece = 0; piece < geometry.pieceCount; piece++) {
        const ranges = geometry.ranges(piece);
        expect(ranges.reduce((sum, range) => sum + range.length, 0)).toBe(geometry.pieceSize(piece));
        for (const range of ranges) {
          expect(range.file).toBeGreaterThanOrEqual(last);
          expect(range.offset).toBe(next[range.file]);
          expect(range.pad).toBe(geometry.files[range.file]?.pad);
          next[range.file] = range.offset + range.length;
          last = range.file;
        }
        if (version === 'v2') expect(ranges).toHaveLength(1);
      }
      expect(next).toEqual(shape.lengths);
    }),
  );
});

test('blocks fill their piece and only the last is short', () => {
  fc.assert(
    fc.property(shapes, versions, (shape, version) => {
      const geometry = geometryOf(shape, version);
      for (let piece = 0; piece < geometry.pieceCount; piece++) {
        const blocks = Array.from({ length: geometry.blockCount(piece) }, (_, i) =>
          geometry.blockSize(piece, i),
        );
        expect(blocks.reduce((sum, size) => sum + size, 0)).toBe(geometry.pieceSize(piece));
        expect(blocks.slice(0, -1).every((size) => size === BLOCK_LENGTH)).toBe(true);
        expect(blocks.at(-1)).toBeGreaterThan(0);
      }
    }),
  );
});

test('a piece read in two parts is the piece', () => {
  const cuts = fc.record({ shape: shapes, version: versions, piece: fc.nat(), at: fc.nat() });
  fc.assert(
    fc.property(cuts, ({ shape, version, ...cut }) => {
      const geometry = geometryOf(shape, version);
      if (geometry.pieceCount === 0) return;
      const piece = cut.piece % geometry.pieceCount;
      const at = cut.at % geometry.pieceSize(piece);
      const parts = [...geometry.ranges(piece, 0, at), ...geometry.ranges(piece, at)];
      expect(joinNeighbours(parts)).toEqual(geometry.ranges(piece));
    }),
  );
});

function joinNeighbours(ranges: readonly FileRange[]): FileRange[] {
  const joined: FileRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.file !== range.file) joined.push(range);
    else joined[joined.length - 1] = { ...last, length: last.length + range.length };
  }
  return joined;
}

test('a file is in exactly the pieces that its range says', () => {
  fc.assert(
    fc.property(shapes, versions, (shape, version) => {
      const geometry = geometryOf(shape, version);
      for (const [file, length] of shape.lengths.entries()) {
        const { first, end } = geometry.piecesOf(file);
        const found: number[] = [];
        for (let piece = 0; piece < geometry.pieceCount; piece++) {
          if (geometry.ranges(piece).some((range) => range.file === file)) found.push(piece);
        }
        expect(found).toEqual(length === 0 ? [] : Array.from({ length: end - first }, (_, i) => first + i));
      }
    }),
  );
});

test('requests outside their piece are told apart', () => {
  const geometry = geometryOf({ pieceLength: 32768, lengths: [40_000] }, 'v1');
  expect(geometry.contains(0, 0, 32768)).toBe(true);
  expect(geometry.contains(1, 0, 7232)).toBe(true);
  for (const [piece, begin, length] of [
    [0, 0, 32769],
    [0, 32768, 1],
    [1, 0, 7233],
    [2, 0, 1],
    [-1, 0, 1],
    [0, -1, 1],
    [0, 0, 0],
    [0, 4_294_967_295, 4_294_967_295],
  ] as const) {
    expect(geometry.contains(piece, begin, length)).toBe(false);
  }
});

test('the pieces of v1 run across files, those of v2 end with their file (BEP 52)', () => {
  const shape = { pieceLength: 16384, lengths: [20_000, 0, 20_000] };
  const v1 = geometryOf(shape, 'v1');
  expect([v1.pieceCount, v1.pieceSize(1), v1.pieceSize(2)]).toEqual([3, 16384, 7232]);
  const v2 = geometryOf(shape, 'v2');
  expect([v2.pieceCount, v2.pieceSize(1), v2.pieceSize(3)]).toEqual([4, 3616, 3616]);
});

test('a peer may ask for whole blocks behind a short v2 piece, and gets zeros (libtorrent 2.0 does)', () => {
  const v2 = geometryOf({ pieceLength: 32_768, lengths: [40_000, 20_000] }, 'v2');
  expect(v2.pieceSize(1)).toBe(7232);
  expect(v2.contains(1, 0, 16_384)).toBe(false);
  expect(v2.isServable(1, 0, 16_384)).toBe(true);
  expect(v2.isServable(1, 16_384, 16_384)).toBe(false);
  expect(v2.isServable(1, 0, 32_769)).toBe(false);
  expect(v2.isServable(3, 0, 1)).toBe(false);
  expect(v2.ranges(1, 0, 16_384)).toEqual([
    { file: 0, offset: 32_768, length: 7232, pad: false },
    { file: 0, offset: 40_000, length: 9152, pad: true },
  ]);
});
