// Announces of info hashes that all fall into one slot would make every look-up of a tracker a walk through a list.
import { describe, expect, it } from 'vitest';
import { hashWords, type HashKey } from '../../src/core/tracker/store/keyed-hash.ts';

const SLOTS = 4096;
const WORDS = 5;

/** Distinct info hashes, as five words. */
function infoHash(number: number): Int32Array {
  return Int32Array.of(number, 0x5bd1e995 * number, number ^ 0x1b873593, number << 7, -number);
}

function slotOf(key: HashKey, hash: Int32Array): number {
  return hashWords(key, hash, WORDS) & (SLOTS - 1);
}

/** How many fall into the fullest slot. */
function fullest(key: HashKey, hashes: readonly Int32Array[]): number {
  const counts = new Uint32Array(SLOTS);
  for (const hash of hashes) {
    const slot = slotOf(key, hash);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return Math.max(...counts);
}

describe('hash-table flooding', () => {
  const known: HashKey = [0x01234567, 0x89abcdef];
  const chosen: Int32Array[] = [];
  for (let number = 1; chosen.length < 500; number++) {
    const hash = infoHash(number);
    if (slotOf(known, hash) === 0) chosen.push(hash);
  }

  it('with info hashes chosen for one key is no flood under another', () => {
    expect(fullest(known, chosen)).toBe(500);
    for (let seed = 1; seed <= 50; seed++) {
      const other: HashKey = [Math.imul(seed, 0x9e3779b1), Math.imul(seed, 0x85ebca77)];
      // 500 balls in 4,096 bins: three or four meet by chance, ten never.
      expect(fullest(other, chosen)).toBeLessThan(10);
    }
  });

  it('a key that differs in one bit spreads them as well: nothing is learnt from a near miss', () => {
    for (let bit = 0; bit < 64; bit++) {
      const near: HashKey =
        bit < 32 ? [known[0] ^ (1 << bit), known[1]] : [known[0], known[1] ^ (1 << (bit - 32))];
      expect(fullest(near, chosen)).toBeLessThan(10);
    }
  });
});
