import { beforeEach, describe, expect, it } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import { LIMITS } from '../limits.ts';
import { METADATA_PIECE_BYTES } from '../wire/metadata.ts';
import { MetadataAssembler } from './metadata-assembler.ts';

const info = Uint8Array.from({ length: 3 * METADATA_PIECE_BYTES + 100 }, (_, i) => (i * 7) & 0xff);
const pieceOf = (bytes: Uint8Array, piece: number): Uint8Array =>
  bytes.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES);

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
    expect(asked(2, 10_000)).toEqual([1, 2, 3]);
    expect(asked(1, 10_000)).toEqual([]);
  });

  it('comes back to a peer after its rest', () => {
    assembler.offer(1, info.length);
    asked(1);
    for (const piece of [0, 1, 2, 3]) assembler.reject(1, piece, 0);
    expect(asked(1, 14_999)).toEqual([]);
    expect(asked(1, 15_000)).toEqual([0, 1, 2, 3]);
  });

  it('asks another one alone when the one that is asked alone leaves halfway', () => {
    const wrong = info.slice().fill(0, 0, 10);
    for (const peer of [1, 2, 3]) assembler.offer(peer, info.length);
    const [last = 0] = asked(1).slice(3);
    assembler.reject(1, last, 0);
    asked(2);
    for (const piece of [0, 1, 2]) answer(1, piece, wrong);
    expect(answer(2, last)).toEqual({ kind: 'failed', peers: [] });
    expect(asked(2)).toEqual([0, 1, 2, 3]);
    answer(2, 0);
    assembler.remove(2);
    expect(asked(3)).toEqual([0, 1, 2, 3]);
    expect([0, 1, 2, 3].map((piece) => answer(3, piece).kind).at(-1)).toBe('complete');
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
