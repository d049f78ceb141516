import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { TICK_MS } from './store/peer-word.ts';
import { storeWords, Swarms, type SwarmsOptions } from './swarms.ts';

const OPTIONS: SwarmsOptions = {
  maxSwarms: 64,
  arenaBytes: 1 << 20,
  peerLifetimeMs: 30 * 60_000,
  minIntervalMs: 60_000,
  maxPeersPerSwarm: 1000,
  maxPeersPerAddress: 100_000,
  key: [0x1234567, 0x89abcde],
  seed: 7,
};

function create(options: Partial<SwarmsOptions> = {}): Swarms {
  const all = { ...OPTIONS, ...options };
  return new Swarms(new Int32Array(storeWords(all)), all);
}

interface Ask {
  swarm?: number;
  peer: number;
  family?: 4 | 6;
  event?: StoreQuery['event'];
  seed?: boolean;
  numWant?: number;
  both?: boolean;
}

function ask(store: Swarms, options: Ask, now = 0): { reply: StoreReply; peers: number[] } {
  const query = new StoreQuery();
  query.infoHash.fill(options.swarm ?? 1);
  query.family = options.family ?? 4;
  query.ip.set([10, options.peer >>> 16, options.peer >>> 8, options.peer]);
  query.port = 1000 + (options.peer % 5);
  query.event = options.event ?? 'started';
  query.seed = options.seed ?? false;
  query.numWant = options.numWant ?? 50;
  query.bothFamilies = options.both ?? false;
  const reply = new StoreReply(2000);
  store.announce(query, now, reply);
  const peers: number[] = [];
  for (let at = 0; at < reply.length4; at += 6) peers.push(numberAt(reply.peers4, at, 4));
  for (let at = 0; at < reply.length6; at += 18) peers.push(numberAt(reply.peers6, at, 16));
  return { reply, peers };
}

function numberAt(bytes: Uint8Array, at: number, ipLength: number): number {
  const peer = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  expect(bytes[at]).toBe(10);
  expect(((bytes[at + ipLength] ?? 0) << 8) | (bytes[at + ipLength + 1] ?? 0)).toBe(1000 + (peer % 5));
  return peer;
}

function counts(store: Swarms, swarm = 1): StoreCounts {
  const result = new StoreCounts();
  store.scrape(new Uint8Array(20).fill(swarm), result);
  return result;
}

describe('Swarms', () => {
  it('introduces peers to each other and never a peer to itself', () => {
    const store = create();
    expect(ask(store, { peer: 1 }).peers).toEqual([]);
    expect(ask(store, { peer: 2 }).peers).toEqual([1]);
    expect(ask(store, { peer: 1, event: 'none' }).peers).toEqual([2]);
  });

  it('offers seeds downloaders alone, and downloaders everyone', () => {
    const store = create();
    ask(store, { peer: 1, seed: true });
    ask(store, { peer: 2 });
    ask(store, { peer: 3, event: 'paused' });
    expect(ask(store, { peer: 4, seed: true }).peers).toEqual([2]);
    expect(ask(store, { peer: 3, event: 'paused' }).peers).toEqual([2]);
    expect(ask(store, { peer: 2, event: 'none' }).peers.sort()).toEqual([1, 3, 4]);
  });

  it('counts seeders, leechers, partial seeds and completions', () => {
    const store = create();
    ask(store, { peer: 1, seed: true });
    ask(store, { peer: 2 });
    ask(store, { peer: 3, event: 'paused' });
    expect(counts(store)).toEqual({ seeders: 1, leechers: 2, downloads: 0, downloaders: 1 });
    ask(store, { peer: 2, event: 'completed', seed: true });
    ask(store, { peer: 2, event: 'completed', seed: true });
    expect(counts(store)).toEqual({ seeders: 2, leechers: 1, downloads: 1, downloaders: 0 });
    ask(store, { peer: 1, event: 'stopped' });
    expect(counts(store).seeders).toBe(1);
  });

  it('keeps address families apart unless both are asked for', () => {
    const store = create();
    ask(store, { peer: 1, family: 4 });
    expect(ask(store, { peer: 2, family: 6 }).peers).toEqual([]);
    expect(ask(store, { peer: 3, family: 4, both: true }).peers).toEqual([1, 2]);
    expect(ask(store, { peer: 4, family: 6, both: true, numWant: 2 }).peers).toHaveLength(2);
    expect(store.totals()).toMatchObject({ peers4: 2, peers6: 2, swarms: 1 });
  });

  it('forgets peers after their lifetime and swarms after their last peer', () => {
    const store = create();
    ask(store, { peer: 1 }, 0);
    ask(store, { peer: 2, family: 6 }, 20 * 60_000);
    while (!store.sweep(29 * 60_000, 10));
    expect(store.totals()).toMatchObject({ peers4: 1, peers6: 1 });
    while (!store.sweep(31 * 60_000, 10));
    expect(store.totals()).toMatchObject({ peers4: 0, peers6: 1 });
    while (!store.sweep(90 * 60_000, 10));
    expect(store.totals()).toMatchObject({ peers6: 0, swarms: 0 });
  });

  it('keeps the count of downloads of an empty swarm for a day', () => {
    const store = create();
    ask(store, { peer: 1, event: 'completed', seed: true }, 0);
    ask(store, { peer: 1, event: 'stopped' }, 0);
    while (!store.sweep(3 * 3600_000, 100));
    expect(counts(store).downloads).toBe(1);
    while (!store.sweep(25 * 3600_000, 100));
    expect(counts(store).downloads).toBe(0);
  });

  it('gives an impatient peer no peers after three early announces, and peers again on time', () => {
    const store = create();
    ask(store, { peer: 1 });
    ask(store, { peer: 2 });
    const early = Array.from({ length: 5 }, () => ask(store, { peer: 2, event: 'none' }, TICK_MS));
    expect(early.map(({ peers }) => peers.length)).toEqual([1, 1, 1, 0, 0]);
    expect(early[4]?.reply.verdict).toBe('early');
    expect(ask(store, { peer: 2, event: 'none' }, TICK_MS + 60_000).peers).toEqual([1]);
  });

  it('takes room for a new swarm from an empty one, never from a live one', () => {
    const store = create({ maxSwarms: 4 });
    for (let swarm = 1; swarm <= 4; swarm++) ask(store, { swarm, peer: 1 });
    expect(ask(store, { swarm: 5, peer: 1 }).reply.verdict).toBe('swarms-full');
    ask(store, { swarm: 2, peer: 1, event: 'stopped' });
    expect(ask(store, { swarm: 5, peer: 1 }).reply.verdict).toBe('ok');
    for (const swarm of [1, 3, 4, 5]) expect(counts(store, swarm).leechers).toBe(1);
  });

  it('answers but does not store what is over the caps of a swarm, an address, or memory', () => {
    const perSwarm = create({ maxPeersPerSwarm: 2 });
    for (let peer = 1; peer <= 2; peer++) ask(perSwarm, { peer });
    const third = ask(perSwarm, { peer: 3 });
    expect([third.reply.verdict, third.peers.length, counts(perSwarm).leechers]).toEqual([
      'not-stored',
      2,
      2,
    ]);

    const perAddress = create({ maxPeersPerAddress: 1 });
    ask(perAddress, { swarm: 1, peer: 9 });
    expect(ask(perAddress, { swarm: 2, peer: 9 }).reply.verdict).toBe('not-stored');
    ask(perAddress, { swarm: 1, peer: 9, event: 'stopped' });
    expect(ask(perAddress, { swarm: 2, peer: 9 }).reply.verdict).toBe('ok');

    const tiny = create({ arenaBytes: 256 });
    const verdicts = Array.from({ length: 40 }, (_, peer) => ask(tiny, { peer }).reply.verdict);
    expect(verdicts).toContain('not-stored');
    expect(counts(tiny).leechers).toBe(verdicts.filter((verdict) => verdict === 'ok').length);
  });

  it('chooses every peer equally often (chi-squared)', () => {
    const store = create();
    const n = 40;
    for (let peer = 0; peer < n; peer++) ask(store, { peer });
    const hits = new Array<number>(n).fill(0);
    const rounds = 4000;
    const want = 7;
    for (let round = 0; round < rounds; round++) {
      const { peers } = ask(store, { peer: 999, numWant: want });
      expect(new Set(peers).size).toBe(want);
      for (const peer of peers) hits[peer] = (hits[peer] ?? 0) + 1;
    }
    const expected = (rounds * want) / n;
    const chi = hits.reduce((sum, hit) => sum + (hit - expected) ** 2 / expected, 0);
    // 39 degrees of freedom: above 72.1 with probability 0.001 if the choice is fair.
    expect(chi).toBeLessThan(72.1);
  });

  it('agrees with a plain model over any sequence of announces, stops and sweeps', () => {
    const step = fc.record({
      kind: fc.constantFrom('announce', 'announce', 'announce', 'stop', 'sweep'),
      swarm: fc.integer({ min: 1, max: 3 }),
      peer: fc.integer({ min: 0, max: 120 }),
      family: fc.constantFrom<4 | 6>(4, 6),
      seed: fc.boolean(),
      event: fc.constantFrom('none', 'started', 'completed', 'paused'),
      wait: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const store = create();
        const model = new Map<string, { swarm: number; seed: boolean; partial: boolean; at: number }>();
        let now = 0;
        for (const each of steps) {
          now += each.wait * TICK_MS;
          const name = `${String(each.swarm)} ${String(each.family)} ${String(each.peer)}`;
          if (each.kind === 'sweep') {
            while (!store.sweep(now, 50));
            for (const [key, peer] of model) {
              if (now - peer.at > OPTIONS.peerLifetimeMs) model.delete(key);
            }
          } else {
            const event = each.kind === 'stop' ? 'stopped' : each.event;
            ask(store, { ...each, event }, now);
            if (event === 'stopped') model.delete(name);
            else {
              const partial = event === 'paused' && !each.seed;
              model.set(name, { swarm: each.swarm, seed: each.seed, partial, at: now });
            }
          }
        }
        for (const swarm of [1, 2, 3]) {
          const peers = [...model.values()].filter((peer) => peer.swarm === swarm);
          const seeders = peers.filter((peer) => peer.seed).length;
          const partials = peers.filter((peer) => peer.partial).length;
          expect(counts(store, swarm)).toMatchObject({
            seeders,
            leechers: peers.length - seeders,
            downloaders: peers.length - seeders - partials,
          });
          const all = ask(store, { swarm, peer: 100_000, numWant: 1000, both: true }, now).peers;
          const names = [...model.keys()].filter((key) => key.startsWith(`${String(swarm)} `));
          expect(all.sort((a, b) => a - b)).toEqual(
            names.map((key) => Number(key.split(' ')[2])).sort((a, b) => a - b),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});
