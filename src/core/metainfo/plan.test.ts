import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { Geometry } from './geometry.ts';
import type { FileEntry } from './metainfo.ts';
import { comparePaths, planTorrent, type PlanOptions, type SourceFile } from './plan.ts';

const KIB = 1024;

function file(path: string, length: number): SourceFile {
  return { path: path.split('/'), length };
}

function options(change: Partial<PlanOptions> = {}): PlanOptions {
  return { version: 'hybrid', name: 'root', isSingleFile: false, pieceLength: 16 * KIB, ...change };
}

function pathsOf(sources: readonly SourceFile[], change: Partial<PlanOptions> = {}): string[] {
  return planTorrent(sources, options(change)).files.map((entry) => entry.path.join('/'));
}

describe('planTorrent', () => {
  test('orders files as the BEP 52 tree does: by the bytes of path elements', () => {
    const sources = ['b', 'a-b', 'a/c', 'ab', 'Z', '\u{1f600}', '\uffee', 'ü'].map((path) =>
      file(path, 16384),
    );
    expect(pathsOf(sources)).toEqual(
      ['Z', 'a/c', 'a-b', 'ab', 'b', 'ü', '\uffee', '\u{1f600}'].map((path) => `root/${path}`),
    );
  });

  test('its order is that of UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(comparePaths([a], [b]))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test('pads each file of a hybrid to a piece boundary, the last one too', () => {
    const plan = planTorrent([file('a', 1), file('b', 16384), file('empty', 0), file('z', 20000)], options());
    expect(plan.files.map(({ path, length, offset, pad }) => [path.join('/'), length, offset, pad])).toEqual([
      ['root/a', 1, 0, false],
      ['root/.pad/16383', 16383, 1, true],
      ['root/b', 16384, 16384, false],
      ['root/empty', 0, 32768, false],
      ['root/z', 20000, 32768, false],
      ['root/.pad/12768', 12768, 52768, true],
    ]);
    expect(plan.origins).toEqual([0, undefined, 1, 2, 3, undefined]);
    expect([plan.pieceCount, plan.length]).toEqual([4, 36385]);
  });

  test('v2 files start at pieces and the stream has gaps instead of padding', () => {
    const plan = planTorrent([file('a', 1), file('b', 1)], options({ version: 'v2' }));
    expect(plan.files.map(({ offset }) => offset)).toEqual([0, 16384]);
    expect(plan.pieceCount).toBe(2);
  });

  test('v1 files follow each other, padded only if asked', () => {
    expect(pathsOf([file('b', 1), file('a', 1)], { version: 'v1' })).toEqual(['root/a', 'root/b']);
    expect(pathsOf([file('b', 1), file('a', 1)], { version: 'v1', padding: true })).toHaveLength(4);
    expect(pathsOf([file('b', 1), file('a', 1)], { version: 'v1', order: 'given' })).toEqual([
      'root/b',
      'root/a',
    ]);
  });

  test('v1 and v2 of the same content agree on every piece', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.constantFrom(16384, 32768, 65536), (list, pieceLength) => {
        fc.pre(list.some((length) => length > 0));
        const sources = list.map((length, i) => file(`f${String(i)}`, length));
        const hybrid = planTorrent(sources, options({ pieceLength }));
        const v2 = planTorrent(sources, options({ pieceLength, version: 'v2' }));
        expect(hybrid.pieceCount).toBe(v2.pieceCount);
        const full = (entry: FileEntry): boolean => !entry.pad && entry.length > 0;
        expect(hybrid.files.filter(full)).toEqual(v2.files.filter(full));
        const [a, b] = [new Geometry(hybrid), new Geometry(v2)];
        for (let piece = 0; piece < v2.pieceCount; piece++) {
          expect(a.pieceSize(piece)).toBe(pieceLength);
          expect(a.ranges(piece)[0]?.length).toBe(b.pieceSize(piece));
        }
      }),
    );
  });

  test('a single file takes the name it is given', () => {
    const plan = planTorrent([file('a.txt', 5)], options({ isSingleFile: true, name: 'b.txt' }));
    expect(plan.files.map((entry) => entry.path)).toEqual([['b.txt']]);
  });

  test.each<[string, readonly SourceFile[], Partial<PlanOptions>]>([
    ['PLAN_EMPTY', [], {}],
    ['PLAN_EMPTY', [file('a', 0)], {}],
    ['PLAN_TOO_LONG', [file('a', Number.MAX_SAFE_INTEGER), file('b', 2)], {}],
    ['PLAN_NOT_SINGLE', [file('a/b', 1)], { isSingleFile: true }],
    ['PLAN_ORDER', [file('a', 1)], { order: 'given' }],
    ['PLAN_PIECE_LENGTH', [file('a', 1)], { pieceLength: 8192 }],
    ['PLAN_PIECE_LENGTH', [file('a', 1)], { pieceLength: 3 * 16384 }],
    ['PLAN_TOO_MANY_PIECES', [file('a', 2 ** 40)], {}],
    ['PLAN_PATH_INVALID', [file('a/../b', 1)], {}],
    ['PLAN_PATH_INVALID', [file('a//b', 1)], {}],
    ['PLAN_PATH_INVALID', [file('a', 1)], { name: 'x/y' }],
    ['PLAN_PATH_INVALID', [file('a', 1)], { name: '..' }],
    ['PLAN_PATH_CLASH', [file('a', 1), file('b', 1), file('a', 1)], {}],
    ['PLAN_PATH_CLASH', [file('a/b', 1), file('a', 1), file('a-b', 1)], {}],
  ])('%s for %j %j', (code, sources, change) => {
    expect(() => planTorrent(sources, options(change))).toThrow(expect.objectContaining({ code }));
    expect(() => planTorrent(sources, options(change))).toThrow(UsageError);
  });
});
