import { describe, expect, it } from 'vitest';
import { PLAIN_POLICY as POLICY } from '../../../test/support/announces.ts';
import { createMemoryStore } from '../../../test/support/stores.ts';
import { AnnounceCore } from './announce.ts';
import { HashFilter, type AccessControl, type Policy } from './policy.ts';
import { Relay, type RelayConnection } from './relay.ts';
import { StoreQuery, StoreReply } from './store/store-query.ts';

const HASH = 'H'.repeat(20);
const HASH_BYTES = new Uint8Array(20).fill(0x48);

type Message = Readonly<Record<string, unknown>>;

class Bench {
  readonly sent: { to: number; message: Message }[] = [];
  readonly store = createMemoryStore().store;
  readonly core: AnnounceCore;
  readonly relay: Relay;

  constructor(policy: Partial<Policy> = {}, burst = 1e6) {
    this.core = new AnnounceCore(this.store, {
      policy: { ...POLICY, ...policy },
      rateLimit: { perSecond: burst === 1e6 ? 0 : 1, burst, key: [1, 2] },
      random: () => 0.5,
    });
    this.relay = new Relay({
      core: this.core,
      send: (to, text) => this.sent.push({ to, message: JSON.parse(text) as Message }),
      seed: 7,
    });
  }

  /** Lets a connection say something; answers all that was sent because of it. */
  say(connection: number, message: object | string, more: Partial<RelayConnection> = {}): Bench['sent'] {
    this.sent.length = 0;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    this.relay.receive(
      { id: connection, ip: Uint8Array.of(9, 9, 9, connection), credential: '', isPage: true, ...more },
      text,
      0,
    );
    return [...this.sent];
  }

  /** The connection's number is its peer's name. */
  announce(connection: number, more: object = {}): Bench['sent'] {
    return this.say(connection, announceOf(connection, more));
  }

  counts(): unknown {
    const { seeders, leechers, downloads } = this.relay.countPages(HASH_BYTES);
    return [seeders, leechers, downloads];
  }
}

const nameOf = (n: number): string => String(n).padStart(20, 'p');

function announceOf(name: number, more: object = {}): object {
  return { action: 'announce', info_hash: HASH, peer_id: nameOf(name), left: 1, ...more };
}

const offers = (n: number): object[] =>
  Array.from({ length: n }, (_, i) => ({ offer_id: `o${String(i)}`, offer: { type: 'offer', sdp: 'v=0' } }));

/** Who got which offer. */
function offered(sent: Bench['sent']): Map<number, unknown> {
  return new Map(
    sent.filter(({ message }) => 'offer' in message).map(({ to, message }) => [to, message['offer_id']]),
  );
}

describe('the relay between browsers', () => {
  it('answers an announce with what the swarm holds, and counts it', () => {
    const bench = new Bench();
    expect(bench.announce(1)).toEqual([
      {
        to: 1,
        message: { action: 'announce', interval: 1000, info_hash: HASH, complete: 0, incomplete: 1 },
      },
    ]);
    expect(bench.announce(2, { left: 0 })[0]?.message).toMatchObject({ complete: 1, incomplete: 1 });
    expect(bench.announce(3, { left: 0 })[0]?.message).toMatchObject({ complete: 2, incomplete: 1 });
    expect(bench.counts()).toEqual([2, 1, 0]);
    expect(bench.relay.totals).toEqual({ swarms: 1, peers: 3 });
    expect(bench.relay.countPages(new Uint8Array(20))).toEqual({ seeders: 0, leechers: 0, downloads: 0 });
  });

  it('counts web pages apart: programs announce over HTTP as well and would count twice', () => {
    const bench = new Bench();
    bench.announce(1);
    bench.say(2, announceOf(2, { left: 0, event: 'completed' }), { isPage: false });
    expect(bench.counts()).toEqual([0, 1, 0]);
    bench.announce(1, { left: 0, event: 'completed' });
    expect(bench.counts()).toEqual([1, 0, 1]);
  });

  it('follows a peer that becomes a seed, and one that is none any more', () => {
    const bench = new Bench();
    bench.announce(1);
    bench.announce(1, { left: 0, event: 'completed' });
    expect(bench.counts()).toEqual([1, 0, 1]);
    bench.announce(1, { left: 0 });
    expect(bench.counts()).toEqual([1, 0, 1]);
    bench.announce(1);
    expect(bench.counts()).toEqual([0, 1, 1]);
    expect(bench.relay.totals.peers).toBe(1);
  });

  it('gives each offer to another peer, and none to who made it', () => {
    const bench = new Bench();
    for (let i = 1; i <= 5; i++) bench.announce(i);
    for (let asker = 1; asker <= 5; asker++) {
      const sent = offered(bench.announce(asker, { offers: offers(4) }));
      expect([...sent.keys()].sort()).toEqual([1, 2, 3, 4, 5].filter((each) => each !== asker));
      expect([...sent.values()].sort()).toEqual(['o0', 'o1', 'o2', 'o3']);
    }
    const [, first] = bench.announce(2, { offers: offers(1) });
    expect(first?.message).toEqual({
      ...{ action: 'announce', offer: { type: 'offer', sdp: 'v=0' }, offer_id: 'o0' },
      ...{ peer_id: nameOf(2), info_hash: HASH },
    });
  });

  it('reaches every other peer in time, never the asker, with fewer offers than peers', () => {
    const bench = new Bench();
    for (let i = 1; i <= 5; i++) bench.announce(i);
    const reached = new Set<number>();
    for (let round = 0; round < 60; round++) {
      const to = [...offered(bench.announce(3, { offers: offers(2) })).keys()];
      expect(to).toHaveLength(2);
      for (const each of to) reached.add(each);
    }
    expect([...reached].sort()).toEqual([1, 2, 4, 5]);
  });

  it('hands out as many offers as are wanted, made and possible', () => {
    const bench = new Bench();
    expect(offered(bench.announce(1, { offers: offers(2) })).size).toBe(0);
    for (let i = 2; i <= 6; i++) bench.announce(i);
    expect(offered(bench.announce(1, { offers: offers(2) })).size).toBe(2);
    expect(offered(bench.announce(1, { offers: offers(9) })).size).toBe(5);
    expect(offered(bench.announce(1, { offers: offers(9), numwant: 3 })).size).toBe(3);
    expect(offered(bench.announce(1, { offers: offers(9), numwant: 0 })).size).toBe(0);
  });

  it('offers no seed to a seed', () => {
    const bench = new Bench();
    for (let i = 1; i <= 3; i++) bench.announce(i, { left: 0 });
    bench.announce(4);
    bench.announce(5);
    expect([...offered(bench.announce(1, { left: 0, offers: offers(9) })).keys()].sort()).toEqual([4, 5]);
    expect([...offered(bench.announce(4, { offers: offers(9) })).keys()].sort()).toEqual([1, 2, 3, 5]);
  });

  it('takes an answer only from a peer of the swarm under its own name', () => {
    const bench = new Bench();
    bench.announce(1);
    bench.announce(2);
    const answer = (from: number, to: number, hash = HASH): object => ({
      ...{ action: 'announce', info_hash: hash, peer_id: nameOf(from), to_peer_id: nameOf(to) },
      ...{ offer_id: 'o', answer: { type: 'answer', sdp: 'v=0' } },
    });
    expect(bench.say(2, answer(2, 1))).toEqual([
      {
        to: 1,
        message: {
          ...{ action: 'announce', answer: { type: 'answer', sdp: 'v=0' }, offer_id: 'o' },
          ...{ peer_id: nameOf(2), info_hash: HASH },
        },
      },
    ]);
    expect(bench.say(3, answer(2, 1))).toEqual([]);
    expect(bench.say(3, answer(3, 1))).toEqual([]);
    expect(bench.say(2, answer(2, 9))).toEqual([]);
    expect(bench.say(2, answer(2, 1, 'x'.repeat(20)))).toEqual([]);
  });

  it('forgets who says goodbye, but only from its own connection', () => {
    const bench = new Bench();
    for (let i = 1; i <= 3; i++) bench.announce(i, { left: i === 2 ? 0 : 1 });
    expect(bench.say(9, announceOf(2, { event: 'stopped' }))).toEqual([]);
    expect(bench.counts()).toEqual([1, 2, 0]);
    expect(bench.announce(2, { event: 'stopped' })).toEqual([]);
    expect(bench.counts()).toEqual([0, 2, 0]);
    expect(bench.announce(8, { event: 'stopped' })).toEqual([]);
    expect([...offered(bench.announce(1, { offers: offers(9) })).keys()]).toEqual([3]);
    bench.announce(1, { event: 'stopped' });
    bench.announce(3, { event: 'stopped' });
    expect(bench.relay.totals).toEqual({ swarms: 0, peers: 0 });
  });

  it('keeps the places of those behind a peer that goes', () => {
    const bench = new Bench();
    for (let i = 1; i <= 4; i++) bench.announce(i);
    bench.relay.disconnected(1);
    bench.relay.disconnected(4);
    for (const [asker, other] of [
      [2, 3],
      [3, 2],
    ] as const)
      expect([...offered(bench.announce(asker, { offers: offers(9) })).keys()]).toEqual([other]);
  });

  it('forgets all peers of a connection that closes', () => {
    const bench = new Bench();
    bench.announce(1);
    bench.say(1, announceOf(1, { info_hash: 'x'.repeat(20) }));
    bench.announce(2);
    expect(bench.relay.totals).toEqual({ swarms: 2, peers: 3 });
    bench.relay.disconnected(1);
    bench.relay.disconnected(1);
    bench.relay.disconnected(77);
    expect(bench.relay.totals).toEqual({ swarms: 1, peers: 1 });
    expect(offered(bench.announce(2, { offers: offers(1) })).size).toBe(0);
    const answer = { type: 'answer', sdp: 'v=0' };
    const to = { peer_id: nameOf(2), to_peer_id: nameOf(1), offer_id: 'o', answer };
    expect(bench.say(2, { action: 'announce', info_hash: HASH, ...to })).toEqual([]);
  });

  it('lets a peer come back over a new connection, and the old one take nothing with it', () => {
    const bench = new Bench();
    bench.announce(1, { left: 0 });
    bench.announce(3);
    bench.say(2, announceOf(1, { left: 0 }));
    expect(bench.counts()).toEqual([1, 1, 0]);
    bench.relay.disconnected(1);
    expect(bench.counts()).toEqual([1, 1, 0]);
    expect([...offered(bench.announce(3, { offers: offers(3) })).keys()]).toEqual([2]);
  });

  it('allows two hundred torrents on a connection, and makes room with those that end', () => {
    const bench = new Bench();
    const enter = (n: number, more: object = {}): Message =>
      bench.say(1, announceOf(1, { info_hash: String(n).padStart(20, 't'), ...more }))[0]?.message ?? {};
    for (let n = 0; n < 200; n++) expect(enter(n)['failure reason']).toBeUndefined();
    expect(enter(200)).toMatchObject({
      'failure reason': expect.stringMatching(/Too many/) as unknown,
      info_hash: '200'.padStart(20, 't'),
    });
    expect(bench.relay.totals).toEqual({ swarms: 200, peers: 200 });
    expect(enter(199)['failure reason']).toBeUndefined();
    enter(7, { event: 'stopped' });
    expect(enter(200)['failure reason']).toBeUndefined();
  });

  it('scrapes browsers and stored peers together', () => {
    const bench = new Bench();
    bench.announce(1);
    bench.announce(2, { left: 0, event: 'completed' });
    bench.announce(3);
    const query = new StoreQuery();
    query.infoHash.set(HASH_BYTES);
    query.port = 1;
    query.seed = true;
    query.event = 'completed';
    bench.store.announce(query, 0, new StoreReply(0));
    const unknown = 'u'.repeat(20);
    expect(bench.say(1, { action: 'scrape', info_hash: [HASH, unknown] })).toEqual([
      {
        to: 1,
        message: {
          action: 'scrape',
          files: {
            [HASH]: { complete: 2, incomplete: 2, downloaded: 2 },
            [unknown]: { complete: 0, incomplete: 0, downloaded: 0 },
          },
          flags: { min_request_interval: 30 },
        },
      },
    ]);
    expect(bench.core.counters.scrapes).toBe(1);
  });

  it('says why it refuses nonsense, foreign torrents and haste', () => {
    const bench = new Bench({ torrents: HashFilter.from('deny', [HASH_BYTES]) });
    expect(bench.announce(1)).toEqual([
      {
        to: 1,
        message: {
          action: 'announce',
          'failure reason': 'This torrent is not tracked here.',
          info_hash: HASH,
        },
      },
    ]);
    expect(bench.say(1, '{')[0]).toEqual({
      to: 1,
      message: { action: 'announce', 'failure reason': 'not JSON' },
    });
    expect(bench.core.counters.refused).toBe(2);
    expect(bench.relay.totals).toEqual({ swarms: 0, peers: 0 });
    const hasty = new Bench({}, 1);
    hasty.announce(1);
    expect(hasty.announce(1)[0]?.message['failure reason']).toMatch(/slow down/);
    expect(hasty.say(1, { action: 'scrape', info_hash: HASH })[0]?.message['failure reason']).toMatch(
      /slow down/,
    );
  });

  it('tells the rules and the accounts who it is, and whether it is alone', () => {
    const log: unknown[] = [];
    const access: AccessControl = {
      check: (query) => {
        const name = String.fromCharCode(...query.peerId);
        log.push([query.credential, name, [...query.address], query.seed, query.event]);
        return undefined;
      },
      account: (query, alone) => log.push([query.uploaded, query.downloaded, alone]),
    };
    const bench = new Bench({ access });
    const told = { left: 0, uploaded: 5, downloaded: 6, event: 'started' };
    bench.say(1, announceOf(1, told), { credential: 'key', ip: Uint8Array.of(8, 8, 8, 8) });
    expect(log).toEqual([
      ['key', nameOf(1), [8, 8, 8, 8], true, 'started'],
      [5, 6, true],
    ]);
    log.length = 0;
    bench.announce(1);
    bench.announce(2);
    bench.announce(1, { event: 'stopped' });
    expect(log.filter((entry) => Array.isArray(entry) && entry.length === 3)).toEqual([
      [0, 0, true],
      [0, 0, false],
      [0, 0, false],
    ]);
    expect(bench.core.counters).toMatchObject({ started: 1, stopped: 1, completed: 0, announces: 4 });
  });

  it('passes on errors that are not the client’s', () => {
    const access: AccessControl = {
      check: () => {
        throw new Error('broken rule');
      },
    };
    expect(() => new Bench({ access }).announce(1)).toThrow('broken rule');
  });
});
