// Whole swarms in virtual time: what must come to pass whatever peers, links and disks do.
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/core/wire/messages.ts';
import { runCrowd } from './crowd.ts';
import { checkNode, createSwarm, finish } from './scenarios.ts';

/** A peer whose every block of some pieces is wrong. */
function lie(pieces: (piece: number) => boolean): (message: Message) => Message {
  return (message) => {
    if (message.kind !== 'piece' || !pieces(message.piece)) return message;
    const data = message.data.slice();
    data[7] = (data[7] ?? 0) ^ 1;
    return { ...message, data };
  };
}

const without =
  (...kinds: Message['kind'][]) =>
  (message: Message): Message | undefined =>
    kinds.includes(message.kind) ? undefined : message;

describe('a swarm', () => {
  it('carries the content from one seed to one leecher at the speed of the link', () => {
    const swarm = createSwarm({ seeds: 1, leechers: 1 });
    expect(finish(swarm, swarm.leechers, 1.3)).toBe(true);
    const [leecher] = swarm.leechers;
    expect(leecher?.engine.snapshot(swarm.world.queue.now).wasted).toBe(0);
  });

  it('serves a crowd in little more time than one leecher, with little more than one copy from the seed', () => {
    const crowd = runCrowd({ length: 16 * 1024 * 1024, pieceLength: 16 * 1024 });
    expect(crowd.whole).toBe(true);
    expect(crowd.last).toBeLessThan(1.25);
    expect(crowd.copies).toBeLessThan(1.2);
  });

  it('has no client with more connections than it may have', () => {
    const sample = { length: 256 * 1024, pieceLength: 64 * 1024 };
    const { world } = createSwarm({ seeds: 1, leechers: 90, sample });
    world.runUntil(() => world.queue.now > 130, 1000);
    expect(Math.max(...world.nodes.map(({ connections }) => connections.size))).toBe(80);
  });

  it('works without the fast extension', () => {
    const capabilities = { extended: false, fast: false, dht: false, v2: false };
    const swarm = createSwarm({ seeds: 1, leechers: 4, capabilities });
    expect(finish(swarm, swarm.leechers, 5)).toBe(true);
  });

  it('works over links that lose packets', () => {
    const swarm = createSwarm({ seeds: 1, leechers: 4, loss: 0.02, latencyMs: 40 });
    expect(finish(swarm, swarm.leechers, 12)).toBe(true);
  });

  it('is done in time with buffers for two pieces only', () => {
    const swarm = createSwarm({ seeds: 2, leechers: 4, node: () => ({ bufferBytes: 1 }) });
    expect(finish(swarm, swarm.leechers, 10)).toBe(true);
    for (const node of swarm.leechers) expect(node.buffers.mostBytes).toBeLessThanOrEqual(2 * 64 * 1024);
  });

  it('makes whole who stays while others come and go', () => {
    const swarm = createSwarm({ seeds: 1, leechers: 10 });
    const [stays, others] = [swarm.leechers.slice(0, 5), swarm.leechers.slice(5)];
    for (const [i, node] of others.entries()) {
      swarm.world.queue.at(200 + 300 * i, () => {
        swarm.world.leave(node);
        const fresh = swarm.world.add({ link: { up: 1e6, down: 1e6 } });
        fresh.join();
        for (const other of swarm.world.nodes) if (other !== fresh) swarm.world.connect(fresh, other);
      });
    }
    expect(finish(swarm, stays, 8)).toBe(true);
  });

  it('goes on when connections break in the middle of blocks', () => {
    const swarm = createSwarm({ seeds: 2, leechers: 4 });
    for (let at = 150; at < 2500; at += 50) {
      swarm.world.queue.at(at, () => {
        const node = swarm.leechers[swarm.world.random32() % 4];
        const [key] = [...(node?.connections.keys() ?? [])];
        const remote = key === undefined ? undefined : node?.connections.get(key)?.remote;
        if (node === undefined || key === undefined || remote === undefined) return;
        swarm.world.close(node, key);
        swarm.world.queue.after(100, () => {
          swarm.world.connect(node, remote);
        });
      });
    }
    expect(finish(swarm, swarm.leechers, 8)).toBe(true);
  });
});

describe('bad peers in a swarm', () => {
  it('a liar is banned, nobody else is, and all honest peers end whole', () => {
    const swarm = createSwarm({
      seeds: 3,
      leechers: 5,
      node: (index) => (index === 0 ? { tamper: lie((piece) => piece % 5 === 0) } : {}),
    });
    expect(finish(swarm, swarm.leechers, 6)).toBe(true);
    const [liar, ...honest] = swarm.world.nodes;
    expect(liar?.bannedBy.length).toBeGreaterThan(0);
    expect(honest.flatMap((node) => node.bannedBy)).toEqual([]);
  });

  it('two liars that spoil the same pieces are both found', () => {
    const swarm = createSwarm({
      seeds: 4,
      leechers: 3,
      node: (index) => (index < 2 ? { tamper: lie(() => true) } : {}),
    });
    expect(finish(swarm, swarm.leechers, 8)).toBe(true);
    const [one, two, ...honest] = swarm.world.nodes;
    expect(one?.bannedBy.length).toBeGreaterThan(0);
    expect(two?.bannedBy.length).toBeGreaterThan(0);
    expect(honest.flatMap((node) => node.bannedBy)).toEqual([]);
  });

  it('one that never answers requests holds nobody up for long', () => {
    const swarm = createSwarm({
      seeds: 2,
      leechers: 3,
      node: (index) => (index === 0 ? { tamper: without('piece', 'reject') } : {}),
    });
    expect(finish(swarm, swarm.leechers, 10)).toBe(true);
  });

  it('one that never unchokes holds nobody up', () => {
    const swarm = createSwarm({
      seeds: 2,
      leechers: 3,
      node: (index) => (index === 0 ? { tamper: without('unchoke') } : {}),
    });
    expect(finish(swarm, swarm.leechers, 4)).toBe(true);
  });

  it('a slow one does not hold the last blocks: they are asked of others too', () => {
    const swarm = createSwarm({
      seeds: 2,
      leechers: 1,
      node: (index) => (index === 0 ? { link: { up: 10_000, down: 10_000 } } : {}),
    });
    // Both seeds show the same piece first (BEP 16), and may find out only later that nobody else is there.
    expect(finish(swarm, swarm.leechers, 2.5)).toBe(true);
  });
});

describe('a disk in a swarm', () => {
  it('that fails to write stops the download once, and what is there is still served', () => {
    const swarm = createSwarm({
      seeds: 1,
      leechers: 2,
      node: (index) => (index === 1 ? { failsToWrite: (piece) => piece === 40 } : {}),
    });
    const [failed, healthy] = swarm.leechers;
    expect(healthy && finish(swarm, [healthy], 5)).toBe(true);
    expect(failed?.log.filter((effect) => effect.kind === 'stopped').length).toBe(1);
    expect(failed?.engine.snapshot(swarm.world.queue.now).uploaded).toBeGreaterThan(0);
  });

  it('that loses a piece gets it back from the others', () => {
    let isLost = false;
    const swarm = createSwarm({
      seeds: 1,
      leechers: 3,
      node: (index) => ({
        failsToRead: () => {
          const loses = index === 1 && !isLost;
          isLost ||= loses;
          return loses;
        },
      }),
    });
    expect(finish(swarm, swarm.leechers, 5)).toBe(true);
    expect(isLost).toBe(true);
    const isRepaired = (): boolean => swarm.leechers.every((node) => node.have.isFull);
    expect(swarm.world.runUntil(isRepaired, swarm.idealMs * 10)).toBe(true);
    for (const node of swarm.world.nodes) checkNode(swarm.world, node);
  });
});

describe('files in a swarm', () => {
  const KIB = 1024;
  const files = [
    { length: 700 * KIB },
    { length: 4 * KIB, pad: true },
    { length: 1320 * KIB },
    { length: 24 * KIB, pad: true },
    { length: 1000 * KIB },
  ];
  const sample = { length: 3048 * KIB, pieceLength: 64 * KIB, files };

  it('are reported whole one by one, padding apart', () => {
    const swarm = createSwarm({ seeds: 1, leechers: 1, sample });
    expect(finish(swarm, swarm.leechers, 2)).toBe(true);
    const whole = swarm.leechers[0]?.log.flatMap((e) => (e.kind === 'file-complete' ? [e.file] : []));
    expect(whole?.sort()).toEqual([0, 2, 4]);
  });

  it('are left out while they are not selected, and fetched once they are', () => {
    const swarm = createSwarm({ seeds: 1, leechers: 1, sample });
    const [leecher] = swarm.leechers;
    swarm.world.queue.at(60, () => leecher?.handle({ kind: 'priorities', files: [1, 1, 0, 1, 0] }));
    expect(finish(swarm, swarm.leechers, 2)).toBe(true);
    const wanted = Math.ceil((704 * KIB) / (64 * KIB));
    expect(leecher?.have.count).toBe(wanted);
    leecher?.handle({ kind: 'priorities', files: [1, 1, 1, 1, 0] });
    const limit = swarm.world.queue.now + 4 * swarm.idealMs;
    const second = Math.ceil((2028 * KIB) / (64 * KIB));
    expect(swarm.world.runUntil(() => leecher?.have.count === second, limit)).toBe(true);
    const pieces = swarm.sample.metainfo.pieceCount;
    expect(leecher?.engine.snapshot(swarm.world.queue.now).piecesLacking).toBe(0);
    expect(second).toBeLessThan(pieces);
  });

  it('come in order in sequential mode', () => {
    const swarm = createSwarm({
      seeds: 1,
      leechers: 1,
      sample,
      node: () => ({ engine: { sequential: true, superSeed: false } }),
    });
    expect(finish(swarm, swarm.leechers, 2)).toBe(true);
    const order = swarm.leechers[0]?.log.flatMap((e) => (e.kind === 'piece-complete' ? [e.piece] : [])) ?? [];
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});
