// The path cases of the corpus: what other clients make of single elements, and inputs made to do harm.
import { expect, test } from 'vitest';
import { fromHex, utf8Decode, utf8Encode } from '../../src/core/bytes/bytes.ts';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { cutName, sanitizeName, sanitizePath } from '../../src/core/metainfo/paths.ts';
import type { PathRules } from '../../src/core/metainfo/paths.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';
import { digests } from '../support/digests.ts';

interface ElementCase {
  readonly elements_hex: readonly string[];
  readonly expected_posix: string;
  readonly expected_windows: string;
  readonly general: boolean;
  readonly note?: string;
}

interface Vectors {
  readonly element_cases: readonly ElementCase[];
  readonly transmission_is_subpath_sanitized: { readonly cases: readonly { readonly subpath: string }[] };
  readonly anacrolix_safe_path: { readonly cases: readonly { readonly components: readonly string[] }[] };
  readonly qbittorrent_path_valid: {
    readonly cases: readonly { readonly path: string; readonly valid: boolean; readonly platform: string }[];
  };
  readonly rain_clean_name: {
    readonly cases: readonly {
      readonly name: string;
      readonly max_bytes: number;
      readonly cleaned: string;
    }[];
  };
  readonly hostile_inputs: readonly { readonly path: readonly string[]; readonly why: string }[];
}

/** The oracle cuts at 240 bytes, we at the 255 that file systems take: a legal name must stay as it is on disk. */
const CUT_EARLIER = /cut to 240|no cut inside/;

function expectPosixSafe(path: readonly string[]): void {
  expect(path.length).toBeGreaterThan(0);
  for (const element of path) {
    expect(element).not.toMatch(/^\.{0,2}$|[/\\\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u);
    expect(utf8Encode(element).length).toBeLessThanOrEqual(255);
  }
}

function expectPortable(path: readonly string[]): void {
  expectPosixSafe(path);
  for (const element of path) {
    expect(element).not.toMatch(/[:*?"<>|]|[. ]$/);
    expect(element).not.toMatch(/^(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\.|$)/i);
  }
}

describeCorpus('paths of the corpus', () => {
  const vectors = readCorpusJson('path_sanitise.json') as Vectors;

  const elements = vectors.element_cases.filter((entry) => !CUT_EARLIER.test(entry.note ?? ''));
  test.each(elements)('elements $elements_hex', (entry) => {
    const path = entry.elements_hex.map((hex) => utf8Decode(fromHex(hex)));
    // An empty result is "_" with us: a path cannot vanish as a whole.
    const orPlaceholder = (expected: string): string => (expected === '' ? '_' : expected);
    expect(sanitizePath(path, 'posix').join('/')).toBe(orPlaceholder(entry.expected_posix));
    expect(sanitizePath(path, 'portable').join('/')).toBe(orPlaceholder(entry.expected_windows));
  });

  const subpaths = vectors.transmission_is_subpath_sanitized.cases.map((entry) => [entry.subpath]);
  const components = vectors.anacrolix_safe_path.cases.map((entry) => entry.components);
  const valid = vectors.qbittorrent_path_valid.cases.map((entry) => entry.path.split('/'));
  const hostile = vectors.hostile_inputs.map((entry) => entry.path);
  test.each([...subpaths, ...components, ...valid, ...hostile].map((path) => ({ path })))(
    '$path ends safe',
    ({ path }) => {
      expectPosixSafe(sanitizePath(path, 'posix'));
      expectPortable(sanitizePath(path, 'portable'));
    },
  );

  test.each(vectors.qbittorrent_path_valid.cases.filter((entry) => !entry.valid && entry.path !== ''))(
    '$path, bad on $platform, is changed',
    ({ path, platform }) => {
      const names = platform === 'windows' || platform === 'macos' ? 'portable' : 'posix';
      expect(sanitizePath(path.split('/'), names).join('/')).not.toBe(path);
    },
  );

  test.each(vectors.rain_clean_name.cases)(
    '$name cut to $max_bytes bytes',
    ({ name, max_bytes, cleaned }) => {
      expect(cutName(name, max_bytes)).toBe(cleaned);
    },
  );

  const rules: readonly PathRules[] = [
    { names: 'posix', foldCase: true },
    { names: 'portable', foldCase: true },
  ];
  test.each(rules)('all hostile paths in one torrent get a path each ($names)', (rule) => {
    const paths = [...hostile, ['é.txt'], ['a.txt']].filter((path) => path.length <= 100);
    const files = paths.map((path) => ({ length: 1, path }));
    const info = { files, name: '../../x', 'piece length': 16384, pieces: new Uint8Array(20) };
    const torrent = parseTorrent(encodeBencode({ info }), digests, rule);
    const found = torrent.files.map((file) => file.path.join('/').normalize('NFC').toLowerCase());
    expect(new Set(found).size).toBe(paths.length);
    for (const file of torrent.files) {
      if (rule.names === 'posix') expectPosixSafe(file.path);
      else expectPortable(file.path);
      expect(file.path[0]).toBe('....x');
    }
  });

  test('a path deeper than any disk is refused', () => {
    const deep = hostile.filter((path) => path.length > 100);
    expect(deep).not.toHaveLength(0);
    for (const path of deep) {
      const info = {
        files: [{ length: 1, path }],
        name: 'x',
        'piece length': 16384,
        pieces: new Uint8Array(20),
      };
      expect(() => parseTorrent(encodeBencode({ info }), digests)).toThrow(ProtocolError);
    }
  });

  test('names that posix allows stay as they are, so that content is found where it lies', () => {
    for (const name of ['a:b', 'what?', 'CON', 'dot.', 'space ', '-rf', '$(x)', '%2e%2e', 'x'.repeat(255)]) {
      expect(sanitizeName(name, 'posix')).toBe(name);
    }
  });
});
