import { describe, expect, it } from 'vitest';
import { storeWords, Swarms, type SwarmsOptions } from '../swarms.ts';
import { StoreCounts, StoreQuery, StoreReply } from '../store/store-query.ts';
import { Journal } from './journal.ts';
import {
  SHARED_COMPLETED,
  SHARED_GONE,
  SHARED_PARTIAL,
  SHARED_SEED,
  type SharedPeer,
} from './shared-peer.ts';
import { SharedStore } from './shared-store.ts';

const OPTIONS: SwarmsOptions = {
  maxSwarms: 4,
  arenaBytes: 1 << 16,
  peerLifetimeMs: 30 * 60_000,
  minIntervalMs: 60_000,
  maxPeersPerSwarm: 3,
  maxPeersPerAddress: 100,
  key: [1, 2],
  seed: 7,
};
const LATER = 1_000_000;
const HASH = new Uint8Array(20).fill(1);

interface Said {
  readonly peer?: number;
  readonly swarm?: number;
  readonly family?: 4 | 6;
  readonly event?: StoreQuery['event'];
  readonly seed?: boolean;
}

class Machine {
  readonly journal = new Journal(100);
  readonly store = new SharedStore(new Swarms(new Int32Array(storeWords(OPTIONS)), OPTIONS), {
    journal: this.journal,
    toSharedTime: (now) => now + LATER,
  });

  /** Announces; answers what the others are to be told of it. */
  say({ peer = 1, swarm = 1, family = 4, event = 'started', seed = false }: Said, now = 5): SharedPeer[] {
    const query = new StoreQuery();
    query.infoHash.fill(swarm);
    query.family = family;
    query.ip.set(
      family === 4 ? [9, 8, 7, peer, 0xee] : Array.from({ length: 16 }, (_, i) => 0x20 + i * peer),
    );
    query.port = 0x1234;
    query.event = event;
    query.seed = seed;
    query.numWant = 50;
    this.store.announce(query, now, new StoreReply(100));
    // What the frontend writes into its query next must not change what was noted.
    query.infoHash.fill(0xff);
    query.ip.fill(0xff);
    return this.journal.take(100);
  }

  counts(): unknown {
    const counts = new StoreCounts();
    const isKnown = this.store.scrape(HASH, counts);
    return [isKnown, counts.seeders, counts.leechers, counts.downloads, counts.downloaders];
  }

  /** Whom an asker from elsewhere is told of. */
  peers(): number[][] {
    const query = new StoreQuery();
    query.infoHash.set(HASH);
    query.ip.set([1, 1, 1, 1]);
    query.port = 1;
    query.numWant = 50;
    query.bothFamilies = true;
    const reply = new StoreReply(100);
    this.store.announce(query, 5, reply);
    return [[...reply.peers4.subarray(0, reply.length4)], [...reply.peers6.subarray(0, reply.length6)]];
  }
}

describe('a store that shares its swarms', () => {
  it('notes who came, with place and time on the common clock', () => {
    const machine = new Machine();
    expect(machine.say({})).toEqual([
      { infoHash: HASH, place: Uint8Array.of(9, 8, 7, 1, 0x12, 0x34), flags: 0, at: 5 + LATER },
    ]);
    const ip = Array.from({ length: 16 }, (_, i) => 0x20 + 2 * i);
    expect(machine.say({ family: 6, peer: 2, seed: true })).toEqual([
      { infoHash: HASH, place: Uint8Array.of(...ip, 0x12, 0x34), flags: SHARED_SEED, at: 5 + LATER },
    ]);
    expect(machine.counts()).toEqual([true, 1, 1, 0, 1]);
  });

  it.each<[Said, number]>([
    [{ event: 'none' }, 0],
    [{ event: 'started', seed: true }, SHARED_SEED],
    [{ event: 'paused' }, SHARED_PARTIAL],
    [{ event: 'paused', seed: true }, SHARED_SEED],
    [{ event: 'completed', seed: true }, SHARED_SEED | SHARED_COMPLETED],
    [{ event: 'completed' }, SHARED_COMPLETED],
  ])('notes what it is: %o', (said, flags) => {
    expect(new Machine().say(said)).toMatchObject([{ flags }]);
  });

  it('notes a finished download once, however often it is told', () => {
    const machine = new Machine();
    const flags = (said: Said): unknown => machine.say({ ...said, seed: true })[0]?.flags;
    expect(flags({ event: 'completed' })).toBe(SHARED_SEED | SHARED_COMPLETED);
    expect(flags({ event: 'completed' })).toBe(SHARED_SEED);
    expect(flags({ event: 'completed', peer: 2 })).toBe(SHARED_SEED | SHARED_COMPLETED);
    expect(machine.store.downloadsOf(HASH)).toBe(2);
    expect(machine.store.downloadsOf(new Uint8Array(20))).toBe(0);
    // The count of another torrent, looked at in between, is not taken for this one's.
    expect(machine.say({ event: 'started', seed: true })[0]?.flags).toBe(SHARED_SEED);
  });

  it('notes the goodbye of who was here, and of nobody else', () => {
    const machine = new Machine();
    machine.say({ seed: true });
    machine.say({ peer: 2 });
    expect(machine.say({ peer: 3, event: 'stopped' })).toEqual([]);
    expect(machine.say({ swarm: 2, event: 'stopped' })).toEqual([]);
    expect(machine.say({ event: 'stopped', seed: true })).toMatchObject([
      { flags: SHARED_GONE, place: Uint8Array.of(9, 8, 7, 1, 0x12, 0x34) },
    ]);
    expect(machine.say({ event: 'stopped', seed: true })).toEqual([]);
    expect(machine.say({ peer: 2, event: 'stopped' })).toMatchObject([{ flags: SHARED_GONE }]);
  });

  it('notes nobody for whom it had no room itself', () => {
    const machine = new Machine();
    for (let peer = 1; peer <= 3; peer++) expect(machine.say({ peer })).toHaveLength(1);
    expect(machine.say({ peer: 4 })).toEqual([]);
    for (let swarm = 2; swarm <= 4; swarm++) expect(machine.say({ swarm })).toHaveLength(1);
    expect(machine.say({ swarm: 5 })).toEqual([]);
  });
});

describe('what another machine noted', () => {
  const four = Uint8Array.of(9, 8, 7, 1, 0xab, 0xcd);
  const six = Uint8Array.from({ length: 18 }, (_, i) => 0x30 + i);
  const replayed = (...words: readonly (readonly [Uint8Array, number])[]): Machine => {
    const machine = new Machine();
    for (const [place, flags] of words) machine.store.replay({ infoHash: HASH, place, flags, at: 0 }, 5);
    return machine;
  };

  it('is here as if it had been announced here, and not told again', () => {
    const machine = replayed([four, 0], [six, SHARED_SEED]);
    expect(machine.counts()).toEqual([true, 1, 1, 0, 1]);
    expect(machine.journal.size).toBe(0);
    expect(machine.peers()).toEqual([[...four], [...six]]);
  });

  it.each([
    ['a partial seed', SHARED_PARTIAL, [true, 0, 1, 0, 0]],
    ['a finished download', SHARED_COMPLETED | SHARED_SEED, [true, 1, 0, 1, 0]],
    ['a seed that goes', SHARED_GONE | SHARED_SEED | SHARED_COMPLETED, [false, 0, 0, 0, 0]],
  ])('may be %s', (_, flags, counts) => {
    expect(replayed([four, flags]).counts()).toEqual(counts);
  });

  it('takes out who has gone elsewhere', () => {
    expect(replayed([four, 0], [six, 0], [four, SHARED_GONE]).peers()).toEqual([[], [...six]]);
    expect(replayed([four, 0], [six, 0], [six, SHARED_GONE]).peers()).toEqual([[...four], []]);
  });

  it('is never too early', () => {
    const machine = replayed([four, 0], [four, 0], [four, 0], [four, 0], [four, 0], [six, 0]);
    const query = new StoreQuery();
    query.infoHash.set(HASH);
    query.ip.set(four.subarray(0, 4));
    query.port = 0xabcd;
    query.numWant = 5;
    query.bothFamilies = true;
    const reply = new StoreReply(10);
    machine.store.announce(query, 5, reply);
    expect([reply.verdict, reply.length6]).toEqual(['ok', 18]);
  });
});
