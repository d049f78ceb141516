import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concatBytes,
  equalBytes,
  latin1Decode,
  latin1Encode,
  utf8Decode,
  utf8Encode,
} from '../bytes/bytes.ts';
import { UsageError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { decodeBencode, decodeBencodeDict, decodeBencodePrefix } from './decode.ts';
import type { BencodeValue } from './decode.ts';
import { encodeBencode } from './encode.ts';
import { BencodeError } from './error.ts';
import { dictOf, getBytes, getDict, getInt, getList, getText } from './fields.ts';

const keys = fc.uint8Array({ maxLength: 24 }).map(latin1Decode);
const { value: values } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(keys, tie('value')), { maxLength: 5, selector: ([key]) => key })
      .map((members) => new Map(members.sort(([a], [b]) => (a < b ? -1 : 1)))),
  ),
}));

/** Dictionaries as Maps, which compare by what is in them. */
function plain(value: BencodeValue | undefined): unknown {
  const dict = dictOf(value);
  if (dict !== undefined) return new Map([...dict].map(([key, member]) => [key, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

const bytesOf = (text: string): Uint8Array => utf8Encode(text);

function codeOf(text: string, canonical = true): string {
  try {
    decodeBencode(bytesOf(text), { canonical });
    return 'none';
  } catch (error) {
    return error instanceof BencodeError ? `${error.code}@${String(error.offset)}` : 'other';
  }
}

describe('round trips', () => {
  test('any value is written and read back, in one form', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeBencode(value);
        const decoded = decodeBencode(bytes);
        expect(plain(decoded)).toEqual(value);
        expect(encodeBencode(decoded)).toEqual(bytes);
      }),
    );
  });

  test('any value is read alike where words are looked up, behind enough other data', () => {
    const padding = new Uint8Array(4096);
    fc.assert(
      fc.property(values, (value) => {
        const list = decodeBencode(encodeBencode([padding, value, value]));
        expect(Array.isArray(list) && list.slice(1).map(plain)).toEqual([value, value]);
      }),
    );
  });

  test('the examples of BEP 3', () => {
    expect(utf8Decode(encodeBencode({ spam: 'eggs', cow: 'moo' }))).toBe('d3:cow3:moo4:spam4:eggse');
    expect(utf8Decode(encodeBencode({ spam: ['a', 'b'] }))).toBe('d4:spaml1:a1:bee');
    expect(decodeBencode(bytesOf('i-3e'))).toBe(-3);
    expect(decodeBencode(bytesOf('l4:spam4:eggse'))).toEqual([bytesOf('spam'), bytesOf('eggs')]);
  });

  test('64-bit integers keep every digit', () => {
    for (const text of ['i9223372036854775807e', 'i-9223372036854775808e', 'i9007199254740993e']) {
      expect(utf8Decode(encodeBencode(decodeBencode(bytesOf(text))))).toBe(text);
    }
  });
});

describe('encoding', () => {
  test('strings so long that they are copied once stand between short ones', () => {
    const lengths = [65_535, 1, 65_536, 0, 70_000, 65_536, 300];
    const strings = lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
    const parts = strings.flatMap((bytes) => [bytesOf(`${String(bytes.length)}:`), bytes]);
    const expected = concatBytes([bytesOf('l'), ...parts, bytesOf('e')]);
    expect(equalBytes(encodeBencode(strings), expected)).toBe(true);
  });

  test.each([0, 9, 10, 2 ** 31 - 1, 2 ** 31, -1, -(2 ** 31), Number.MAX_SAFE_INTEGER, -(2n ** 63n)])(
    'the integer %d',
    (value) => {
      expect(utf8Decode(encodeBencode(value))).toBe(`i${String(value)}e`);
    },
  );

  test('keys of an object are text, keys of a Map are bytes', () => {
    expect(encodeBencode({ é: 1 })).toEqual(bytesOf('d2:éi1ee'));
    expect(encodeBencode(new Map([['\u00e9', 1]]))).toEqual(
      Uint8Array.of(0x64, 0x31, 0x3a, 0xe9, 0x69, 0x31, 0x65, 0x65),
    );
  });

  test('undefined members are left out', () => {
    expect(utf8Decode(encodeBencode({ a: undefined, b: 1 }))).toBe('d1:bi1ee');
  });

  test('sorts keys as bytes, not as UTF-16', () => {
    const encoded = utf8Decode(encodeBencode({ '\u{10000}': 1, '\uffff': 2 }));
    expect(encoded.indexOf('\uffff')).toBeLessThan(encoded.indexOf('\u{10000}'));
  });

  test.each([[1.5], [Number.NaN], [2 ** 53], [Number.POSITIVE_INFINITY]])(
    'refuses the number %d',
    (value) => {
      expect(() => encodeBencode(value)).toThrow(UsageError);
      expect(() => encodeBencode(value)).toThrow(expect.objectContaining({ code: 'BENCODE_NOT_INTEGER' }));
    },
  );

  test('refuses a Map key that is not bytes', () => {
    expect(() => encodeBencode(new Map([['€', 1]]))).toThrow(UsageError);
  });
});

describe('dictionaries', () => {
  const entries = fc
    .uniqueArray(fc.tuple(keys, fc.nat()), { maxLength: 40, selector: ([key]) => key })
    .map((list) => [...list].sort(([a], [b]) => (a < b ? -1 : 1)));

  // Read canonically they are our own class; out of order, Maps.
  test.each([true, false])('read as the Map of their members (in order: %s)', (isOrdered) => {
    fc.assert(
      fc.property(entries, fc.array(keys), (list, others) => {
        const members = isOrdered ? list : [...list].reverse();
        const parts = members.map(([key, number]) => [latin1Encode(key), number] as const);
        const texts = parts.map(([key, number]) => [encodeBencode(key), encodeBencode(number)]);
        const bytes = concatBytes([bytesOf('d'), ...texts.flat(), bytesOf('e')]);
        const dict = dictOf(decodeBencode(bytes, { canonical: false }));
        const model = new Map(members);
        expect([dict?.size, [...(dict ?? [])]]).toEqual([model.size, members]);
        expect([[...(dict?.keys() ?? [])], [...(dict?.values() ?? [])]]).toEqual([
          [...model.keys()],
          [...model.values()],
        ]);
        const seen: unknown[] = [];
        dict?.forEach((value, key) => seen.push([key, value]));
        expect(seen).toEqual(members);
        for (const key of [...others, ...model.keys()]) {
          expect([dict?.has(key), dict?.get(key)]).toEqual([model.has(key), model.get(key)]);
        }
      }),
    );
  });

  test('names that objects inherit are no members', () => {
    const dict = dictOf(decodeBencode(bytesOf('d9:__proto__d1:xi1eee')));
    expect([dict?.has('constructor'), dict?.get('toString'), dict?.get('x')]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect(plain(dict?.get('__proto__'))).toEqual(new Map([['x', 1]]));
  });

  test('keep their members while dictionaries inside them are read', () => {
    const text = 'd1:ad1:ai1e1:bi2ee1:bd1:ai3e1:bi4ee1:cd1:ai5eee';
    expect(plain(decodeBencode(bytesOf(text)))).toEqual(
      new Map([
        [
          'a',
          new Map([
            ['a', 1],
            ['b', 2],
          ]),
        ],
        [
          'b',
          new Map([
            ['a', 3],
            ['b', 4],
          ]),
        ],
        ['c', new Map([['a', 5]])],
      ]),
    );
  });

  test('out of order with dictionaries inside them', () => {
    const dict = decodeBencode(bytesOf('d1:bd1:bi1e1:ai2ee1:ad1:xi3eee'), { canonical: false });
    expect(plain(dict)).toEqual(
      new Map([
        [
          'b',
          new Map([
            ['b', 1],
            ['a', 2],
          ]),
        ],
        ['a', new Map([['x', 3]])],
      ]),
    );
  });
});

describe('decoding', () => {
  test.each([
    ['i01e', 'BENCODE_LEADING_ZERO@0'],
    ['i-0e', 'BENCODE_LEADING_ZERO@0'],
    ['02:aa', 'BENCODE_LEADING_ZERO@0'],
    ['d1:bi1e1:ai2ee', 'BENCODE_UNSORTED@7'],
    ['i9223372036854775808e', 'BENCODE_INTEGER_TOO_LARGE@0'],
    ['i-9223372036854775809e', 'BENCODE_INTEGER_TOO_LARGE@0'],
    [`i${'9'.repeat(LIMITS.bencodeIntegerDigits.value)}e`, 'BENCODE_INTEGER_TOO_LARGE@0'],
  ])('%s is refused (%s), and forgiven by the tolerant rule', (text, code) => {
    expect(codeOf(text)).toBe(code);
    expect(codeOf(text, false)).toBe('none');
  });

  test.each([
    ['d1:ai1e1:ai2ee', 'BENCODE_DUPLICATE_KEY@7'],
    ['d1:bi1e1:ai2e1:bi3ee', 'BENCODE_DUPLICATE_KEY@13'],
    ['i1ei2e', 'BENCODE_TRAILING@3'],
    ['', 'BENCODE_TRUNCATED@0'],
    ['d1:ai1e', 'BENCODE_TRUNCATED@7'],
    ['d1:a', 'BENCODE_TRUNCATED@4'],
    ['9xx', 'BENCODE_TRUNCATED@0'],
    ['3xx', 'BENCODE_UNEXPECTED@0'],
    ['i12', 'BENCODE_TRUNCATED@0'],
    ['i', 'BENCODE_TRUNCATED@0'],
    ['5:abc', 'BENCODE_TRUNCATED@0'],
    ['99999999999999999999999:a', 'BENCODE_TRUNCATED@0'],
    [':a', 'BENCODE_UNEXPECTED@0'],
    ['le1', 'BENCODE_TRAILING@2'],
    ['x', 'BENCODE_UNEXPECTED@0'],
    ['1', 'BENCODE_TRUNCATED@0'],
    ['ie', 'BENCODE_BAD_INTEGER@0'],
    ['i-e', 'BENCODE_BAD_INTEGER@0'],
    ['i+1e', 'BENCODE_BAD_INTEGER@0'],
    ['i 1e', 'BENCODE_BAD_INTEGER@0'],
    [`i${'9'.repeat(LIMITS.bencodeIntegerDigits.value + 1)}e`, 'BENCODE_INTEGER_TOO_LARGE@0'],
  ])('%s is refused by either rule (%s)', (text, code) => {
    expect(codeOf(text, false)).toBe(code);
  });

  test('a million brackets neither crash nor hang', () => {
    expect(codeOf('l'.repeat(1_000_000))).toBe('BENCODE_TOO_DEEP@101');
    expect(codeOf('d1:a'.repeat(250_000))).toBe('BENCODE_TOO_DEEP@401');
  });

  test('millions of tiny values are refused before they fill the memory', () => {
    const most = LIMITS.bencodeValues.value;
    expect(codeOf(`l${'i0e'.repeat(most)}e`)).toBe(`BENCODE_TOO_MANY@${String(3 * most - 2)}`);
  });

  test('what is no dictionary has no members', () => {
    expect(() => decodeBencodeDict(bytesOf('l1:ai1ee'))).toThrow(
      expect.objectContaining({ code: 'BENCODE_NO_DICT', offset: 0 }),
    );
  });

  test('a negative zero that is forgiven is zero', () => {
    expect(decodeBencode(bytesOf('i-0e'), { canonical: false })).toBe(0);
  });

  test('strings are views on the input', () => {
    const bytes = bytesOf('4:spam');
    expect((decodeBencode(bytes) as Uint8Array).buffer).toBe(bytes.buffer);
  });

  test('equal words are shared in long input, where it pays', () => {
    const shared = (padding: number): boolean => {
      const list = decodeBencode(encodeBencode([new Uint8Array(padding), 'season one', 'season one']));
      return Array.isArray(list) && list[1] === list[2];
    };
    expect([shared(0), shared(4096)]).toEqual([false, true]);
  });

  test('keys that share a place in the cache stay apart', () => {
    const words = Array.from({ length: 2000 }, (_, i) => [`k${String(i).padStart(4, '0')}`, i] as const);
    expect(plain(decodeBencode(encodeBencode(Object.fromEntries(words))))).toEqual(new Map(words));
  });

  test('a prefix ends where the data begins', () => {
    const { value, end } = decodeBencodePrefix(bytesOf('d8:msg_typei1eeDATA'));
    expect(plain(value)).toEqual(new Map([['msg_type', 1]]));
    expect(end).toBe(15);
  });

  test('raw members are the bytes as found, whatever their order', () => {
    const { raw, dict, end } = decodeBencodeDict(bytesOf('d4:infod1:bi1e1:ai2ee1:zi0ee\n'), {
      canonical: false,
    });
    expect(utf8Decode(raw.get('info') ?? new Uint8Array())).toBe('d1:bi1e1:ai2ee');
    expect(dict.get('z')).toBe(0);
    expect(end).toBe(28);
  });

  test('every truncation of a valid value is refused', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encodeBencode(value);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodeBencode(bytes.subarray(0, length), { canonical: false })).toThrow(BencodeError);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('any bytes are read or refused with a BencodeError', () => {
    const alphabet = fc
      .array(fc.constantFrom(...Array.from('dlie0123456789:-a')), { maxLength: 60 })
      .map((text) => text.join(''));
    fc.assert(
      fc.property(
        fc.oneof(alphabet.map(bytesOf), fc.uint8Array({ maxLength: 60 })),
        fc.boolean(),
        (bytes, canonical) => {
          try {
            const value = decodeBencode(bytes, { canonical });
            // The canonical rule leaves only one way to write each value.
            if (canonical) expect(encodeBencode(value)).toEqual(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(BencodeError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('fields are undefined when absent or of another type', () => {
  const dict = new Map<string, BencodeValue>([
    ['bytes', bytesOf('é')],
    ['int', 7],
    ['big', 2n ** 60n],
    ['list', [1]],
    ['dict', new Map()],
  ]);
  expect([getText(dict, 'bytes'), getInt(dict, 'int'), getList(dict, 'list')]).toEqual(['é', 7, [1]]);
  expect([getBytes(dict, 'bytes'), getDict(dict, 'dict')]).toEqual([bytesOf('é'), new Map()]);
  expect([getText(dict, 'int'), getInt(dict, 'bytes'), getInt(dict, 'big')]).toEqual(
    Array(3).fill(undefined),
  );
  expect([getList(dict, 'dict'), getDict(dict, 'list'), getBytes(dict, 'no')]).toEqual(
    Array(3).fill(undefined),
  );
  expect([getBytes(dict, 'int'), getBytes(dict, 'list')]).toEqual([undefined, undefined]);
});
