// How the audience is counted: what counts, what does not, and that nothing counts twice or goes back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Readers, type Sighting } from './readers.ts';

const LENGTH = 1000;

type Wire = NonNullable<Sighting['wire']>;
type Told = NonNullable<Sighting['told']>;

function sighting(changes: Partial<Sighting>): Sighting {
  return { item: 'a', length: LENGTH, peerId: 'p1', listens: '', ip: '10.0.0.1', ...changes };
}

function wire(had: number, sent = 0, changes: Partial<Sighting> = {}): Sighting {
  const seen: Wire = { had, sent };
  return sighting({ wire: seen, ...changes });
}

function told(changes: Partial<Told>, rest: Partial<Sighting> = {}): Sighting {
  return sighting({ told: { downloaded: 0, finished: false, seed: false, ...changes }, ...rest });
}

function gainedAfter(...sightings: readonly Sighting[]): number {
  const readers = new Readers();
  for (const one of sightings) readers.see(one, 0);
  return readers.gained('a');
}

describe('what a peer got', () => {
  it.each<[string, readonly Sighting[], number]>([
    ['from nothing to everything, on the wire', [wire(0), wire(400), wire(1000)], 1000],
    ['only what it did not have when it was first seen', [wire(600), wire(1000)], 400],
    ['with what we had sent before it was first seen', [wire(300, 300), wire(500, 300)], 500],
    ['nothing, where it came with everything', [wire(1000), told({ seed: true })], 0],
    ['what it told the tracker', [told({}), told({ downloaded: 700 })], 700],
    ['never more than there is', [told({ downloaded: 1e15 })], 1000],
    ['all, when it says that it is finished', [told({}), told({ finished: true })], 1000],
    ['what it lacked, when it says that it is finished', [wire(900), told({ finished: true })], 100],
    ['what we sent, where it says nothing', [wire(0, 250)], 250],
    ['once, seen on the wire and by the tracker', [wire(0), wire(500), told({ downloaded: 500 })], 500],
  ])('%s', (_, sightings, gained) => {
    expect(gainedAfter(...sightings)).toBe(gained);
  });

  it('counts once under several ids, by the place where it listens', () => {
    const listens = '10.0.0.1:6881';
    const readers = new Readers();
    readers.see(wire(0, 0, { peerId: 'on the wire' }), 0);
    readers.see(wire(800, 0, { peerId: 'on the wire' }), 0);
    readers.see(told({ downloaded: 900 }, { peerId: 'told', listens }), 0);
    expect(readers.gained('a')).toBe(1700);
    // Now it says where it listens: the two were one, and nothing is counted until that is made good.
    readers.see(wire(800, 0, { peerId: 'on the wire', listens }), 0);
    readers.see(wire(1000, 0, { peerId: 'on the wire', listens }), 0);
    expect(readers.gained('a')).toBe(1700);
    readers.see(wire(0, 0, { peerId: 'p2' }), 0);
    readers.see(wire(1000, 0, { peerId: 'p2' }), 0);
    expect(readers.gained('a')).toBe(2000);
  });

  it('is kept apart by item', () => {
    const readers = new Readers();
    readers.see(wire(0), 0);
    readers.see(wire(500), 0);
    readers.see(wire(0, 0, { item: 'b' }), 0);
    readers.see(wire(100, 0, { item: 'b' }), 0);
    expect([readers.gained('a'), readers.gained('b')]).toEqual([500, 100]);
  });

  it('is finished where it has everything by its first announce, and has got it since its start', () => {
    const readers = new Readers();
    readers.see(told({ seed: true, downloaded: 1000 }), 0);
    readers.see(told({ seed: true, downloaded: 1000 }), 0);
    readers.see(told({ seed: true, downloaded: 400 }, { peerId: 'p2' }), 0);
    expect([readers.finished('a'), readers.gained('a')]).toEqual([1, 1400]);
  });

  it('is finished once, whatever is announced how often', () => {
    const readers = new Readers();
    for (let i = 0; i < 3; i++) readers.see(told({ finished: true, downloaded: 1000, seed: true }), 0);
    expect(readers.finished('a')).toBe(1);
  });

  it('never goes back, and is never more than whole copies of those who were seen', () => {
    const any = fc.record({
      peerId: fc.constantFrom('p1', 'p2', 'p3'),
      listens: fc.constantFrom('', 'l1', 'l2'),
      had: fc.integer({ min: 0, max: LENGTH }),
      sent: fc.integer({ min: 0, max: 2 * LENGTH }),
      downloaded: fc.integer({ min: 0, max: 5 * LENGTH }),
      finished: fc.boolean(),
      isWire: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (steps) => {
        const readers = new Readers();
        let before = 0;
        for (const { peerId, listens, had, sent, downloaded, finished, isWire } of steps) {
          const names = { peerId, listens };
          readers.see(isWire ? wire(had, sent, names) : told({ downloaded, finished }, names), 0);
          expect(readers.gained('a')).toBeGreaterThanOrEqual(before);
          before = readers.gained('a');
        }
        expect(before).toBeLessThanOrEqual(5 * LENGTH);
      }),
    );
  });
});

describe('an address', () => {
  it('is that of a reader while its peer downloads, and a little longer', () => {
    const readers = new Readers();
    expect(readers.isReading('a', '10.0.0.1', 0)).toBe(false);
    readers.see(wire(0), 0);
    expect(readers.isReading('a', '10.0.0.1', 1000)).toBe(true);
    expect(readers.isReading('b', '10.0.0.1', 1000)).toBe(false);
    expect(readers.isReading('a', '10.0.0.2', 1000)).toBe(false);
    readers.see(wire(LENGTH), 2000);
    expect(readers.isReading('a', '10.0.0.1', 3000)).toBe(true);
    expect(readers.isReading('a', '10.0.0.1', 100_000)).toBe(false);
  });
});
