import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { MetadataAssembler } from './metadata-assembler.ts';
import { METADATA_PIECE_BYTES, encodeMetadata, parseMetadata } from './metadata.ts';

const digest = (name: string) => (data: Uint8Array) => new Uint8Array(createHash(name).update(data).digest());
const digests = { sha1: digest('sha1'), sha256: digest('sha256') };
const info = Uint8Array.from({ length: 3 * METADATA_PIECE_BYTES + 100 }, (_, i) => (i * 7) & 0xff);
const pieceOf = (bytes: Uint8Array, piece: number): Uint8Array =>
  bytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES);

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

describe('MetadataAssembler', () => {
  let assembler: MetadataAssembler;
  beforeEach(() => {
    assembler = new MetadataAssembler(
      { infoHash: digests.sha1(info), infoHashV2: digests.sha256(info) },
      digests,
    );
  });

  const asked = (peer: number, now = 0): number[] => {
    const pieces: number[] = [];
    for (
      let piece = assembler.request(peer, now);
      piece !== undefined;
      piece = assembler.request(peer, now)
    ) {
      pieces.push(piece);
    }
    return pieces;
  };
  const answer = (peer: number, piece: number, from = info) =>
    assembler.data(peer, { piece, totalSize: from.length, data: pieceOf(from, piece) });

  it('asks one peer for a few pieces at once and gives the dictionary when all are in', () => {
    assembler.offer(1, info.length);
    expect(asked(1)).toEqual([0, 1, 2, 3]);
    expect([3, 1, 0].map((piece) => answer(1, piece).kind)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(answer(1, 2)).toEqual({ kind: 'complete', infoBytes: info });
  });

  it('ignores what it did not ask for', () => {
    assembler.offer(1, info.length);
    assembler.offer(2, info.length);
    expect(answer(1, 0).kind).toBe('ignored');
    expect(asked(1)).toHaveLength(4);
    expect(asked(2)).toEqual([]);
    expect(answer(2, 0).kind).toBe('ignored');
  });

  it('asks another peer when one refuses, and when one is silent', () => {
    assembler.offer(1, info.length);
    asked(1);
    assembler.offer(2, info.length);
    assembler.reject(1, 0, 100);
    expect(asked(2, 100)).toEqual([0]);
    expect(assembler.nextTimeout()).toBe(10_000);
    expect(asked(2, 10_000)).toEqual([1, 2, 3]);
    expect(asked(1, 10_000)).toEqual([]);
  });

  it('comes back to a peer after its rest, and does not wake up without need', () => {
    assembler.offer(1, info.length);
    asked(1);
    for (const piece of [0, 1, 2, 3]) assembler.reject(1, piece, 0);
    expect(assembler.nextTimeout()).toBe(30_000);
    expect(asked(1, 30_000)).toEqual([0, 1, 2, 3]);
    expect(assembler.nextTimeout()).toBe(40_000);
  });

  it('blames the only sender of a wrong dictionary', () => {
    const wrong = info.slice().fill(0, 0, 10);
    assembler.offer(1, info.length);
    for (const piece of asked(1).slice(1)) answer(1, piece, wrong);
    expect(answer(1, 0, wrong)).toEqual({ kind: 'failed', peers: [1] });
    expect(asked(1)).toEqual([]);
  });

  it('tells the liar among several senders by asking one alone', () => {
    const wrong = info.slice().fill(0, 0, 10);
    assembler.offer(1, info.length);
    assembler.offer(2, info.length);
    asked(1);
    assembler.reject(1, 3, 0);
    expect(asked(2)).toEqual([3]);
    for (const piece of [0, 1, 2]) answer(1, piece, wrong);
    expect(answer(2, 3)).toEqual({ kind: 'failed', peers: [] });
    const later = 30_000;
    const first = asked(1, later);
    expect(first).toEqual([0, 1, 2, 3]);
    expect(asked(2, later)).toEqual([]);
    expect(first.map((piece) => answer(1, piece, wrong)).at(-1)).toEqual({ kind: 'failed', peers: [1] });
    expect(
      asked(2, later)
        .map((piece) => answer(2, piece).kind)
        .at(-1),
    ).toBe('complete');
  });

  it('leaves a false size for another when its peers do not deliver', () => {
    assembler.offer(1, 500);
    assembler.offer(2, info.length);
    expect(asked(1)).toEqual([0]);
    expect(asked(2)).toEqual([]);
    assembler.reject(1, 0, 0);
    expect(asked(2)).toEqual([0, 1, 2, 3]);
  });

  it('blames a piece of a wrong length or for another size at once', () => {
    assembler.offer(1, info.length);
    asked(1);
    expect(assembler.data(1, { piece: 0, totalSize: info.length, data: new Uint8Array(10) })).toEqual({
      kind: 'failed',
      peers: [1],
    });
    assembler.offer(2, info.length);
    asked(2);
    expect(assembler.data(2, { piece: 0, totalSize: 5, data: pieceOf(info, 0) }).kind).toBe('failed');
  });

  it('takes no offer beyond the limit', () => {
    assembler.offer(1, LIMITS.metadataBytes.value + 1);
    assembler.offer(2, 0);
    expect([...asked(1), ...asked(2)]).toEqual([]);
  });
});
