import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError, UsageError } from '../errors.ts';
import {
  concatBytes,
  equalBytes,
  fromBase32,
  fromHex,
  latin1Decode,
  latin1Encode,
  latin1ToUtf8,
  toBase32,
  toHex,
  utf8Decode,
  utf8Encode,
} from './bytes.ts';
import { ByteReader } from './reader.ts';
import { ByteWriter } from './writer.ts';

const anyBytes = fc.uint8Array({ maxLength: 300 });

describe('conversions', () => {
  test.each([
    ['hex', toHex, fromHex],
    ['base32', toBase32, fromBase32],
    ['latin1', latin1Decode, latin1Encode],
  ])('%s there and back', (_, to, from) => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(from(to(bytes))).toEqual(bytes);
      }),
    );
  });

  test('utf8 there and back, short and long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(utf8Decode(utf8Encode(text))).toBe(text);
        expect(latin1ToUtf8(latin1Decode(utf8Encode(text)))).toBe(text);
      }),
    );
  });

  test('known values (RFC 4648)', () => {
    expect(toBase32(utf8Encode('foobar'))).toBe('MZXW6YTBOI');
    expect(toHex(utf8Encode('foobar'))).toBe('666f6f626172');
    expect(fromHex('666F6f')).toEqual(utf8Encode('foo'));
    expect(fromBase32('mzxw6')).toEqual(utf8Encode('foo'));
  });

  test('what is no UTF-8 becomes a replacement character, and a byte order mark stays', () => {
    expect(utf8Decode(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb');
    expect(utf8Decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });

  test.each(['0', 'zz', '0g', '-1', ' 0', '0x'])('hex refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: 'HEX_INVALID' }));
  });

  test.each(['1', 'A', 'AAA', 'AB', 'MZXW6===', 'ß', '0O'])('base32 refuses %j', (text) => {
    expect(() => fromBase32(text)).toThrow(expect.objectContaining({ code: 'BASE32_INVALID' }));
  });

  test('latin1 refuses characters of more than a byte', () => {
    expect(() => latin1Encode('aĀ')).toThrow(UsageError);
  });

  test('latin1 takes more bytes than a call takes arguments', () => {
    expect(latin1Decode(new Uint8Array(1_000_000))).toHaveLength(1_000_000);
  });

  test('joins and compares', () => {
    fc.assert(
      fc.property(fc.array(anyBytes), (chunks) => {
        expect(toHex(concatBytes(chunks))).toBe(chunks.map(toHex).join(''));
      }),
    );
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });
});

describe('reader and writer', () => {
  const fields = fc.record({
    a: fc.nat(0xff),
    b: fc.nat(0xffff),
    c: fc.integer({ min: 0, max: 0xffff_ffff }),
    d: fc.maxSafeNat(),
    e: anyBytes,
  });

  test('what is written is read', () => {
    fc.assert(
      fc.property(fields, ({ a, b, c, d, e }) => {
        const reader = new ByteReader(new ByteWriter(1).u8(a).u16(b).u32(c).u64(d).bytes(e).finish());
        expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.rest()]).toEqual([
          a,
          b,
          c,
          d,
          e,
        ]);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('numbers are big-endian', () => {
    expect(toHex(new ByteWriter().u16(1).u32(0x80000002).u64(0x1_0000_0003).finish())).toBe(
      '0001800000020000000100000003',
    );
  });

  test('the largest u64 reads as the nearest double', () => {
    expect(new ByteReader(new Uint8Array(8).fill(0xff)).u64()).toBe(2 ** 64);
  });

  test('reading past the end throws and moves nothing', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(() => reader.u32()).toThrow(ProtocolError);
    expect(() => reader.bytes(4)).toThrow(expect.objectContaining({ code: 'BYTES_TRUNCATED' }));
    expect(reader.remaining).toBe(3);
    expect(reader.bytes(3)).toEqual(Uint8Array.of(1, 2, 3));
  });
});
