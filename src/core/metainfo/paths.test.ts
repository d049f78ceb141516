import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8Encode } from '../bytes/bytes.ts';
import { renameTwins, sanitizeName, sanitizePath } from './paths.ts';

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.constantFrom('.', '..', '/', '\\', ' ', 'CON', 'a', '\u0000', '\u202e', ':', '.txt'), {
      maxLength: 6,
    })
    .map((parts) => parts.join('')),
);

function renamed(paths: readonly string[], foldCase = true): string[] {
  const split = paths.map((path) => path.split('/'));
  renameTwins(split, foldCase);
  return split.map((path) => path.join('/'));
}

describe('sanitising', () => {
  test('whatever comes in, a creatable path below the root comes out', () => {
    fc.assert(
      fc.property(
        fc.array(nasty, { maxLength: 5 }),
        fc.constantFrom('posix' as const, 'portable' as const),
        (elements, names) => {
          const path = sanitizePath(elements, names);
          expect(path.length).toBeGreaterThan(0);
          for (const element of path) {
            expect(element).not.toMatch(/^\.{0,2}$|[/\\\p{Cc}]/u);
            expect(utf8Encode(element).length).toBeLessThanOrEqual(255);
            if (names === 'portable') expect(element).not.toMatch(/[:*?"<>|]|[. ]$|^(?:con|nul)(?:\.|$)/i);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('doing it twice changes nothing more', () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom('posix' as const, 'portable' as const), (name, names) => {
        const once = sanitizeName(name, names);
        if (once !== undefined) expect(sanitizeName(once, names)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  test('own names stay as they are on disk, but never lead out of the folder', () => {
    for (const name of ['❤\ufe0f\u200d🔥.png', 'a\\b', 'tab\there', 'x'.repeat(300)]) {
      expect(sanitizeName(name, 'own')).toBe(name);
    }
    expect(sanitizePath(['..', '.', 'a/../b', 'c\0'], 'own')).toEqual(['a_.._b', 'c_']);
  });

  test('a name of a million dots is no work', () => {
    expect(sanitizeName(`${'.'.repeat(1_000_000)}x`, 'portable')).toHaveLength(254);
  });

  test.each(['CON', 'nul.txt', 'con .txt', 'LPT1', 'COM¹', 'conin$', 'aux.'])(
    '%s is a device on Windows',
    (name) => {
      expect(sanitizeName(name, 'portable')).toMatch(/^_/);
      expect(sanitizeName(name, 'posix')).toBe(name);
    },
  );

  test('a name cut to length keeps its extension and whole characters', () => {
    const cut = sanitizeName(`${'é'.repeat(200)}.tar.gz`, 'posix') ?? '';
    expect(utf8Encode(cut).length).toBeLessThanOrEqual(255);
    expect(cut).toMatch(/^é+\.?(?:ta?r?)?\.gz$/);
    expect(cut).not.toContain('\ufffd');
  });
});

describe('twins', () => {
  test('get a number before the extension', () => {
    expect(renamed(['a/b.txt', 'a/b.txt', 'a/b.txt', 'x', 'x', '.hid', '.hid'])).toEqual([
      'a/b.txt',
      'a/b.1.txt',
      'a/b.2.txt',
      'x',
      'x.1',
      '.hid',
      '.1.hid',
    ]);
  });

  test('the number is passed over where it is taken', () => {
    expect(renamed(['a.1.txt', 'a.txt', 'a.txt'])).toEqual(['a.1.txt', 'a.txt', 'a.2.txt']);
  });

  test('differ in more than case and Unicode form, unless told otherwise', () => {
    const names = ['a.txt', 'A.TXT', 'é', 'e\u0301', 'ß', 'SS'];
    expect(renamed(names)).toEqual(['a.txt', 'A.1.TXT', 'é', 'e\u0301.1', 'ß', 'SS.1']);
    expect(renamed(names, false)).toEqual(names);
  });

  test('a file in the place of a folder moves, wherever it stands', () => {
    expect(renamed(['a', 'a/b'])).toEqual(['a.1', 'a/b']);
    expect(renamed(['a/b/c', 'A/B'])).toEqual(['a/b/c', 'A/B.1']);
  });

  test('stay within the length of a name', () => {
    const [, second] = renamed([`${'x'.repeat(251)}.txt`, `${'x'.repeat(251)}.txt`]);
    expect(second).toBe(`${'x'.repeat(249)}.1.txt`);
  });

  test('are all told apart, however many', () => {
    const found = renamed(Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? 'same.txt' : 'Same.txt')));
    expect(new Set(found.map((path) => path.toLowerCase())).size).toBe(100_000);
  });
});
