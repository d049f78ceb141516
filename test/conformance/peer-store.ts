// What every store of swarms has to do, wherever the words come from and wherever the question is asked: in memory both
// are one place, with a shared store they are two machines.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerStore } from '../../src/core/tracker/announce.ts';
import { StoreCounts, StoreQuery, StoreReply } from '../../src/core/tracker/store/store-query.ts';
import type { AnnounceEvent } from '../../src/core/tracker/model.ts';

export interface PeerStoreHarness {
  /** Where peers announce. */
  readonly heard: PeerStore;
  /** Where others ask. */
  readonly asked: PeerStore;
  readonly now: () => number;
  /** Resolves when `asked` must know all that `heard` was told. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

interface Word {
  readonly swarm: number;
  readonly peer: number;
  readonly event?: AnnounceEvent;
  readonly seed?: boolean;
  readonly v6?: boolean;
}

export function describePeerStore(name: string, create: () => Promise<PeerStoreHarness>): void {
  describe(`${name} as a store of swarms`, () => {
    let harness: PeerStoreHarness;

    beforeEach(async () => {
      harness = await create();
    });

    afterEach(async () => {
      await harness.dispose();
    });

    function tell(store: PeerStore, ...words: readonly Word[]): void {
      for (const word of words) store.announce(queryOf(word, 0), harness.now(), new StoreReply(0));
    }

    /** Peers that a newcomer is told of, by number. */
    function ask(swarm: number, v6 = false): number[] {
      const reply = new StoreReply(100);
      harness.asked.announce(queryOf({ swarm, peer: 999, v6 }, 100), harness.now(), reply);
      const [places, length, size] = v6
        ? [reply.peers6, reply.length6, 18]
        : [reply.peers4, reply.length4, 6];
      const ports = Array.from({ length: length / size }, (_, i) => {
        const at = (i + 1) * size;
        return ((places[at - 2] ?? 0) << 8) | (places[at - 1] ?? 0);
      });
      return ports.map((port) => port - 1000).sort((a, b) => a - b);
    }

    function counts(swarm: number): readonly [seeders: number, leechers: number, downloads: number] {
      const found = new StoreCounts();
      harness.asked.scrape(new Uint8Array(20).fill(swarm), found);
      return [found.seeders, found.leechers, found.downloads];
    }

    it('knows nothing of what nobody announced', () => {
      expect(counts(1)).toEqual([0, 0, 0]);
    });

    it('tells of peers of both families, each to its own', async () => {
      tell(
        harness.heard,
        { swarm: 1, peer: 1 },
        { swarm: 1, peer: 2, seed: true },
        { swarm: 1, peer: 3, v6: true },
      );
      await harness.settle();
      expect(counts(1)).toEqual([1, 2, 0]);
      expect(ask(1)).toEqual([1, 2]);
      expect(ask(1, true)).toEqual([3]);
    });

    it('keeps swarms apart', async () => {
      tell(harness.heard, { swarm: 1, peer: 1 }, { swarm: 2, peer: 2 });
      await harness.settle();
      expect([ask(1), ask(2)]).toEqual([[1], [2]]);
    });

    it('forgets who says goodbye, and takes him back', async () => {
      tell(harness.heard, { swarm: 1, peer: 1 }, { swarm: 1, peer: 2 });
      await harness.settle();
      tell(harness.heard, { swarm: 1, peer: 1, event: 'stopped' });
      await harness.settle();
      expect(counts(1)).toEqual([0, 1, 0]);
      tell(harness.heard, { swarm: 1, peer: 1 });
      await harness.settle();
      expect(ask(1)).toEqual([1, 2]);
    });

    it('counts a download once, however often it is told', async () => {
      tell(harness.heard, { swarm: 1, peer: 1 });
      await harness.settle();
      for (let i = 0; i < 3; i++) tell(harness.heard, { swarm: 1, peer: 1, seed: true, event: 'completed' });
      await harness.settle();
      expect(counts(1)).toEqual([1, 0, 1]);
    });

    it('keeps a partial seed among the leechers and away from seeds', async () => {
      tell(harness.heard, { swarm: 1, peer: 1, event: 'paused' });
      await harness.settle();
      const reply = new StoreReply(10);
      harness.asked.announce(queryOf({ swarm: 1, peer: 2, seed: true }, 10), harness.now(), reply);
      expect([reply.seeders, reply.leechers, reply.length4]).toEqual([1, 1, 0]);
    });

    it('keeps the last of several words', async () => {
      tell(
        harness.heard,
        { swarm: 1, peer: 1 },
        { swarm: 1, peer: 1, event: 'stopped' },
        { swarm: 1, peer: 1, seed: true },
        { swarm: 1, peer: 2 },
        { swarm: 1, peer: 2, event: 'stopped' },
      );
      await harness.settle();
      expect(counts(1)).toEqual([1, 0, 0]);
    });

    it('holds many swarms', async () => {
      for (let swarm = 1; swarm <= 200; swarm++) {
        for (let peer = 1; peer <= 5; peer++) tell(harness.heard, { swarm, peer });
      }
      await harness.settle();
      for (let swarm = 1; swarm <= 200; swarm++) expect(counts(swarm)).toEqual([0, 5, 0]);
    });
  });
}

function queryOf(
  { swarm, peer, event = 'none', seed = false, v6 = false }: Word,
  numWant: number,
): StoreQuery {
  const query = new StoreQuery();
  query.infoHash.fill(swarm);
  query.family = v6 ? 6 : 4;
  query.ip.set(v6 ? [0x20, 1, 0xd, 0xb8] : [10, 0, peer >> 8, peer & 255]);
  query.port = 1000 + peer;
  query.event = event;
  query.seed = seed;
  query.numWant = numWant;
  return query;
}
