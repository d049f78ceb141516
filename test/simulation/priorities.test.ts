// What a reader waits for comes first: deadlines and priorities in whole swarms, in virtual time.
import { describe, expect, it } from 'vitest';
import type { SimulatedNode } from './node.ts';
import { createSwarm, finish } from './scenarios.ts';

const KIB = 1024;

function orderOf(node: SimulatedNode | undefined): number[] {
  return node?.log.flatMap((effect) => (effect.kind === 'piece-complete' ? [effect.piece] : [])) ?? [];
}

describe('pieces with a deadline', () => {
  it('come before all others, the soonest first', () => {
    const swarm = createSwarm({ seeds: 2, leechers: 1, node: () => ({ engine: { superSeed: false } }) });
    const [leecher] = swarm.leechers;
    let wanted: number[] = [];
    let before = 0;
    swarm.world.queue.at(500, () => {
      const untouched = [...(leecher?.engine.pieces() ?? [])].flatMap((state, piece) =>
        state === 0 ? [piece] : [],
      );
      wanted = untouched.slice(-4);
      before = orderOf(leecher).length;
      // By pieces of 64 KiB at 4 MB/s, each is due after the one before it can be there.
      const pieces = wanted.map((piece, i) => ({ piece, at: 500 + 100 * i }));
      leecher?.handle({ kind: 'deadlines', pieces: [...pieces].reverse() });
    });
    expect(finish(swarm, swarm.leechers, 1.5)).toBe(true);
    const places = wanted.map((piece) => orderOf(leecher).indexOf(piece));
    expect(wanted).toHaveLength(4);
    // Two peers bring the blocks of each: neighbours may change places.
    const inOrder = [...places].sort((a, b) => a - b);
    for (const [i, place] of places.entries()) expect(Math.abs(inOrder.indexOf(place) - i)).toBeLessThan(2);
    // What had been asked for already comes first: the peers' queues of a quarter of a second.
    for (const place of places) expect(place).toBeLessThan(before + 25);
  });

  it('are asked of a quick peer too when a slow one would be late', () => {
    const slow = { link: { up: 30_000, down: 30_000 } };
    const swarm = createSwarm({
      seeds: 2,
      leechers: 1,
      node: (index) => ({ engine: { superSeed: false }, ...(index === 0 ? slow : {}) }),
    });
    const [leecher] = swarm.leechers;
    const { queue } = swarm.world;
    // The slow seed has been asked for something by then: exactly that is urgent now.
    let doneAt = Number.POSITIVE_INFINITY;
    queue.at(600, () => {
      const asked = [...(leecher?.engine.pieces() ?? [])].flatMap((state, piece) =>
        state === 1 ? [piece] : [],
      );
      expect(asked.length).toBeGreaterThan(0);
      leecher?.handle({ kind: 'deadlines', pieces: asked.map((piece) => ({ piece, at: queue.now })) });
      const isThere = (): boolean => asked.every((piece) => leecher?.have.has(piece));
      swarm.world.runUntil(isThere, 10_000);
      doneAt = queue.now;
    });
    expect(finish(swarm, swarm.leechers, 4)).toBe(true);
    expect(doneAt).toBeLessThan(1500);
  });

  it('of no wanted file are left out', () => {
    const files = [{ length: 640 * KIB }, { length: 640 * KIB }];
    const sample = { length: 1280 * KIB, pieceLength: 64 * KIB, files };
    const swarm = createSwarm({ seeds: 1, leechers: 1, sample });
    const [leecher] = swarm.leechers;
    swarm.world.queue.at(60, () => {
      leecher?.handle({ kind: 'priorities', files: [1, 0] });
      leecher?.handle({ kind: 'deadlines', pieces: [{ piece: 15, at: 60 }] });
    });
    expect(finish(swarm, swarm.leechers, 2)).toBe(true);
    expect(leecher?.have.count).toBe(10);
  });
});

describe('files of a higher priority', () => {
  it('come before the others', () => {
    const files = [{ length: 1280 * KIB }, { length: 640 * KIB }, { length: 1280 * KIB }];
    const sample = { length: 3200 * KIB, pieceLength: 64 * KIB, files };
    const swarm = createSwarm({
      seeds: 2,
      leechers: 1,
      sample,
      node: () => ({ engine: { superSeed: false } }),
    });
    const [leecher] = swarm.leechers;
    // Set before anybody is met: nothing else is under way.
    swarm.world.queue.at(99, () => leecher?.handle({ kind: 'priorities', files: [1, 7, 2] }));
    expect(finish(swarm, swarm.leechers, 2)).toBe(true);
    const order = leecher?.log.flatMap((effect) => (effect.kind === 'file-complete' ? [effect.file] : []));
    expect(order).toEqual([1, 2, 0]);
  });
});
