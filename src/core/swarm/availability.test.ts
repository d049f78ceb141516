import { describe, expect, it } from 'vitest';
import { Availability } from './availability.ts';
import { Rng } from './rng.ts';

const any = (): boolean => true;

function offered(priorities: readonly number[], seed = 1): Availability {
  const availability = new Availability(priorities.length, new Rng(seed));
  for (const [piece, priority] of priorities.entries()) {
    if (priority > 0) availability.offer(piece, priority);
  }
  return availability;
}

function listed(availability: Availability): number[] {
  const pieces: number[] = [];
  availability.find((piece) => {
    pieces.push(piece);
    return false;
  });
  return pieces;
}

describe('availability', () => {
  it('counts copies, those of full peers in one number', () => {
    const availability = offered([1, 1, 1]);
    availability.fullPeerCame();
    availability.fullPeerCame();
    availability.add(1);
    availability.add(1);
    availability.remove(1);
    expect([0, 1, 2].map((piece) => availability.copies(piece))).toEqual([2, 3, 2]);
    availability.fullPeerWent();
    expect(availability.fullPeers).toBe(1);
    expect([0, 1, 2].map((piece) => availability.copies(piece))).toEqual([1, 2, 1]);
  });

  it('knows the copies of the rarest piece', () => {
    const availability = offered([1, 1]);
    expect(availability.minimum()).toBe(0);
    availability.add(0);
    expect(availability.minimum()).toBe(0);
    availability.add(1);
    availability.add(1);
    expect(availability.minimum()).toBe(1);
    availability.fullPeerCame();
    expect(availability.minimum()).toBe(2);
    const none = offered([]);
    none.fullPeerCame();
    expect(none.minimum()).toBe(1);
  });

  it('offers the rarest first as copies come and go', () => {
    const availability = offered([1, 1, 1]);
    for (const piece of [0, 0, 1]) availability.add(piece);
    expect(listed(availability)).toEqual([2, 1, 0]);
    availability.remove(0);
    availability.remove(0);
    availability.add(2);
    availability.add(2);
    expect(listed(availability)).toEqual([0, 1, 2]);
  });

  it('offers by priority before rarity, in whatever order they came', () => {
    const availability = offered([1, 3, 2, 3, 255]);
    availability.add(1);
    for (const piece of [4, 4, 4]) availability.add(piece);
    expect(listed(availability)).toEqual([4, 3, 1, 2, 0]);
  });

  it('keeps the count of a piece that is not on offer', () => {
    const availability = offered([1, 0, 1]);
    availability.add(1);
    availability.add(1);
    availability.remove(1);
    availability.add(2);
    availability.offer(1, 1);
    availability.add(1);
    expect(listed(availability)).toEqual([0, 2, 1]);
  });

  it('does not offer what was withdrawn, until it is offered again, at another priority perhaps', () => {
    const availability = offered([1, 1]);
    availability.withdraw(0);
    availability.withdraw(0);
    expect(listed(availability)).toEqual([1]);
    availability.add(0);
    availability.offer(0, 2);
    expect(listed(availability)).toEqual([0, 1]);
  });

  it('looks at the first so many of each priority', () => {
    const availability = offered([2, 2, 1, 1]);
    availability.add(1);
    availability.add(3);
    expect(availability.find((piece) => piece === 1, 1)).toBe(-1);
    expect(availability.find((piece) => piece === 2, 1)).toBe(2);
    expect(availability.find((piece) => piece === 3, 1)).toBe(-1);
    expect(availability.find((piece) => piece === 3)).toBe(3);
  });

  it('finds the first on offer, number 0 too', () => {
    const availability = offered([2, 1]);
    expect(availability.find(any)).toBe(0);
    expect(availability.findRandom(any)).toBe(0);
    expect(offered([0]).find(any)).toBe(-1);
    expect(offered([0]).findRandom(any)).toBe(-1);
  });

  it('finds at random among all of the highest priority that has one', () => {
    const found = new Set<number>();
    for (let seed = 1; seed < 200; seed++) {
      const availability = offered([2, 2, 2, 1], seed);
      availability.add(0);
      availability.add(0);
      availability.add(1);
      found.add(availability.findRandom(any));
      expect(availability.findRandom((piece) => piece === 3)).toBe(3);
      expect(availability.findRandom((piece) => piece > 3)).toBe(-1);
    }
    expect([...found].sort()).toEqual([0, 1, 2]);
  });
});
