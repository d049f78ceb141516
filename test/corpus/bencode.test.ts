// Every bencode vector of the corpus, against both rules of reading.
import { expect, test } from 'vitest';
import { decodeBencode } from '../../src/core/bencode/decode.ts';
import type { BencodeValue } from '../../src/core/bencode/decode.ts';
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { BencodeError } from '../../src/core/bencode/error.ts';
import { concatBytes, fromHex, latin1Encode, toHex, utf8Encode } from '../../src/core/bytes/bytes.ts';
import { describeCorpus, readCorpus, readCorpusJson } from '../support/corpus.ts';

type Described =
  | { readonly i: string }
  | { readonly s: string }
  | { readonly l: readonly Described[] }
  | { readonly d: readonly (readonly [string, Described])[] };

interface Case {
  readonly input_hex: string;
  readonly text?: string;
  readonly class: 'valid' | 'non-canonical' | 'invalid';
  readonly reason?: readonly string[];
  readonly value?: Described;
  readonly depth?: number;
}

interface Recipe {
  readonly prefix: string;
  readonly fill_hex?: string;
  readonly count?: number;
  readonly class: 'valid' | 'invalid' | 'resource-limit';
}

/** Deeper than our limit on nesting, which is libtorrent's too; the corpus counts them as valid bencode. */
const DEPTH_LIMIT = 100;
/** What the tolerant rule does not forgive: two readers could see different content. */
const NEVER_FORGIVEN = /duplicate dict key|trailing bytes/;

function describeValue(value: BencodeValue): Described {
  if (value instanceof Uint8Array) return { s: toHex(value) };
  if (typeof value === 'number' || typeof value === 'bigint') return { i: String(value) };
  if (Array.isArray(value)) return { l: value.map(describeValue) };
  return { d: [...value].map(([key, member]) => [toHex(latin1Encode(key)), describeValue(member)]) };
}

describeCorpus('bencode of the corpus', () => {
  const vectors = readCorpusJson('bencode/vectors.json') as {
    readonly cases: readonly Case[];
    readonly recipes: readonly Recipe[];
  };
  const cases = vectors.cases.map((entry, index) => ({ ...entry, index, bytes: fromHex(entry.input_hex) }));
  const ofClass = (name: string): typeof cases => cases.filter((entry) => entry.class === name);
  const isShallow = (entry: Case): boolean => (entry.depth ?? 0) <= DEPTH_LIMIT;

  test.each(ofClass('valid').filter(isShallow))('$index valid: $text', ({ bytes, value }) => {
    const decoded = decodeBencode(bytes);
    if (value !== undefined) expect(describeValue(decoded)).toEqual(value);
    expect(encodeBencode(decoded)).toEqual(bytes);
    expect(describeValue(decodeBencode(bytes, { canonical: false }))).toEqual(describeValue(decoded));
  });

  test.each(ofClass('valid').filter((entry) => !isShallow(entry)))('$index too deep', ({ bytes }) => {
    expect(() => decodeBencode(bytes)).toThrow(expect.objectContaining({ code: 'BENCODE_TOO_DEEP' }));
  });

  test.each(ofClass('invalid'))('$index invalid: $text, $reason', ({ bytes }) => {
    expect(() => decodeBencode(bytes)).toThrow(BencodeError);
    expect(() => decodeBencode(bytes, { canonical: false })).toThrow(BencodeError);
  });

  test.each(ofClass('non-canonical'))('$index not canonical: $text, $reason', ({ bytes, value, reason }) => {
    expect(() => decodeBencode(bytes)).toThrow(BencodeError);
    if (NEVER_FORGIVEN.test(reason?.join() ?? '')) {
      expect(() => decodeBencode(bytes, { canonical: false })).toThrow(BencodeError);
    } else {
      expect(describeValue(decodeBencode(bytes, { canonical: false }))).toEqual(value);
    }
  });

  test.each(vectors.recipes)('a long string: $prefix is $class', ({ prefix, fill_hex, count, ...recipe }) => {
    const fill = new Uint8Array(count ?? 0).fill(fromHex(fill_hex ?? '00')[0] ?? 0);
    const bytes = concatBytes([utf8Encode(prefix), fill]);
    if (recipe.class === 'valid') expect(decodeBencode(bytes)).toHaveLength(count ?? 0);
    else expect(() => decodeBencode(bytes)).toThrow(BencodeError);
  });

  test.each([
    'fbdtemme-integers.bencode',
    'node-bencode-announce-compacted-peers.bin',
    'torrust-multi_kb.bencode',
    'transmission-debian.resume',
  ])('the file %s is read and written back', (name) => {
    const bytes = readCorpus(`bencode/files/${name}`);
    expect(encodeBencode(decodeBencode(bytes, { canonical: false }))).toHaveLength(bytes.length);
  });
});
