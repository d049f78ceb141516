import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/bytes.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { ProtocolError, UsageError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { checkLength, parseMessage } from './decode.ts';
import { encodeInto, encodeMessage, encodePieceHeader } from './encode.ts';
import type { HashRange, Message } from './messages.ts';

const u32 = fc.nat({ max: 0xffff_ffff });
const bytes = (constraints: { minLength?: number; maxLength: number }): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array(constraints).map((array) => new Uint8Array(array));
const range: fc.Arbitrary<HashRange> = fc.record({
  piecesRoot: bytes({ minLength: 32, maxLength: 32 }),
  baseLayer: u32,
  index: u32,
  length: u32,
  proofLayers: u32,
});
const block = { piece: u32, begin: u32, length: u32 };
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      ...([
        'keep-alive',
        'choke',
        'unchoke',
        'interested',
        'not-interested',
        'have-all',
        'have-none',
      ] as const),
    ),
  }),
  fc.record({ kind: fc.constantFrom(...(['have', 'suggest', 'allowed-fast'] as const)), piece: u32 }),
  fc.record({ kind: fc.constantFrom(...(['request', 'cancel', 'reject'] as const)), ...block }),
  fc.record({ kind: kind('bitfield'), bits: bytes({ maxLength: 50 }) }),
  fc.record({ kind: kind('piece'), piece: u32, begin: u32, data: bytes({ maxLength: 50 }) }),
  fc.record({ kind: kind('port'), port: fc.nat({ max: 0xffff }) }),
  fc.record({ kind: kind('extended'), id: fc.nat({ max: 255 }), payload: bytes({ maxLength: 50 }) }),
  fc.record({ kind: fc.constantFrom(...(['hash-request', 'hash-reject'] as const)), range }),
  fc.record({
    kind: kind('hashes'),
    range,
    hashes: fc.integer({ min: 1, max: 3 }).map((n) => new Uint8Array(32 * n).fill(n)),
  }),
);

describe('peer messages', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(parseMessage(encodeMessage(value))).toEqual(value);
      }),
    );
  });

  it('share one writer, frame after frame', () => {
    const writer = new ByteWriter();
    encodeInto(encodeInto(writer, { kind: 'have', piece: 1 }), { kind: 'choke' });
    expect(toHex(writer.finish())).toBe('0000000504000000010000000100');
  });

  it('are refused when truncated or padded', () => {
    fc.assert(
      fc.property(message, (value) => {
        const frame = encodeMessage(value);
        for (let length = 0; length < frame.length; length++) {
          expect(() => parseMessage(frame.subarray(0, length))).toThrow(ProtocolError);
        }
        const padded = new Uint8Array(frame.length + 1);
        padded.set(frame);
        expect(() => parseMessage(padded)).toThrow(ProtocolError);
      }),
      { numRuns: 50 },
    );
  });

  it('never throw anything but ProtocolError on noise with a right length', () => {
    fc.assert(
      fc.property(bytes({ maxLength: 120 }), (body) => {
        const frame = new ByteWriter().u32(body.length).bytes(body).finish();
        try {
          parseMessage(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of an unknown type are named by it, and cannot be written', () => {
    expect(parseMessage(fromHex('00000003fe0102'))).toEqual({ kind: 'unknown', id: 0xfe });
    expect(() => encodeMessage({ kind: 'unknown', id: 0xfe })).toThrow(UsageError);
  });

  it('with a block larger than the limit are refused, up to it they are taken', () => {
    const frame = (data: number): Uint8Array =>
      encodeMessage({ kind: 'piece', piece: 0, begin: 0, data: new Uint8Array(data) });
    expect(parseMessage(frame(LIMITS.blockBytes.value)).kind).toBe('piece');
    expect(() => parseMessage(frame(LIMITS.blockBytes.value + 1))).toThrow(
      expect.objectContaining({ code: 'WIRE_BLOCK_TOO_LARGE' }),
    );
  });

  it('give the header of a piece apart from its data', () => {
    const data = new Uint8Array(16_384).fill(7);
    const run = new Uint8Array(3 + 13 + data.length);
    encodePieceHeader(run, 3, { piece: 0x01020304, begin: 0xfffefdfc, length: data.length });
    run.set(data, 16);
    expect(run.subarray(3)).toEqual(
      encodeMessage({ kind: 'piece', piece: 0x01020304, begin: 0xfffefdfc, data }),
    );
  });

  it.each([
    ['a piece without its header', '000000080700000000000000', 'WIRE_BAD_LENGTH'],
    ['an extended message without its id', '0000000114', 'WIRE_BAD_LENGTH'],
    ['a request that is short', '0000000c060000000000000000000000', 'WIRE_BAD_LENGTH'],
    ['a frame cut in its prefix', '000000', 'WIRE_BAD_LENGTH'],
  ])('%s is refused', (_, hex, code) => {
    expect(() => parseMessage(fromHex(hex))).toThrow(expect.objectContaining({ code }));
  });

  it.each([0, 1, 31, 33, 63])('hashes that are %d bytes are refused: they come whole (BEP 52)', (length) => {
    const frame = new ByteWriter()
      .u32(49 + length)
      .u8(22)
      .bytes(new Uint8Array(48 + length))
      .finish();
    expect(() => parseMessage(frame)).toThrow(
      expect.objectContaining({ code: 'WIRE_BAD_LENGTH', received: 49 + length }),
    );
  });

  it('a request for hashes has its one length', () => {
    for (const [id, length] of [
      [21, 47],
      [21, 49],
      [23, 0],
    ] as const) {
      const frame = new ByteWriter()
        .u32(1 + length)
        .u8(id)
        .bytes(new Uint8Array(length))
        .finish();
      expect(() => parseMessage(frame)).toThrow(
        expect.objectContaining({ code: 'WIRE_BAD_LENGTH', expected: 49, received: 1 + length }),
      );
    }
  });

  it('errors of length say what was expected and what came', () => {
    expect(() => parseMessage(fromHex('00000002000102'))).toThrow(
      expect.objectContaining({ code: 'WIRE_BAD_LENGTH', expected: 2, received: 3 }),
    );
    const least = LIMITS.wireMessageBytes.value;
    expect(() => checkLength(least + 1, undefined)).toThrow(
      expect.objectContaining({ code: 'WIRE_MESSAGE_TOO_LARGE', expected: least, received: least + 1 }),
    );
    expect(() => checkLength(least, undefined)).not.toThrow();
    expect(() => checkLength(least, 7)).toThrow(
      expect.objectContaining({ code: 'WIRE_BLOCK_TOO_LARGE', received: least }),
    );
    expect(() => encodeMessage({ kind: 'unknown', id: 1 })).toThrow(
      expect.objectContaining({ code: 'WIRE_UNKNOWN_MESSAGE' }),
    );
  });
});
