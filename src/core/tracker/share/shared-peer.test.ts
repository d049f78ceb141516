import { describe, expect, it } from 'vitest';
import {
  encodeBatch,
  fromRank,
  keyOfShared,
  parseBatch,
  rankAt,
  rankOf,
  SENDER_BYTES,
  SHARED_COMPLETED,
  SHARED_GONE,
  SHARED_PARTIAL,
  SHARED_SEED,
  type SharedPeer,
} from './shared-peer.ts';

const SENDER = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const AT = 0x0190_1234_5678;

const four: SharedPeer = {
  infoHash: new Uint8Array(20).fill(0xaa),
  place: Uint8Array.of(9, 8, 7, 6, 0x1a, 0xe1),
  flags: SHARED_SEED | SHARED_COMPLETED,
  at: AT,
};
const six: SharedPeer = {
  infoHash: Uint8Array.from({ length: 20 }, (_, i) => i),
  place: Uint8Array.from({ length: 18 }, (_, i) => 200 + i),
  flags: SHARED_GONE,
  at: 3,
};

describe('batches of what machines tell each other', () => {
  it('have the layout that older machines read', () => {
    const expected = [...SENDER, ...four.infoHash, 9, 0x01, 0x90, 0x12, 0x34, 0x56, 0x78, 6, ...four.place];
    expect([...encodeBatch(SENDER, [four])]).toEqual(expected);
    expect([...encodeBatch(SENDER, [{ ...four, at: AT + 0.9 }])]).toEqual(expected);
  });

  it('are read as they were written', () => {
    expect(parseBatch(encodeBatch(SENDER, [four, six]))).toEqual({ sender: SENDER, peers: [four, six] });
    expect(parseBatch(SENDER)).toEqual({ sender: SENDER, peers: [] });
    expect(SENDER_BYTES).toBe(SENDER.length);
  });

  it('are refused when cut anywhere within an entry', () => {
    const whole = encodeBatch(SENDER, [four]);
    for (let length = 0; length < whole.length; length++) {
      const read = (): unknown => parseBatch(whole.subarray(0, length)).peers;
      if (length === SENDER_BYTES) expect(read()).toEqual([]);
      else expect(read).toThrow(expect.objectContaining({ code: 'BYTES_TRUNCATED' }) as Error);
    }
  });

  it.each([0, 5, 7, 17, 19])('are refused with a place of %d bytes', (length) => {
    const bad = encodeBatch(SENDER, [{ ...four, place: new Uint8Array(length) }]);
    expect(() => parseBatch(bad)).toThrow(
      expect.objectContaining({ code: 'SHARE_BAD_BATCH', received: length }) as Error,
    );
  });
});

describe('the rank of a word', () => {
  it('grows with the time, then with what was said; that a download was finished does not count', () => {
    const ranks = [
      rankAt(AT),
      rankOf({ at: AT, flags: SHARED_SEED }),
      rankOf({ at: AT, flags: SHARED_PARTIAL }),
      rankOf({ at: AT, flags: SHARED_GONE }),
      rankAt(AT + 1),
    ];
    expect(ranks).toEqual([0, 1, 2, 4, 8].map((more) => 8 * AT + more));
    expect(rankOf({ at: AT + 0.5, flags: SHARED_COMPLETED | SHARED_SEED })).toBe(8 * AT + 1);
    expect(rankAt(AT + 0.5)).toBe(8 * AT);
  });

  it('says time and flags again', () => {
    expect(fromRank(rankOf(four))).toEqual({ at: AT, flags: SHARED_SEED });
    expect(fromRank(0)).toEqual({ at: 0, flags: 0 });
    expect(fromRank(7)).toEqual({ at: 0, flags: 7 });
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(fromRank(bad)).toBeUndefined();
  });
});

describe('the key of a peer', () => {
  it('is one for each swarm and place, whatever else is said', () => {
    expect(keyOfShared(four)).toBe(keyOfShared({ ...four, flags: 0, at: 0 } as SharedPeer));
    expect(keyOfShared(four)).not.toBe(keyOfShared({ ...four, infoHash: six.infoHash }));
    expect(keyOfShared(four)).not.toBe(keyOfShared({ ...four, place: six.place }));
    expect(keyOfShared(four)).toHaveLength(26);
  });
});
