import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latin1Encode, latin1Slice } from '../bytes/bytes.ts';
import { KeyCache } from './key-cache.ts';
import { ViewCache } from './view-cache.ts';

/** Words of two letters meet in the same places of a cache all the time. */
const words = fc.array(
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 60 }).map((letters) => letters.join('')),
  {
    minLength: 1,
    maxLength: 60,
  },
);

/** The words in a row, and where each lies. */
function laidOut(list: readonly string[]): { bytes: Uint8Array; runs: { start: number; end: number }[] } {
  let at = 0;
  const runs = list.map((word) => ({ start: at, end: (at += word.length) }));
  return { bytes: latin1Encode(list.join('')), runs };
}

describe('the cache of keys', () => {
  test('gives the text that is there, whatever was read before', () => {
    fc.assert(
      fc.property(words, (list) => {
        const cache = new KeyCache();
        const { bytes, runs } = laidOut(list);
        expect(runs.map(({ start, end }) => cache.read(bytes, start, end))).toEqual(list);
      }),
    );
  });

  test('tells words apart that differ in the middle only, and a word from its beginning', () => {
    const cache = new KeyCache();
    const list = ['path', 'pith', 'path', 'p', 'pp', 'ppp', 'a', '', 'a', 'é', 'e'];
    const { bytes, runs } = laidOut(list);
    expect(runs.map(({ start, end }) => cache.read(bytes, start, end))).toEqual(list);
  });
});

describe('the cache of views', () => {
  const read = (list: readonly string[]): Uint8Array[] => {
    const cache = new ViewCache();
    const { bytes, runs } = laidOut(list);
    return runs.map(({ start, end }) => cache.read(bytes, start, end));
  };

  test('gives the bytes that are there, whatever was read before', () => {
    fc.assert(
      fc.property(words, (list) => {
        expect(read(list).map((view) => latin1Slice(view, 0, view.length))).toEqual(list);
      }),
    );
  });

  test('equal words are one view: the folders of a million files take no memory', () => {
    for (const word of ['a', 'ab', 'season one', 'x'.repeat(31)]) {
      const [first, , again] = read([word, 'something else', word]);
      expect(again).toBe(first);
    }
  });

  test('words that meet in one place follow each other there, and come to be shared again', () => {
    const [one, other, third, fourth] = read(['axmxb', 'aymyb', 'aymyb', 'axmxb']);
    expect(third).toBe(other);
    expect(fourth).not.toBe(one);
    expect(fourth).toEqual(one);
  });

  test('long ones are not kept: they are hashes, which do not come again', () => {
    const [first, again] = read(['x'.repeat(32), 'x'.repeat(32)]);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  test('empty ones have a place of their own in the input', () => {
    const [first, , again] = read(['', 'a', '']);
    expect([first?.byteOffset, again?.byteOffset]).toEqual([0, 1]);
  });
});
