import { describe, expect, it } from 'vitest';
import { HEADER } from './store/layout.ts';
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
