import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { Bitfield } from './bitfield.ts';

const sizes = fc.nat(100);
const filled = sizes.chain((size) =>
  fc.record({
    size: fc.constant(size),
    indices: fc.uniqueArray(fc.nat(Math.max(0, size - 1)), { maxLength: size }),
  }),
);

function build({ size, indices }: { size: number; indices: readonly number[] }): Bitfield {
  const field = new Bitfield(size);
  for (const index of indices) field.add(index);
  return field;
}

test('piece 0 is the high bit of byte 0 (BEP 3)', () => {
  expect(build({ size: 12, indices: [0, 7, 8, 11] }).toBytes()).toEqual(Uint8Array.of(0x81, 0x90));
});

test('holds exactly what was added, in order', () => {
  fc.assert(
    fc.property(filled, (content) => {
      const field = build(content);
      expect([...field]).toEqual([...content.indices].sort((a, b) => a - b));
      expect(field.count).toBe(content.indices.length);
      expect(field.isFull).toBe(content.indices.length === content.size);
    }),
  );
});

test('bytes there and back, and a clone stands alone', () => {
  fc.assert(
    fc.property(filled, (content) => {
      const field = build(content);
      const again = Bitfield.parse(field.toBytes(), content.size);
      expect([...again]).toEqual([...field]);
      expect(again.count).toBe(field.count);
      const clone = field.clone();
      for (const index of content.indices) expect(clone.delete(index)).toBe(true);
      expect(clone.count).toBe(0);
      expect(field.count).toBe(content.indices.length);
    }),
  );
});

test('a full field has no spare bits', () => {
  fc.assert(
    fc.property(sizes, (size) => {
      const field = Bitfield.full(size);
      expect(field.isFull).toBe(true);
      expect(Bitfield.parse(field.toBytes(), size).count).toBe(size);
    }),
  );
});

test('adding twice, deleting twice and out of range change nothing', () => {
  const field = new Bitfield(10);
  expect([field.add(9), field.add(9), field.add(10), field.add(-1)]).toEqual([true, false, false, false]);
  expect([field.delete(9), field.delete(9), field.has(10), field.has(200)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(field.count).toBe(0);
});

test('a wrong length and spare bits are refused', () => {
  expect(() => Bitfield.parse(new Uint8Array(1), 9)).toThrow(
    expect.objectContaining({ code: 'BITFIELD_BAD_LENGTH' }),
  );
  expect(() => Bitfield.parse(Uint8Array.of(0xff, 0x40), 9)).toThrow(
    expect.objectContaining({ code: 'BITFIELD_SPARE_BITS' }),
  );
});

test('any bytes are read or refused with a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), sizes, (bytes, size) => {
      try {
        expect(Bitfield.parse(bytes, size).toBytes()).toEqual(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});
