import { describe, expect, test } from 'vitest';
import { choosePieceLength, isPieceLength } from './piece-length.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

describe('choosePieceLength', () => {
  test.each([
    [1, 16 * KIB],
    [32 * MIB, 16 * KIB],
    [32 * MIB + 1, 32 * KIB],
    [4 * GIB, 2 * MIB],
    [32 * GIB, 16 * MIB],
    [1024 * GIB, 16 * MIB],
  ])('%i bytes are cut into pieces of %i', (length, pieceLength) => {
    expect(choosePieceLength([length], false)).toBe(pieceLength);
    expect(choosePieceLength([length], true)).toBe(pieceLength);
  });

  test('is shorter where padding would outweigh the content', () => {
    const small = Array.from({ length: 1000 }, () => 100 * KIB);
    expect(choosePieceLength(small, false)).toBe(64 * KIB);
    expect(choosePieceLength(small, true)).toBe(16 * KIB);
  });

  test('stays long where padding costs little', () => {
    expect(choosePieceLength([4 * GIB, 100], true)).toBe(4 * MIB);
  });

  test('does not multiply the pieces of a big file to save a little padding', () => {
    const mixed = [64 * GIB, ...Array.from({ length: 2000 }, () => 10 * KIB)];
    expect(choosePieceLength(mixed, true)).toBe(8 * MIB);
  });
});

test('piece lengths are powers of two from 16 KiB', () => {
  expect([16384, 32768, 2 ** 30].every(isPieceLength)).toBe(true);
  expect([0, 1, 8192, 16385, 48 * KIB, Number.NaN, Infinity].some(isPieceLength)).toBe(false);
});
