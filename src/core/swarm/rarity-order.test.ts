import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../errors.ts';
import { RarityOrder } from './rarity-order.ts';
import { Rng } from './rng.ts';

/** All pieces of the set in its order. */
function listed(order: RarityOrder): number[] {
  const pieces: number[] = [];
  order.find((piece) => {
    pieces.push(piece);
    return false;
  }, Number.POSITIVE_INFINITY);
  return pieces;
}

/** A set with one piece for each count. */
function orderOf(counts: readonly number[], seed = 1): RarityOrder {
  const order = new RarityOrder(counts.length, new Rng(seed));
  for (const [piece, count] of counts.entries()) order.insert(piece, count);
  return order;
}

const SIZE = 12;
const steps = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.constantFrom('in', 'out', 'more', 'less')), {
  maxLength: 80,
  size: 'max',
});

/** The set, and a model of it. */
class Pair {
  readonly order: RarityOrder;
  readonly counts: number[] = Array<number>(SIZE).fill(0);
  readonly inside: Set<number> = new Set();

  constructor(seed: number) {
    this.order = new RarityOrder(SIZE, new Rng(seed));
  }

  /** Does what is allowed in this state. */
  step(piece: number, kind: string): void {
    const { order, counts, inside } = this;
    const count = counts[piece] ?? 0;
    if (kind === 'in' && !inside.has(piece)) {
      inside.add(piece);
      order.insert(piece, count);
    } else if (kind === 'out' && inside.delete(piece)) order.remove(piece, count);
    else if (kind === 'more') {
      if (inside.has(piece)) order.increase(piece, count);
      counts[piece] = count + 1;
    } else if (kind === 'less' && count > 0) {
      if (inside.has(piece)) order.decrease(piece, count);
      counts[piece] = count - 1;
    }
  }
}

describe('pieces in order of rarity', () => {
  it('are sorted and complete after every step', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, seed) => {
        const pair = new Pair(seed);
        const { order, counts, inside } = pair;
        for (const [piece, kind] of list) {
          pair.step(piece, kind);
          const pieces = listed(order);
          expect(order.length).toBe(inside.size);
          expect(new Set(pieces)).toEqual(inside);
          expect(pieces).toHaveLength(inside.size);
          const sorted = pieces.map((piece) => counts[piece] ?? 0);
          expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stand at random among equals, the newcomer of a count too', () => {
    const firsts = new Set<number>();
    const lasts = new Set<number>();
    const raised = new Set<number>();
    const lowered = new Set<number>();
    for (let seed = 1; seed < 200; seed++) {
      const order = orderOf([1, 1, 1, 1], seed);
      firsts.add(listed(order)[0] ?? -1);
      lasts.add(listed(order)[3] ?? -1);
      const rising = orderOf([0, 1, 1, 1], seed);
      rising.increase(0, 0);
      raised.add(listed(rising).indexOf(0));
      const falling = orderOf([2, 1, 1, 1], seed);
      falling.decrease(0, 2);
      lowered.add(listed(falling).indexOf(0));
    }
    for (const places of [firsts, lasts, raised, lowered]) expect([...places].sort()).toEqual([0, 1, 2, 3]);
  });

  it('are found rarest first, in the first so many only', () => {
    const order = orderOf([3, 0, 2, 1]);
    expect(order.find(() => true, Number.POSITIVE_INFINITY)).toBe(1);
    expect(order.find((piece) => piece === 0, Number.POSITIVE_INFINITY)).toBe(0);
    expect(order.find((piece) => piece === 2, 3)).toBe(2);
    expect(order.find((piece) => piece === 2, 2)).toBe(-1);
    expect(order.find(() => true, 0)).toBe(-1);
  });

  it('are found from a place on, going round once', () => {
    const order = orderOf([0, 1, 2, 3]);
    const asked: number[] = [];
    expect(order.findFrom(2, (piece) => asked.push(piece) > 3 && piece === 1)).toBe(1);
    expect(asked).toEqual([2, 3, 0, 1]);
    expect(order.findFrom(2, () => true)).toBe(2);
    asked.length = 0;
    expect(order.findFrom(2, (piece) => asked.push(piece) < 0)).toBe(-1);
    expect(asked).toEqual([2, 3, 0, 1]);
  });

  it('are there once: coming twice and going when absent are errors of the caller', () => {
    const order = orderOf([1, 1]);
    expect(() => order.insert(0, 1)).toThrow(InvariantError);
    order.remove(0, 1);
    expect(() => order.remove(0, 1)).toThrow(InvariantError);
    order.insert(0, 1);
    expect(order.length).toBe(2);
  });
});
