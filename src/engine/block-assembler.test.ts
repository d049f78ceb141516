import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockAssembler } from './block-assembler.ts';

describe('the block assembler', () => {
  it('gives the same blocks however the stream is cut', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(lengths, fc.array(fc.integer({ min: 1, max: 30 })), (blockLengths, cuts) => {
        const total = blockLengths.reduce((sum, length) => sum + length, 0);
        const stream = Uint8Array.from({ length: total + 5 }, (_, i) => i);
        const got: number[][] = [];
        const blocks = blockLengths.map((length, piece) => ({ piece, begin: 0, length }));
        const assembler = new BlockAssembler(blocks, (block, data) => {
          expect(block.piece).toBe(got.length);
          got.push([...data]);
        });
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          assembler.push(stream.subarray(at, Math.min(at + cut, stream.length)));
          at += cut;
        }
        expect(got.map((block) => block.length)).toEqual(blockLengths);
        expect(got.flat()).toEqual([...stream.subarray(0, total)]);
      }),
    );
  });
});
