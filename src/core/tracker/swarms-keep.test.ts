// What Swarms keeps, forgets and takes in: the walk over old peers, room for swarms, and swarms as bytes.
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { COUNTED, packPeerWord, PARTIAL, SEED, TICK_MS } from './store/peer-word.ts';
import { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { ADDRESS_COUNTERS, storeWords, Swarms, type SwarmsOptions } from './swarms.ts';

const OPTIONS: SwarmsOptions = {
  maxSwarms: 8,
  arenaBytes: 1 << 14,
  peerLifetimeMs: 10 * TICK_MS,
  minIntervalMs: 2 * TICK_MS,
  maxPeersPerSwarm: 100,
  maxPeersPerAddress: 100,
  key: [3, 4],
  seed: 7,
};

interface Ask {
  readonly swarm?: number;
  readonly peer: number;
  readonly family?: 4 | 6;
  readonly event?: StoreQuery['event'];
  readonly seed?: boolean;
  readonly numWant?: number;
  readonly both?: boolean;
}

class Bench {
  readonly store: Swarms;

  constructor(options: Partial<SwarmsOptions> = {}) {
    const all = { ...OPTIONS, ...options };
    this.store = new Swarms(new Int32Array(storeWords(all)), all);
  }

  /** Announces at a tick; answers the last bytes of the peers told of. */
  ask(told: Ask, tick = 0): { reply: StoreReply; v4: number[]; v6: number[] } {
    const query = new StoreQuery();
    query.infoHash.fill(told.swarm ?? 1);
    query.family = told.family ?? 4;
    const length = query.family === 4 ? 4 : 16;
    query.ip[length - 1] = told.peer;
    // IPv6: the first half tells networks apart.
    query.ip[1] = told.peer;
    query.port = 700;
    query.event = told.event ?? 'started';
    query.seed = told.seed ?? false;
    query.numWant = told.numWant ?? 50;
    query.bothFamilies = told.both ?? false;
    const reply = new StoreReply(100);
    this.store.announce(query, tick * TICK_MS, reply);
    const last = (bytes: Uint8Array, stride: number): number[] =>
      Array.from({ length: bytes.length / stride }, (_, i) => bytes[(i + 1) * stride - 3] ?? -1).sort();
    return {
      reply,
      v4: last(reply.peers4.subarray(0, reply.length4), 6),
      v6: last(reply.peers6.subarray(0, reply.length6), 18),
    };
  }

  counts(swarm = 1): number[] {
    const counts = new StoreCounts();
    this.store.scrape(new Uint8Array(20).fill(swarm), counts);
    return [counts.seeders, counts.leechers, counts.downloads, counts.downloaders];
  }

  read(number: number, tick: number): Uint8Array {
    const out = new ByteWriter();
    this.store.readSwarm(number, tick * TICK_MS, out);
    return out.finish();
  }

  restore(record: Uint8Array, tick: number, ageTicks = 0): number {
    const reader = new ByteReader(record);
    this.store.restoreSwarm(reader, tick * TICK_MS, ageTicks * TICK_MS);
    return reader.remaining;
  }
}

describe('the walk over old peers', () => {
  it('forgets a peer the moment that it is older than its lifetime', () => {
    const bench = new Bench();
    bench.ask({ peer: 1 }, 1);
    bench.ask({ peer: 2 }, 2);
    while (!bench.store.sweep(11 * TICK_MS, 100));
    expect(bench.counts()[1]).toBe(2);
    while (!bench.store.sweep(12 * TICK_MS, 100));
    expect(bench.counts()[1]).toBe(1);
  });

  it('goes as far as its budget at a time, peers and swarms', () => {
    const bench = new Bench();
    for (let peer = 1; peer <= 20; peer++) bench.ask({ peer });
    bench.ask({ swarm: 2, peer: 1, family: 6 });
    const left: number[] = [];
    let isRound = false;
    for (let step = 0; step < 20 && !isRound; step++) {
      isRound = bench.store.sweep(12 * TICK_MS, 6);
      left.push(bench.store.totals().peers4);
    }
    expect(isRound).toBe(true);
    expect(left.slice(0, 4)).toEqual([15, 10, 5, 0]);
    expect(left.length).toBeLessThanOrEqual(6);
    expect(bench.store.totals()).toMatchObject({ peers4: 0, peers6: 0 });
    for (let number = 0; number < 8; number++) bench.ask({ swarm: number, peer: 1 });
    expect([3, 3, 100].map((budget) => bench.store.sweep(TICK_MS, budget))).toEqual([false, false, true]);
  });

  it('goes on where it stood, in lists of either family', () => {
    for (const family of [4, 6] as const) {
      const bench = new Bench();
      for (let peer = 1; peer <= 9; peer++) bench.ask({ peer, family }, peer % 2 === 0 ? 0 : 9);
      let steps = 0;
      while (!bench.store.sweep(12 * TICK_MS, 2)) steps++;
      expect(steps).toBeGreaterThan(2);
      expect(bench.counts()[1]).toBe(5);
      expect(bench.store.totals()).toMatchObject({ swarms: 1 });
    }
  });

  it('keeps an empty swarm for a lifetime after its last announce', () => {
    const bench = new Bench();
    bench.ask({ peer: 1 }, 5);
    bench.ask({ peer: 1, event: 'stopped' }, 6);
    while (!bench.store.sweep(16 * TICK_MS, 100));
    expect(bench.store.totals().swarms).toBe(1);
    while (!bench.store.sweep(17 * TICK_MS, 100));
    expect(bench.store.totals().swarms).toBe(0);
  });
});

describe('room for swarms', () => {
  it('is used again, and each swarm found whatever goes before it', () => {
    const bench = new Bench({ maxSwarms: 12 });
    const isThere = new Set<number>();
    // All orders of leaving: the index has to close its gaps around each.
    for (let round = 0; round < 40; round++) {
      for (let swarm = 0; swarm < 12; swarm++) {
        if (isThere.has(swarm)) continue;
        expect(bench.ask({ swarm: 20 * round + swarm, peer: 1, event: 'started' }).reply.verdict).toBe('ok');
        isThere.add(swarm);
      }
      expect(bench.store.totals().swarms).toBe(12);
      for (let swarm = 0; swarm < 12; swarm++) {
        expect(bench.counts((20 * round + swarm) & 255)[1]).toBe(1);
        bench.ask({ swarm: 20 * round + swarm, peer: 1, event: 'stopped' });
      }
      while (!bench.store.sweep(1000 * TICK_MS, 100));
      expect(bench.store.totals()).toMatchObject({ swarms: 0, peers4: 0 });
      isThere.clear();
    }
    expect(bench.store.recordCount).toBe(12);
  });

  it('tells hashes apart by every word', () => {
    const { store } = new Bench({ maxSwarms: 40 });
    const query = new StoreQuery();
    query.port = 1;
    for (let at = 0; at < 20; at++) {
      query.infoHash.fill(0);
      query.infoHash[at] = 1;
      store.announce(query, 0, new StoreReply(0));
    }
    expect(store.totals()).toMatchObject({ swarms: 20, peers4: 20 });
    const counts = new StoreCounts();
    query.infoHash.fill(0);
    expect([store.scrape(query.infoHash, counts), counts.leechers]).toEqual([false, 0]);
  });

  it('comes back with the memory of lists of IPv6 peers', () => {
    const bench = new Bench({ maxSwarms: 2, arenaBytes: 512 });
    for (let round = 0; round < 50; round++) {
      expect(bench.ask({ swarm: round, peer: 1, family: 6 }).reply.verdict).toBe('ok');
      bench.ask({ swarm: round, peer: 1, family: 6, event: 'stopped' });
    }
    expect(bench.store.totals()).toMatchObject({ peers6: 0 });
  });

  it('is not made for a goodbye', () => {
    const bench = new Bench();
    const { reply } = bench.ask({ peer: 1, event: 'stopped' });
    expect([reply.verdict, reply.seeders, reply.leechers, bench.store.totals().swarms]).toEqual([
      'ok',
      0,
      0,
      0,
    ]);
  });
});

describe('whom an asker is told of', () => {
  it('are all others, or as many as it wants, and itself never', () => {
    for (const family of [4, 6] as const) {
      const bench = new Bench();
      for (let peer = 1; peer <= 9; peer++) bench.ask({ peer, family });
      const told = (peer: number, numWant: number): number[] => {
        const answer = bench.ask({ peer, family, numWant });
        return family === 4 ? answer.v4 : answer.v6;
      };
      for (let peer = 1; peer <= 9; peer++) {
        const others = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((each) => each !== peer);
        expect(told(peer, 8)).toEqual(others);
        expect(told(peer, 50)).toEqual(others);
        const seen = new Set<number>();
        for (let round = 0; round < 25; round++) {
          const some = told(peer, 3);
          expect(new Set(some).size).toBe(3);
          for (const each of some) seen.add(each);
        }
        expect([...seen].sort()).toEqual(others);
      }
      expect(told(5, 0)).toEqual([]);
    }
  });

  it('are of its own family first, and of the other up to what it wants', () => {
    const bench = new Bench();
    for (let peer = 1; peer <= 3; peer++) bench.ask({ peer });
    for (let peer = 1; peer <= 4; peer++) bench.ask({ peer, family: 6 });
    const sizes = (told: Ask): number[] => {
      const { v4, v6 } = bench.ask(told);
      return [v4.length, v6.length];
    };
    expect(sizes({ peer: 1, both: true, numWant: 4 })).toEqual([2, 2]);
    expect(sizes({ peer: 1, both: true })).toEqual([2, 4]);
    expect(sizes({ peer: 1, both: true, numWant: 2 })).toEqual([2, 0]);
    expect(sizes({ peer: 1, both: true, numWant: 1 })).toEqual([1, 0]);
    expect(sizes({ peer: 1, family: 6, both: true, numWant: 4 })).toEqual([1, 3]);
    expect(sizes({ peer: 1, family: 6, both: true, numWant: 5 })).toEqual([2, 3]);
    expect(sizes({ peer: 1, family: 6 })).toEqual([0, 3]);
    expect(bench.ask({ peer: 1, both: true }).v6).toEqual([1, 2, 3, 4]);
    expect(bench.ask({ peer: 1, family: 6, both: true }).v4).toEqual([1, 2, 3]);
  });

  it('want data, where the asker only gives', () => {
    const bench = new Bench();
    for (let peer = 1; peer <= 3; peer++) bench.ask({ peer });
    for (let peer = 4; peer <= 6; peer++) bench.ask({ peer, seed: true });
    bench.ask({ peer: 7, event: 'paused' });
    for (const peer of [4, 5, 6]) expect(bench.ask({ peer, seed: true }).v4).toEqual([1, 2, 3]);
    expect(bench.ask({ peer: 7, event: 'paused' }, 9).v4).toEqual([1, 2, 3]);
    expect(bench.ask({ peer: 2 }).v4).toEqual([1, 3, 4, 5, 6, 7]);
  });

  it('are all those alike, where a giver wants fewer than there are', () => {
    const bench = new Bench();
    for (let peer = 1; peer <= 5; peer++) bench.ask({ peer });
    for (let peer = 6; peer <= 7; peer++) bench.ask({ peer, seed: true });
    for (const peer of [6, 7]) {
      const seen = new Set<number>();
      for (let round = 0; round < 40; round++) {
        expect(bench.ask({ peer, seed: true, numWant: 4 }).v4).toHaveLength(4);
        for (const each of bench.ask({ peer, seed: true, numWant: 2 }).v4) seen.add(each);
      }
      expect([...seen].sort()).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('come in an answer that has nothing of the one before', () => {
    const reply = new StoreReply(1);
    const query = new StoreQuery();
    const stale = { verdict: 'early', seeders: 1, leechers: 1, downloads: 1, length4: 6, length6: 18 };
    Object.assign(reply, stale);
    query.event = 'stopped';
    new Bench().store.announce(query, 0, reply);
    expect(reply).toMatchObject({ verdict: 'ok', seeders: 0, leechers: 0, downloads: 0 });
    expect(reply).toMatchObject({ length4: 0, length6: 0 });
  });

  it('are none for an early asker, whether it downloads or pauses', () => {
    for (const event of ['none', 'paused'] as const) {
      const bench = new Bench();
      bench.ask({ peer: 1 });
      bench.ask({ peer: 2, event });
      const early = Array.from({ length: 4 }, () => bench.ask({ peer: 2, event }, 1).v4.length);
      expect(early).toEqual([1, 1, 1, 0]);
      expect(bench.ask({ peer: 2, event: 'started' }, 1).v4).toHaveLength(1);
      expect(bench.ask({ peer: 2, event }, 2).v4).toHaveLength(1);
      expect(bench.ask({ peer: 2, event }, 4).v4).toHaveLength(1);
    }
  });
});

describe('a swarm as bytes', () => {
  const peerOf = (ip: readonly number[], word: number, age: number): number[] => {
    const out = new ByteWriter().bytes(Uint8Array.from(ip)).u32(word >>> 0);
    return [...out.u16(age).finish()];
  };
  const zeros = (n: number): number[] => Array<number>(n).fill(0);

  it('has its hash, its count and its peers with their age in ticks', () => {
    const bench = new Bench();
    bench.ask({ peer: 5, seed: true, event: 'completed' }, 3);
    bench.ask({ peer: 6, family: 6, event: 'paused' }, 4);
    expect([...bench.read(0, 7)]).toEqual([
      ...[...Array<number>(20).fill(1), 0, 0, 0, 1],
      ...[0, 0, 0, 1, ...peerOf([0, 5, 0, 5], packPeerWord(700, SEED | COUNTED, 3), 4)],
      ...[0, 0, 0, 1, ...peerOf([0, 6, ...zeros(13), 6], packPeerWord(700, PARTIAL, 4), 3)],
    ]);
    expect(bench.read(1, 7)).toHaveLength(0);
  });

  it('comes back as it was, and each peer is forgotten when its time has come', () => {
    const bench = new Bench();
    bench.ask({ peer: 5, seed: true, event: 'completed' }, 3);
    bench.ask({ peer: 6, family: 6 }, 6);
    const record = bench.read(0, 7);
    const other = new Bench();
    expect(other.restore(record, 100, 1)).toBe(0);
    expect(other.counts()).toEqual([1, 1, 1, 1]);
    // The completion is counted already.
    other.ask({ peer: 5, seed: true, event: 'none' }, 100);
    other.ask({ peer: 5, seed: true, event: 'completed' }, 100);
    expect(other.counts()[2]).toBe(1);
    while (!other.store.sweep(108 * TICK_MS, 100));
    expect(other.store.totals()).toMatchObject({ peers4: 1, peers6: 1 });
    while (!other.store.sweep(109 * TICK_MS, 100));
    expect(other.store.totals()).toMatchObject({ peers4: 1, peers6: 0 });
    const late = new Bench();
    expect(late.restore(record, 100, 7)).toBe(0);
    expect(late.store.totals()).toMatchObject({ peers4: 0, peers6: 1 });
  });

  it('leaves to a peer that is here already the younger word, and the completion', () => {
    const bench = new Bench();
    const older = new Bench();
    older.ask({ peer: 5, seed: true }, 4);
    older.ask({ peer: 6, seed: true }, 4);
    older.ask({ peer: 7, family: 6, seed: true }, 4);
    bench.ask({ peer: 5, event: 'completed' }, 2);
    bench.ask({ peer: 6 }, 6);
    bench.ask({ peer: 7, family: 6 }, 4);
    expect(bench.restore(older.read(0, 6), 6)).toBe(0);
    // 5 has become a seed by the younger word, 6 and 7 stay as they are.
    expect(bench.counts()).toEqual([1, 2, 1, 2]);
    bench.ask({ peer: 5, seed: true, event: 'completed' }, 6);
    expect(bench.counts()[2]).toBe(1);
    expect(bench.store.totals()).toMatchObject({ peers4: 2, peers6: 1 });
  });

  it('keeps the larger count of downloads, and is passed over where there is no room', () => {
    const bench = new Bench({ maxSwarms: 1 });
    const other = new Bench();
    for (let peer = 1; peer <= 3; peer++) other.ask({ peer, event: 'completed' });
    bench.ask({ peer: 1, event: 'completed' });
    bench.restore(other.read(0, 0), 0);
    expect(bench.counts()).toEqual([0, 3, 3, 3]);
    bench.restore(other.read(0, 0), 0);
    expect(bench.counts()).toEqual([0, 3, 3, 3]);
    other.ask({ swarm: 2, peer: 9 });
    expect(bench.restore(other.read(1, 0), 0)).toBe(0);
    expect(bench.store.totals()).toMatchObject({ swarms: 1, peers4: 3 });
  });

  it('keeps a swarm alive for as long as one just announced', () => {
    const other = new Bench();
    other.ask({ peer: 1 });
    other.ask({ peer: 1, event: 'stopped' });
    const bench = new Bench();
    bench.restore(other.read(0, 0), 50);
    while (!bench.store.sweep(60 * TICK_MS, 100));
    expect(bench.store.totals().swarms).toBe(1);
    while (!bench.store.sweep(61 * TICK_MS, 100));
    expect(bench.store.totals().swarms).toBe(0);
  });
});

describe('the peers of an address', () => {
  it('are counted anew from what is stored', () => {
    const bench = new Bench();
    for (let swarm = 1; swarm <= 3; swarm++) bench.ask({ swarm, peer: 1 });
    bench.ask({ swarm: 1, peer: 2 });
    bench.ask({ swarm: 2, peer: 3, family: 6 });
    bench.ask({ swarm: 3, peer: 1, event: 'stopped' });
    const counted = new Int32Array(ADDRESS_COUNTERS);
    bench.store.countAddresses(counted);
    expect([...counted].filter((count) => count > 0).sort()).toEqual([1, 1, 2]);
  });

  it('of one IPv6 network are counted together, those of others apart', () => {
    const bench = new Bench({ maxPeersPerAddress: 2 });
    const ask = (network: number, host: number): string => {
      const query = new StoreQuery();
      query.family = 6;
      query.ip[7] = network;
      query.ip[15] = host;
      query.port = 1;
      const reply = new StoreReply(0);
      bench.store.announce(query, 0, reply);
      return reply.verdict;
    };
    expect([ask(1, 1), ask(1, 2), ask(1, 3), ask(2, 3)]).toEqual(['ok', 'ok', 'not-stored', 'ok']);
  });
});
