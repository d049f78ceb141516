import { describe, expect, it } from 'vitest';
import { concatBytes } from '../bytes/bytes.ts';
import { encodeSnapshot, restoreSnapshot } from './snapshot.ts';
import { HEADER } from './store/layout.ts';
import { StripeLock } from './store/stripe-lock.ts';
import { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { StripedSwarms, stripedWords } from './striped-swarms.ts';
import { ADDRESS_COUNTERS, type SwarmsOptions } from './swarms.ts';

const OPTIONS: SwarmsOptions = {
  maxSwarms: 1024,
  arenaBytes: 1 << 22,
  peerLifetimeMs: 30 * 60_000,
  minIntervalMs: 60_000,
  maxPeersPerSwarm: 1000,
  maxPeersPerAddress: 1000,
  key: [0x1234567, 0x89abcde],
  seed: 7,
};

function create(maxPeersPerAddress = 1000): {
  memory: Int32Array;
  main: StripedSwarms;
  other: StripedSwarms;
} {
  const options = { ...OPTIONS, maxPeersPerAddress };
  const memory = new SharedArrayBuffer(4 * stripedWords(options));
  return {
    memory: new Int32Array(memory),
    main: new StripedSwarms(memory, options, 1),
    other: new StripedSwarms(memory, options, 2),
  };
}

function announce(store: StripedSwarms, swarm: number, peer: number): StoreReply {
  const query = new StoreQuery();
  query.infoHash.fill(swarm);
  query.ip.set([10, 0, 0, peer]);
  query.port = 1000 + swarm;
  query.numWant = 50;
  const reply = new StoreReply(50);
  store.announce(query, 0, reply);
  return reply;
}

describe('StripedSwarms', () => {
  it('is one table for all threads', () => {
    const { main, other } = create();
    for (let swarm = 0; swarm < 200; swarm++) announce(main, swarm, 1);
    for (let swarm = 0; swarm < 200; swarm++) expect(announce(other, swarm, 2).length4).toBe(6);
    expect(main.totals()).toMatchObject({ swarms: 200, peers4: 400 });
    while (!main.sweep(31 * 60_000, 10));
    expect(other.totals()).toMatchObject({ peers4: 0 });
  });

  it('is written and read back swarm by swarm, in any number of stripes', () => {
    const { main } = create();
    for (let swarm = 0; swarm < 60; swarm++) {
      announce(main, swarm, 1);
      announce(main, swarm, 2);
    }
    const time = { now: 0, unixMs: 0 };
    const bytes = concatBytes([...encodeSnapshot(main, time)]);
    const { main: copy, other } = create();
    restoreSnapshot(bytes, copy, time);
    expect(copy.totals()).toEqual(main.totals());
    expect(copy.totals()).toMatchObject({ swarms: 60, peers4: 120 });
    for (let swarm = 0; swarm < 60; swarm++) expect(announce(other, swarm, 3).length4).toBe(12);
    expect(main.recordCount).toBeGreaterThanOrEqual(60);
    expect(main.recordCount % 16).toBe(0);
    expect(create().main.recordCount).toBe(0);
  });

  it('adds up what its stripes hold', () => {
    const { main } = create();
    const query = new StoreQuery();
    query.port = 1;
    for (let i = 0; i < 40; i++) {
      query.infoHash.fill(i);
      query.family = i % 2 === 0 ? 4 : 6;
      query.seed = i < 10;
      query.event = i >= 30 ? 'paused' : 'started';
      main.announce(query, 0, new StoreReply(0));
    }
    expect(main.totals()).toMatchObject({ swarms: 40, peers4: 20, peers6: 20, seeds: 10, partialSeeds: 10 });
    const empty = create().main.totals().bytes;
    expect(main.totals().bytes).toBeGreaterThan(empty);
  });

  it('says of a torrent whether it is known', () => {
    const { main } = create();
    announce(main, 5, 1);
    const known = [5, 6].map((swarm) => main.scrape(new Uint8Array(20).fill(swarm), new StoreCounts()));
    expect(known).toEqual([true, false]);
  });

  it('has room for as many swarms as it was made for', () => {
    const { main } = create(10_000);
    const query = new StoreQuery();
    const verdicts = new Set<string>();
    for (let i = 0; i < OPTIONS.maxSwarms; i++) {
      query.infoHash.set([i >> 8, i & 255]);
      query.port = 1 + i;
      const reply = new StoreReply(0);
      main.announce(query, 0, reply);
      verdicts.add(reply.verdict);
    }
    expect([...verdicts]).toEqual(['ok']);
  });

  it('answers as if it were full while a stripe is held, with nothing left of the answer before', () => {
    const { memory, main } = create();
    for (let swarm = 0; swarm < 60; swarm++) announce(main, swarm, 1);
    memory[ADDRESS_COUNTERS + HEADER.lock] = 2;
    const held = Array.from({ length: 60 }, (_, swarm) => swarm).find(
      (swarm) => !main.scrape(new Uint8Array(20).fill(swarm), new StoreCounts()),
    );
    const query = new StoreQuery();
    query.infoHash.fill(held ?? 0);
    const reply = new StoreReply(5);
    Object.assign(reply, { seeders: 7, leechers: 7, downloads: 7, length4: 6, length6: 18 });
    main.announce(query, 0, reply);
    expect(reply).toMatchObject({ verdict: 'swarms-full', seeders: 0, leechers: 0, length4: 0, length6: 0 });
    expect(reply.downloads).toBe(0);
    // What a stripe that is held has is left out of what is written, and nothing can be filled in.
    const bytes = concatBytes([...encodeSnapshot(main, { now: 0, unixMs: 0 })]);
    const { main: copy } = create();
    restoreSnapshot(bytes, copy, { now: 0, unixMs: 0 });
    expect(copy.totals().swarms).toBeLessThan(60);
    expect(copy.totals().swarms).toBeGreaterThan(40);
    const { main: whole } = create();
    for (let swarm = 0; swarm < 60; swarm++) announce(whole, swarm, 1);
    const all = concatBytes([...encodeSnapshot(whole, { now: 0, unixMs: 0 })]);
    expect(() => restoreSnapshot(all, main, { now: 0, unixMs: 0 })).toThrow(RangeError);
    expect(main.sweep(0, 100)).toBe(false);
  });

  it('counts the peers of an address over all stripes', () => {
    const { main, other } = create(3);
    const verdicts = [1, 2, 3, 4].map((swarm) => announce(swarm % 2 === 0 ? main : other, swarm, 9).verdict);
    expect(verdicts).toEqual(['ok', 'ok', 'ok', 'not-stored']);
  });

  it('gives up on a stripe whose holder does not let go, and empties it when that one is known to be dead', () => {
    const { memory, main, other } = create(3);
    for (let swarm = 0; swarm < 60; swarm++) announce(main, swarm, 1 + (swarm % 30));
    // The first stripe begins behind the common counters.
    memory[ADDRESS_COUNTERS + HEADER.lock] = 2;
    const stuck = Array.from({ length: 60 }, (_, swarm) => swarm).filter(
      (swarm) => !main.scrape(new Uint8Array(20).fill(swarm), new StoreCounts()),
    );
    expect(stuck.length).toBeGreaterThan(0);
    expect(stuck.length).toBeLessThan(30);
    expect(main.recover(3)).toBe(0);
    expect(main.recover(2)).toBe(1);
    expect(main.totals().swarms).toBe(60 - stuck.length);
    // Two peers of each address were there, one or none is left in the other stripes: there is room again.
    for (const swarm of stuck) expect(announce(other, swarm, 1 + (swarm % 30)).verdict).toBe('ok');
    expect(main.totals()).toMatchObject({ swarms: 60, peers4: 60 });
  });
});

describe('a stripe that was emptied', () => {
  it('leaves the peers of an address in the others counted', () => {
    const { memory, main, other } = create(40);
    for (let swarm = 0; swarm < 40; swarm++) announce(main, swarm, 9);
    expect(announce(main, 40, 9).verdict).toBe('not-stored');
    memory[ADDRESS_COUNTERS + HEADER.lock] = 2;
    expect(main.recover(2)).toBe(1);
    const lost = 40 - main.totals().peers4;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(20);
    const verdicts = Array.from({ length: 30 }, (_, i) => announce(other, 50 + i, 9).verdict);
    expect(verdicts.filter((verdict) => verdict === 'ok')).toHaveLength(lost);
  });
});

describe('the lock of a stripe', () => {
  it('is had by one at a time, by number', () => {
    const memory = new Int32Array(new SharedArrayBuffer(16));
    const [a, b] = [new StripeLock(memory, 2, 5), new StripeLock(memory, 2, 6)];
    expect(a.holder).toBe(0);
    expect([a.acquire(), a.holder, b.holder]).toEqual([true, 5, 5]);
    const begun = performance.now();
    expect(b.acquire()).toBe(false);
    // It sleeps between its looks, about a tenth of a second in all.
    expect(performance.now() - begun).toBeGreaterThan(50);
    a.release();
    expect([b.acquire(), a.holder]).toEqual([true, 6]);
    expect([...memory]).toEqual([0, 0, 6, 0]);
  });
});
