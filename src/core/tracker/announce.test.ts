import { describe, expect, it } from 'vitest';
import { AnnounceQuery } from './announce-query.ts';
import { AnnounceCore, type PeerStore } from './announce.ts';
import { HashFilter, type AccessControl, type Policy } from './policy.ts';
import { REFUSALS } from './refusal.ts';
import { StoreCounts, StoreReply } from './store/store-query.ts';

const POLICY: Policy = {
  intervalSeconds: 1000,
  minIntervalSeconds: 30,
  defaultNumWant: 50,
  maxNumWant: 80,
  publicOnly: false,
  trustClientIp: false,
  maxScrape: 9,
  torrents: undefined,
  access: undefined,
};

/** A store that notes what it is asked, and answers as it is told. */
class NotingStore implements PeerStore {
  readonly asked: { numWant: number; ip: number[] }[] = [];
  answer: Partial<Pick<StoreReply, 'verdict' | 'seeders' | 'leechers'>> = {};

  announce(query: AnnounceQuery, _now: number, reply: StoreReply): void {
    this.asked.push({ numWant: query.numWant, ip: [...query.address] });
    reply.clear();
    Object.assign(reply, this.answer);
  }

  scrape(_: Uint8Array, counts: StoreCounts): boolean {
    counts.seeders = 7;
    return true;
  }
}

interface Limits {
  readonly perSecond?: number;
  readonly burst?: number;
  readonly random?: number;
}

class Bench {
  readonly store = new NotingStore();
  readonly core: AnnounceCore;

  constructor(policy: Partial<Policy> = {}, { perSecond = 0, burst = 0, random = 0 }: Limits = {}) {
    this.core = new AnnounceCore(this.store, {
      policy: { ...POLICY, ...policy },
      rateLimit: { perSecond, burst, key: [1, 2] },
      random: () => random,
    });
  }

  announce(more: (query: AnnounceQuery) => void = () => undefined, now = 0): string | undefined {
    return this.core.announce(queryOf(more), now, new StoreReply(0))?.code;
  }
}

function queryOf(more: (query: AnnounceQuery) => void = () => undefined): AnnounceQuery {
  const query = new AnnounceQuery();
  query.setSource(Uint8Array.of(9, 9, 9, 9));
  query.port = 6881;
  more(query);
  return query;
}

describe('an announce', () => {
  it('asks the store for as many peers as the client wants, within the rules', () => {
    const bench = new Bench();
    for (const asked of [-1, 0, 79, 80, 81]) bench.announce((query) => (query.asked = asked));
    bench.announce((query) => {
      query.asked = 5;
      query.event = 'stopped';
    });
    expect(bench.store.asked.map(({ numWant }) => numWant)).toEqual([50, 0, 79, 80, 80, 0]);
  });

  it('is counted, by what it says', () => {
    const bench = new Bench();
    for (const event of ['none', 'paused', 'started', 'completed', 'started', 'stopped'] as const)
      expect(bench.announce((query) => (query.event = event))).toBeUndefined();
    bench.store.answer = { verdict: 'not-stored' };
    expect(bench.announce()).toBeUndefined();
    expect(bench.core.counters).toEqual({
      ...{ announces: 7, started: 2, completed: 1, stopped: 1, notStored: 1 },
      ...{ scrapes: 0, refused: 0, rateLimited: 0 },
    });
  });

  it('needs a port, also to say goodbye', () => {
    const bench = new Bench();
    const withPort = (port: number, event: 'none' | 'stopped' = 'none'): string | undefined =>
      bench.announce((query) => Object.assign(query, { port, event }));
    expect([1, 65_535].map((port) => withPort(port))).toEqual([undefined, undefined]);
    expect(withPort(0, 'stopped')).toBe('bad-port');
    expect([-1, 0, 65_536].map((port) => withPort(port))).toEqual(Array(3).fill('bad-port'));
    expect(bench.core.counters.refused).toBe(4);
    expect(bench.store.asked).toHaveLength(2);
  });

  it('is refused where the store has no room for its torrent', () => {
    const bench = new Bench();
    bench.store.answer = { verdict: 'swarms-full' };
    expect(bench.announce((query) => (query.event = 'started'))).toBe('tracker-full');
    expect(bench.core.counters).toMatchObject({ refused: 1, started: 0 });
  });

  it('is refused for torrents that are not on the list, before the access rules are asked', () => {
    const access: AccessControl = { check: () => REFUSALS.banned };
    const only = { torrents: HashFilter.from('allow', [new Uint8Array(20).fill(1)]) };
    const bench = new Bench({ ...only, access });
    expect(bench.announce()).toBe('not-allowed');
    expect(bench.announce((query) => query.infoHash.fill(1))).toBe('banned');
    expect(new Bench(only).announce((query) => query.infoHash.fill(1))).toBeUndefined();
    expect(bench.store.asked).toEqual([]);
    expect(bench.core.counters.refused).toBe(2);
  });

  it('comes from the address that the client names only where that is believed', () => {
    const v4 = (query: AnnounceQuery): void => {
      query.claimedFamily = 4;
      query.claimedIp.set([8, 8, 4, 4, 99]);
    };
    const v6 = (query: AnnounceQuery): void => {
      query.claimedFamily = 6;
      query.claimedIp.set([0x20, 1, 5]);
    };
    const doubting = new Bench();
    doubting.announce(v4);
    const believing = new Bench({ trustClientIp: true });
    believing.announce();
    believing.announce(v4);
    believing.announce(v6);
    expect(doubting.store.asked[0]?.ip).toEqual([9, 9, 9, 9]);
    expect(believing.store.asked.map(({ ip }) => ip)).toEqual([
      [9, 9, 9, 9],
      [8, 8, 4, 4],
      [0x20, 1, 5, ...Array<number>(13).fill(0)],
    ]);
  });

  it('is refused from where the Internet does not reach, on a public tracker', () => {
    const privately = (query: AnnounceQuery): void => query.setSource(Uint8Array.of(10, 0, 0, 1));
    expect(new Bench().announce(privately)).toBeUndefined();
    expect(new Bench({ publicOnly: true }).announce(privately)).toBe('bad-address');
    expect(new Bench({ publicOnly: true }).announce()).toBeUndefined();
  });

  it('is accounted for, alone or not', () => {
    const log: boolean[] = [];
    const access: AccessControl = { check: () => undefined, account: (_, alone) => log.push(alone) };
    const bench = new Bench({ access });
    const cases = [
      [{ seeders: 1 }, 'none'],
      [{ leechers: 1 }, 'none'],
      [{ seeders: 1, leechers: 1 }, 'none'],
      [{ leechers: 1 }, 'stopped'],
      [{}, 'stopped'],
      [{ leechers: 1, verdict: 'not-stored' }, 'none'],
      [{ verdict: 'not-stored' }, 'none'],
    ] as const;
    for (const [answer, event] of cases) {
      bench.store.answer = answer;
      bench.announce((query) => (query.event = event));
    }
    expect(log).toEqual([true, true, false, false, true, false, true]);
  });
});

describe('the pace of clients', () => {
  it('is limited by address, except of this machine', () => {
    const bench = new Bench({}, { perSecond: 1, burst: 2 });
    const codes = [0, 0, 0, 1000].map((now) => bench.announce(undefined, now));
    expect(codes).toEqual([undefined, undefined, 'too-many-requests', undefined]);
    const from = (...ip: number[]): (string | undefined)[] =>
      Array.from({ length: 4 }, () => bench.announce((query) => query.setSource(Uint8Array.from(ip))));
    expect(from(127, 0, 0, 1)).toEqual(Array(4).fill(undefined));
    expect(from(128, 0, 0, 1)[3]).toBe('too-many-requests');
    expect(from(127, ...Array<number>(15).fill(0))[3]).toBe('too-many-requests');
    expect(bench.core.counters).toMatchObject({ announces: 16, rateLimited: 5, refused: 0 });
  });

  it('is limited for scrapes too, by what they ask for', () => {
    const bench = new Bench({}, { perSecond: 1, burst: 2 });
    const ip = Uint8Array.of(9, 9, 9, 9);
    const scrape = (hashes: number, now: number): string | undefined =>
      bench.core.admitScrape(ip, now, hashes)?.code;
    expect([scrape(9, 0), scrape(1, 0)]).toEqual([undefined, 'too-many-requests']);
    expect([scrape(1, 10_000), scrape(1, 10_000), scrape(1, 10_000)]).toEqual([
      undefined,
      undefined,
      'too-many-requests',
    ]);
    expect(scrape(10, 99_000)).toBe('too-many-hashes');
    expect(bench.core.counters).toMatchObject({ scrapes: 6, rateLimited: 2, refused: 1 });
  });

  it('is spread by a tenth to either side of the interval', () => {
    const seconds = [0, 0.5, 0.999_999].map((random) => new Bench({}, { random }).core.intervalSeconds());
    expect(seconds).toEqual([900, 1000, 1100]);
  });
});

describe('a peer behind a socket', () => {
  it('is held to the same rules, and needs no port', () => {
    const bench = new Bench({ torrents: HashFilter.from('deny', [new Uint8Array(20).fill(1)]) });
    const admit = (more: (query: AnnounceQuery) => void): string | undefined =>
      bench.core.admitSocketPeer(queryOf(more), 0)?.code;
    expect(admit((query) => (query.port = 0))).toBeUndefined();
    expect(admit((query) => (query.event = 'started'))).toBeUndefined();
    expect(admit((query) => (query.event = 'paused'))).toBeUndefined();
    expect(admit((query) => query.infoHash.fill(1))).toBe('not-allowed');
    expect(bench.core.counters).toMatchObject({ announces: 4, refused: 1, started: 1 });
    expect(bench.core.counters).not.toHaveProperty('paused');
    const hasty = new Bench({}, { perSecond: 1, burst: 1 });
    const twice = [0, 0].map(() => hasty.core.admitSocketPeer(queryOf(), 0)?.code);
    expect(twice).toEqual([undefined, 'too-many-requests']);
  });

  it('is accounted for as alone when nobody else is there', () => {
    const log: boolean[] = [];
    const access: AccessControl = { check: () => undefined, account: (_, alone) => log.push(alone) };
    const { core } = new Bench({ access });
    core.accountSocketPeer(queryOf(), 0, 0);
    core.accountSocketPeer(queryOf(), 1, 0);
    expect(log).toEqual([true, false]);
    const unaccounted = new Bench({ access: { check: () => undefined } }).core;
    expect(() => unaccounted.accountSocketPeer(queryOf(), 0, 0)).not.toThrow();
    expect(() => new Bench().core.accountSocketPeer(queryOf(), 0, 0)).not.toThrow();
  });
});

describe('a scrape', () => {
  it('is answered by the store', () => {
    const counts = new StoreCounts();
    expect(new Bench().core.scrape(new Uint8Array(20), counts)).toBe(true);
    expect(counts.seeders).toBe(7);
  });
});

describe('the source of an announce', () => {
  it('has its own length, and IPv4 in IPv6 is IPv4', () => {
    const source = (...ip: number[]): unknown => {
      const query = new AnnounceQuery();
      query.ip.fill(0xee);
      query.setSource(Uint8Array.from(ip));
      return [query.family, ...query.address];
    };
    const mapped = [...Array<number>(10).fill(0), 0xff, 0xff, 1, 2, 3, 4];
    expect(source(1, 2, 3, 4)).toEqual([4, 1, 2, 3, 4]);
    expect(source(...mapped)).toEqual([4, 1, 2, 3, 4]);
    for (const at of [0, 9, 10, 11]) {
      const other = mapped.with(at, 0x20);
      expect(source(...other)).toEqual([6, ...other]);
    }
  });

  it('outlives the request that came before; nothing else does', () => {
    const query = queryOf((each) => {
      Object.assign(each, { event: 'stopped', seed: true, asked: 7, credential: 'x', claimedFamily: 6 });
      Object.assign(each, { uploaded: 1, downloaded: 2 });
    });
    query.reset();
    expect(query).toMatchObject({ port: 0, event: 'none', seed: false, asked: -1, credential: '' });
    expect(query).toMatchObject({ uploaded: 0, downloaded: 0, claimedFamily: 0 });
    expect([...query.address]).toEqual([9, 9, 9, 9]);
  });
});
