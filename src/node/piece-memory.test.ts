import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pieceMemory } from './piece-memory.ts';

test('copies exactly the bytes, wherever they lie', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 });
  fc.assert(
    fc.property(bytes, fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)), (source, [skip, at, behind]) => {
      const stream = new Uint8Array(skip + source.length);
      stream.set(source, skip);
      const target = pieceMemory.allocate(at + source.length + behind).fill(0xee);
      pieceMemory.copy(target, at, stream.subarray(skip));
      const expected = new Uint8Array(target.length).fill(0xee);
      expected.set(source, at);
      expect([...target]).toEqual([...expected]);
    }),
  );
});

test('threads can share it', () => {
  expect(pieceMemory.allocate(16).buffer).toBeInstanceOf(SharedArrayBuffer);
});
