import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { METADATA_PIECE_BYTES, encodeMetadata, parseMetadata } from './metadata.ts';

describe('metadata messages', () => {
  it('are read back as they were written', () => {
    const data = new Uint8Array(5).fill(1);
    for (const message of [
      { kind: 'request', piece: 3 },
      { kind: 'reject', piece: 0 },
      { kind: 'data', piece: 1, totalSize: METADATA_PIECE_BYTES + 5, data },
    ] as const) {
      expect(parseMetadata(encodeMetadata(message))).toEqual(message);
    }
  });

  it('of an unknown type are to be ignored', () => {
    expect(parseMetadata(latin1Encode('d8:msg_typei7ee'))).toEqual({ kind: 'unknown' });
  });

  it.each([
    ['no dictionary', 'le'],
    ['no type', 'd5:piecei0ee'],
    ['no piece', 'd8:msg_typei0ee'],
    ['a piece below zero', 'd8:msg_typei2e5:piecei-1ee'],
    ['no data', 'd8:msg_typei1e5:piecei0ee'],
  ])('with %s are refused', (_, text) => {
    expect(() => parseMetadata(latin1Encode(text))).toThrow(
      expect.objectContaining({ code: 'WIRE_BAD_METADATA' }),
    );
  });

  it('may carry a whole piece and no more, and keys out of order', () => {
    const head = 'd5:piecei0e8:msg_typei1ee';
    const whole = parseMetadata(latin1Encode(head + 'x'.repeat(METADATA_PIECE_BYTES)));
    expect(whole).toMatchObject({ kind: 'data', piece: 0, totalSize: undefined });
    expect(() => parseMetadata(latin1Encode(head + 'x'.repeat(METADATA_PIECE_BYTES + 1)))).toThrow(
      expect.objectContaining({ code: 'WIRE_BAD_METADATA' }),
    );
  });

  it('throw nothing but ProtocolError', () => {
    const parts = fc.constantFrom('d', 'e', '8:msg_type', 'i1e', 'i-1e', '5:piece', 'l', 'x');
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        try {
          parseMetadata(latin1Encode(texts.join('')));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
    const oversized = new Uint8Array(METADATA_PIECE_BYTES + 1);
    const payload = encodeMetadata({ kind: 'data', piece: 0, totalSize: 99_999, data: oversized });
    expect(() => parseMetadata(payload)).toThrow(ProtocolError);
  });
});
