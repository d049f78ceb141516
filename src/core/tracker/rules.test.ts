import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../test/support/stores.ts';
import { digests } from '../../../test/support/digests.ts';
import { parseIp } from '../address.ts';
import { latin1Encode } from '../bytes/bytes.ts';
import { subjectOfInfoHash, TokenSigner } from '../token/token.ts';
import { toInfoHash } from '../ids.ts';
import { allOf } from './access/all-of.ts';
import { AnyAccess, TokenAccess } from './access/token-access.ts';
import { isGlobalUnicast } from './address-range.ts';
import { AnnounceQuery } from './announce-query.ts';
import { dropSwarm } from './drop-swarm.ts';
import { HashFilter, type AccessControl } from './policy.ts';
import { RateLimit, RATE_BYTES } from './rate-limit.ts';
import { REFUSALS } from './refusal.ts';
import { Journal } from './share/journal.ts';
import { SHARED_COMPLETED, SHARED_PARTIAL, SHARED_SEED, type SharedPeer } from './share/shared-peer.ts';
import { encodeSwarmRecord, parseSwarmRecords } from './share/swarm-record.ts';
import { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { TICK_MS } from './store/peer-word.ts';
import {
  appendQuery,
  canonicalTrackerUrl,
  parseTrackerUrl,
  percentEncode,
  toScrapeUrl,
} from './tracker-url.ts';

const hash = (fill: number): Uint8Array => new Uint8Array(20).fill(fill);

describe('addresses of the public internet', () => {
  const isGlobal = (ip: string): boolean => isGlobalUnicast(parseIp(ip) ?? new Uint8Array());

  it.each([
    ...['0.0.0.1', '10.0.0.1', '127.0.0.1', '224.0.0.1', '255.255.255.255', '100.64.0.1', '100.127.0.1'],
    ...['169.254.1.1', '172.16.0.1', '172.31.0.1', '192.168.1.1', '198.18.0.1', '198.19.0.1'],
    ...['::1', 'fe80::1', 'fd00::1', 'ff02::1', '2001:db8::1', '4000::1', '1fff::1'],
  ])('%s is none', (ip) => {
    expect(isGlobal(ip)).toBe(false);
  });

  it.each([
    ...['1.0.0.1', '9.0.0.1', '11.0.0.1', '126.0.0.1', '128.0.0.1', '223.0.0.1', '100.63.0.1', '100.128.0.1'],
    ...['101.64.0.1', '169.253.1.1', '168.254.1.1', '172.15.0.1', '172.32.0.1', '171.16.0.1', '192.167.1.1'],
    ...['193.168.1.1', '198.17.0.1', '198.20.0.1', '197.18.0.1', '2000::1', '3fff::1', '2001:db7::1'],
    ...['2001:eb8::1', '2002:db8::1'],
  ])('%s is one', (ip) => {
    expect(isGlobal(ip)).toBe(true);
  });
});

describe('lists of torrents', () => {
  it('allow or deny by the first 20 bytes', () => {
    const allow = HashFilter.from('allow', [hash(1), hash(2)]);
    const deny = HashFilter.of('deny', allow.hashes);
    expect([allow.size, allow.kind, deny.kind]).toEqual([2, 'allow', 'deny']);
    expect([hash(1), hash(3)].map((each) => allow.allows(each))).toEqual([true, false]);
    expect([hash(1), hash(3)].map((each) => deny.allows(each))).toEqual([false, true]);
    expect(allow.allows(new Uint8Array(32).fill(1))).toBe(true);
  });
});

describe('refusals', () => {
  it('carry their own name, and when to come back (BEP 31)', () => {
    for (const [code, refusal] of Object.entries(REFUSALS)) {
      expect(refusal.code).toBe(code);
      expect(refusal.message).toMatch(/^[A-Zip].*\.$/);
    }
    const when = (code: keyof typeof REFUSALS): unknown => REFUSALS[code].retryMinutes;
    expect([when('banned'), when('expired-token'), when('revoked-token')]).toEqual([
      'never',
      'never',
      'never',
    ]);
    expect([when('too-many-requests'), when('not-allowed'), when('bad-port')]).toEqual([5, 60, undefined]);
  });
});

describe('access rules', () => {
  const query = new AnnounceQuery();
  const passes: AccessControl = { check: () => undefined };
  const refuses = (code: keyof typeof REFUSALS): AccessControl => ({ check: () => REFUSALS[code] });
  const counting = (log: string[], name: string): AccessControl => ({
    check: () => undefined,
    account: (_, alone) => log.push(`${name} ${String(alone)}`),
  });

  it('all of them must pass, and each accounts', () => {
    expect(allOf()).toBeUndefined();
    expect(allOf(undefined, passes)).toBe(passes);
    expect(allOf(passes, refuses('banned'), refuses('bad-token'))?.check(query, 0)?.code).toBe('banned');
    expect(allOf(passes, passes)?.check(query, 0)).toBeUndefined();
    const log: string[] = [];
    allOf(counting(log, 'a'), passes, counting(log, 'b'))?.account?.(query, true, 0);
    expect(log).toEqual(['a true', 'b true']);
  });

  it('any of them is enough; the refusal is that of who knows most', () => {
    expect(new AnyAccess([refuses('banned'), passes]).check(query, 0)).toBeUndefined();
    const pair = (a: keyof typeof REFUSALS, b: keyof typeof REFUSALS): unknown =>
      new AnyAccess([refuses(a), refuses(b)]).check(query, 0)?.code;
    expect(pair('bad-token', 'expired-token')).toBe('expired-token');
    expect(pair('expired-token', 'bad-token')).toBe('expired-token');
    const log: string[] = [];
    new AnyAccess([counting(log, 'a'), passes]).account(query, false, 0);
    expect(log).toEqual(['a false']);
  });

  it('tokens open what they are for', () => {
    const signer = new TokenSigner(new Uint8Array(16).fill(1), digests);
    const revoked = new Set<string>();
    const access = new TokenAccess({ signer, unixSeconds: () => 1000, isRevoked: (id) => revoked.has(id) });
    const subjects = [subjectOfInfoHash(toInfoHash(hash(1)))];
    const issue = (more: object): string =>
      signer.issue({
        id: new Uint8Array(8).fill(9),
        rights: ['announce'],
        expiresAt: 2000,
        subjects,
        ...more,
      });
    const check = (credential: string, of = 1): string | undefined => {
      query.credential = credential;
      query.infoHash.set(hash(of));
      return access.check(query)?.code;
    };
    expect(check(issue({}))).toBeUndefined();
    expect(check(issue({}), 2)).toBe('bad-token');
    expect(check(issue({ rights: ['read'] }))).toBe('bad-token');
    expect(check(issue({ expiresAt: 999 }))).toBe('expired-token');
    expect(check('nonsense')).toBe('bad-token');
    revoked.add('09'.repeat(8));
    expect(check(issue({}))).toBe('revoked-token');
  });
});

describe('a swarm that is dropped', () => {
  it('has no peer left of either family, and others keep theirs', () => {
    const { store, now } = createMemoryStore();
    const announce = (infoHash: Uint8Array, family: 4 | 6, i: number): void => {
      const query = new StoreQuery();
      query.infoHash.set(infoHash);
      query.family = family;
      query.ip.set(family === 4 ? [9, 9, i >> 8, i & 255] : [0x20, 1, 0, 0, 0, 0, i >> 8, i & 255], 0);
      query.port = 300 + i;
      query.event = 'started';
      query.seed = i % 2 === 0;
      store.announce(query, now(), new StoreReply(0));
    };
    for (let i = 1; i <= 1100; i++) announce(hash(1), 4, i);
    for (let i = 1; i <= 3; i++) announce(hash(1), 6, i);
    announce(hash(2), 4, 1);
    expect(dropSwarm(store, hash(1), now())).toBe(1103);
    const counts = new StoreCounts();
    store.scrape(hash(1), counts);
    expect([counts.seeders, counts.leechers]).toEqual([0, 0]);
    store.scrape(hash(2), counts);
    expect(counts.seeders + counts.leechers).toBe(1);
    expect(dropSwarm(store, hash(3), now())).toBe(0);
  });
});

describe('the rate limit', () => {
  const ip = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
  const key = [1, 2] as const;

  it('grants a burst, then so many a second, to each address', () => {
    const limit = new RateLimit({ perSecond: 10, burst: 5, key });
    const take = (now: number, cost = 1, who = ip(1, 2, 3, 4)): boolean => limit.take(who, now, cost);
    expect(Array.from({ length: 6 }, () => take(0))).toEqual([true, true, true, true, true, false]);
    expect([take(99), take(100), take(100)]).toEqual([false, true, false]);
    expect(take(100, 1, ip(1, 2, 3, 5))).toBe(true);
    expect([take(10_000, 6), take(10_000, 5), take(10_000, 1)]).toEqual([false, true, false]);
  });

  it('holds a /64 of IPv6 for one address', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1, key });
    const six = (net: number, host: number): Uint8Array => {
      const bytes = new Uint8Array(16);
      bytes.set([0x20, 1, 0, 0, 0, 0, 0, net]);
      bytes[15] = host;
      return bytes;
    };
    expect([six(1, 1), six(1, 2), six(2, 1)].map((each) => limit.take(each, 0, 1))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('tells addresses apart by every byte that counts', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1, key });
    for (let at = 0; at < 4; at++) {
      const four = ip(0, 0, 0, 0).with(at, 1);
      expect([limit.take(four, 0, 1), limit.take(four, 0, 1)]).toEqual([true, false]);
    }
    for (let at = 0; at < 8; at++) {
      const six = new Uint8Array(16).with(at, 2);
      expect([limit.take(six, 0, 1), limit.take(six, 0, 1)]).toEqual([true, false]);
    }
    // Of four bytes what lies behind them in memory does not count.
    const view = Uint8Array.of(7, 7, 7, 7, 1).subarray(0, 4);
    expect([limit.take(view, 0, 1), limit.take(ip(7, 7, 7, 7), 0, 1)]).toEqual([true, false]);
  });

  it('is off at 0, and one for all who share its memory', () => {
    const off = new RateLimit({ perSecond: 0, burst: 0, key });
    expect(Array.from({ length: 9 }, () => off.take(ip(1, 1, 1, 1), 0, 100)).every(Boolean)).toBe(true);
    const memory = new SharedArrayBuffer(RATE_BYTES);
    const [a, b] = [0, 1].map(() => new RateLimit({ perSecond: 1, burst: 1, key, memory }));
    expect([a?.take(ip(1, 1, 1, 1), 0, 1), b?.take(ip(1, 1, 1, 1), 0, 1)]).toEqual([true, false]);
  });
});

describe('what machines tell each other', () => {
  const peer = (n: number, flags = 0, at = 0): SharedPeer => ({
    infoHash: hash(7),
    place: Uint8Array.of(9, 9, 9, n, 1, n),
    flags,
    at,
  });

  it('a swarm is read back as it was written, ages in ticks', () => {
    const six = new Uint8Array(18).fill(3);
    const now = 100 * TICK_MS;
    const peers = [
      peer(1, SHARED_SEED, 40 * TICK_MS),
      peer(2, SHARED_PARTIAL, 99 * TICK_MS),
      peer(3, 0, now),
      { infoHash: hash(7), place: six, flags: SHARED_SEED, at: 0 },
    ];
    const records = [
      { infoHash: hash(7), downloads: 12, peers },
      { infoHash: hash(8), downloads: 0, peers: [] },
    ];
    const bytes = records.map((record) => encodeSwarmRecord(record, now));
    const joined = Uint8Array.from(bytes.flatMap((part) => [...part]));
    expect(parseSwarmRecords(joined, now)).toEqual(records);
    const future = encodeSwarmRecord({ infoHash: hash(7), downloads: 0, peers: [peer(1, 0, 2 * now)] }, now);
    expect(parseSwarmRecords(future, now)[0]?.peers[0]?.at).toBe(now);
  });

  it('the journal keeps the last word about each peer, and that it completed', () => {
    const journal = new Journal(2);
    journal.add(peer(1, SHARED_COMPLETED, 1));
    journal.add(peer(1, SHARED_SEED, 2));
    journal.add(peer(2));
    journal.add(peer(3));
    expect([journal.size, journal.dropped]).toEqual([2, 1]);
    expect([journal.has(peer(1)), journal.has(peer(3))]).toEqual([true, false]);
    const [first] = journal.take(1);
    expect(first).toMatchObject({ flags: SHARED_SEED | SHARED_COMPLETED, at: 2 });
    journal.add(peer(1, 0, 9));
    journal.putBack([peer(1, SHARED_SEED, 2)]);
    expect(journal.take(10).map(({ at }) => at)).toEqual([0, 9]);
    expect([journal.size, journal.take(5)]).toEqual([0, []]);
    for (const n of [1, 2]) journal.add(peer(n, 0, n));
    journal.add(peer(1, SHARED_SEED, 8));
    expect(journal.take(9).map(({ at, flags }) => [at, flags])).toEqual([
      [8, SHARED_SEED],
      [2, 0],
    ]);
    journal.putBack([peer(4, 0, 1), peer(5, 0, 2), peer(6, 0, 3)]);
    expect([journal.size, journal.dropped]).toEqual([2, 2]);
    expect(journal.take(9).map(({ at }) => at)).toEqual([1, 2]);
  });
});

describe('announce URLs', () => {
  it('are taken apart', () => {
    expect(parseTrackerUrl('HTTP://Host.Example:81/a?b=c')).toEqual({
      ...{ scheme: 'http', host: 'host.example', port: 81, target: '/a?b=c' },
    });
    expect(parseTrackerUrl('udp://[2001:DB8::1]:6969')).toEqual({
      ...{ scheme: 'udp', host: '2001:db8::1', port: 6969, target: '' },
    });
    const ports = ['http', 'https', 'udp', 'ws', 'wss'].map(
      (scheme) => parseTrackerUrl(`${scheme}://h/a`)?.port,
    );
    expect(ports).toEqual([80, 443, 80, 80, 443]);
    expect(parseTrackerUrl('http://h/a#b')?.target).toBe('/a');
    expect(parseTrackerUrl('http://h:65535/')?.port).toBe(65535);
    expect(parseTrackerUrl('http://h:1/')?.port).toBe(1);
    for (const bad of [
      'http://h:0/',
      'http://h:65536/',
      'ftp://h/',
      'http://',
      ' http://h/',
      'http://h/ä',
      'x',
    ]) {
      expect(parseTrackerUrl(bad)).toBeUndefined();
    }
  });

  it('have one spelling', () => {
    const canonical = (text: string): string | undefined => {
      const url = parseTrackerUrl(text);
      return url === undefined ? undefined : canonicalTrackerUrl(url);
    };
    expect(canonical('http://H:80')).toBe('http://h:80/');
    expect(canonical('udp://[::1]/x')).toBe('udp://[::1]:80/x');
  });

  it('become those of a scrape (BEP 48)', () => {
    expect(toScrapeUrl('http://h/x/announce.php?k=/a')).toBe('http://h/x/scrape.php?k=/a');
    expect(toScrapeUrl('http://h/announce')).toBe('http://h/scrape');
    expect(toScrapeUrl('http://h/a')).toBeUndefined();
    expect(toScrapeUrl('http://h/announce/key')).toBeUndefined();
    expect(toScrapeUrl('udp://h:1')).toBe('udp://h:1');
    expect(toScrapeUrl('nonsense')).toBeUndefined();
  });

  it('take more parameters, and raw bytes in escapes', () => {
    expect(appendQuery('http://h/a#x', 'b=1')).toBe('http://h/a?b=1');
    expect(appendQuery('http://h/a?c', 'b=1')).toBe('http://h/a?c&b=1');
    expect(percentEncode(latin1Encode('aZ09._~-\u0000 /\u00ff'))).toBe('aZ09._~-%00%20%2F%FF');
  });
});
