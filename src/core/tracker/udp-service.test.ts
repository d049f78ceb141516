import { describe, expect, it } from 'vitest';
import { PLAIN_POLICY } from '../../../test/support/announces.ts';
import { createMemoryStore } from '../../../test/support/stores.ts';
import { AnnounceCore } from './announce.ts';
import { ConnectionIds } from './connection-id.ts';
import { HashFilter, type AccessControl, type Policy } from './policy.ts';
import { udpReplyRoom, UdpService } from './udp-service.ts';

const POLICY: Policy = { ...PLAIN_POLICY, maxScrape: 100 };

const MAX_PEERS = 20;
const V4 = Uint8Array.of(9, 8, 7, 6);
const V6 = Uint8Array.from({ length: 16 }, (_, i) => 0x20 + i);

interface Told {
  readonly id?: readonly number[];
  readonly hash?: number;
  readonly event?: number;
  readonly left?: readonly [number, number];
  readonly downloaded?: readonly [number, number];
  readonly uploaded?: readonly [number, number];
  readonly ip?: number;
  readonly want?: number;
  readonly port?: number;
  readonly options?: readonly number[];
  readonly from?: Uint8Array;
}

class Bench {
  readonly core: AnnounceCore;
  readonly service: UdpService;
  now = 1_000_000;

  constructor(policy: Partial<Policy> = {}) {
    this.core = new AnnounceCore(createMemoryStore().store, {
      policy: { ...POLICY, ...policy },
      rateLimit: { perSecond: 0, burst: 0, key: [1, 2] },
      random: () => 0.5,
    });
    const ids = new ConnectionIds(new Uint8Array(16).fill(3));
    this.service = new UdpService({ core: this.core, ids, maxPeers: MAX_PEERS });
  }

  /** The reply; empty for silence. What lies behind the packet in the buffer is of an older one. */
  say(packet: readonly number[], from: Uint8Array = V4): number[] {
    const bytes = new Uint8Array(2048).fill(0x77);
    bytes.set(packet);
    const out = new Uint8Array(udpReplyRoom(MAX_PEERS)).fill(0xee);
    const length = this.service.handle({ bytes, length: packet.length, ip: from }, this.now, out);
    if (out.length > length) expect(out[length]).toBe(0xee);
    return [...out.subarray(0, length)];
  }

  connect(from?: Uint8Array): number[] {
    return this.say(words(0x417, 0x2710_1980, 0, 0x0102_0384), from).slice(8);
  }

  announce(told: Told): number[] {
    const id = told.id ?? this.connect(told.from);
    const packet = [...id, ...words(1, 0xfedc_ba98), ...Array<number>(20).fill(told.hash ?? 1), ...PEER_ID];
    packet.push(...words(...(told.downloaded ?? [0, 0]), ...(told.left ?? [0, 1])));
    packet.push(...words(...(told.uploaded ?? [0, 0]), told.event ?? 0, told.ip ?? 0, 0, told.want ?? -1));
    const port = told.port ?? 0x1234;
    return this.say([...packet, port >>> 8, port & 255, ...(told.options ?? [])], told.from);
  }

  scrape(hashes: readonly number[], cut = 0): number[] {
    const list = hashes.flatMap((hash) => Array<number>(20).fill(hash));
    return this.say([...this.connect(), ...words(2, 7), ...list].slice(0, cut === 0 ? undefined : -cut));
  }
}

const PEER_ID = Array.from({ length: 20 }, (_, i) => 0x41 + i);

function words(...values: number[]): number[] {
  return values.flatMap((value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255));
}

function textOf(reply: readonly number[]): string {
  return String.fromCharCode(...reply.slice(8));
}

describe('a tracker over UDP (BEP 15)', () => {
  it('answers a connect with an id, of the same length, and nothing else before it', () => {
    const bench = new Bench();
    const reply = bench.say(words(0x417, 0x2710_1980, 0, 0x0102_0384));
    expect(reply.slice(0, 8)).toEqual(words(0, 0x0102_0384));
    expect(reply).toHaveLength(16);
    expect(bench.say(words(0x417, 0x2710_1981, 0, 1))).toEqual([]);
    expect(bench.say(words(0x418, 0x2710_1980, 0, 1))).toEqual([]);
    expect(bench.say(words(0x417, 0x2710_1980, 3, 1))).toEqual([]);
    expect(bench.say(words(0x417, 0x2710_1980, 0, 1).slice(1))).toEqual([]);
    expect(bench.service.counters).toEqual({ connects: 1, malformed: 4, badIds: 0 });
  });

  it('is silent to ids of others', () => {
    const bench = new Bench();
    const id = bench.connect(V6);
    expect(bench.announce({ id })).toEqual([]);
    expect(bench.say([...id, ...words(2, 7), ...Array<number>(20).fill(1)])).toEqual([]);
    expect(bench.service.counters).toEqual({ connects: 1, malformed: 0, badIds: 2 });
    expect(bench.core.counters.announces).toBe(0);
  });

  it('answers an announce with counts and peers of the packet’s family', () => {
    const bench = new Bench();
    const counts = (leechers: number, seeders: number): number[] =>
      words(1, 0xfedc_ba98, 1000, leechers, seeders);
    expect(bench.announce({ left: [0, 0] })).toEqual(counts(0, 1));
    expect(bench.announce({ port: 0x8001 })).toEqual([...counts(1, 1), ...V4, 0x12, 0x34]);
    expect(bench.announce({ from: V6, left: [1, 0] })).toEqual(counts(2, 1));
    expect(bench.announce({ from: V6, port: 0x00ff })).toEqual([...counts(3, 1), ...V6, 0x12, 0x34]);
    expect(bench.announce({ want: 0, port: 5 })).toEqual(counts(4, 1));
    expect(bench.announce({ want: 1, port: 5 })).toHaveLength(26);
  });

  it.each([
    [1, 'completed', { completed: 1 }],
    [2, 'started', { started: 1 }],
    [3, 'stopped', { stopped: 1 }],
    [4, 'paused', {}],
    [0, 'none', {}],
    [9, 'none', {}],
    [0xffff_ffff, 'none', {}],
  ])('reads %d as the event %s', (event, name, counted) => {
    const seen: string[] = [];
    const access: AccessControl = {
      check: (query) => {
        seen.push(query.event);
        return undefined;
      },
    };
    const bench = new Bench({ access });
    bench.announce({ event });
    expect(seen).toEqual([name]);
    const { started, completed, stopped } = bench.core.counters;
    expect({ started, completed, stopped }).toEqual({ started: 0, completed: 0, stopped: 0, ...counted });
  });

  it('reads who it is, its totals and what it shows in its URL (BEP 41)', () => {
    const seen: unknown[] = [];
    const access: AccessControl = {
      check: (query) => {
        seen.push([String.fromCharCode(...query.peerId), query.downloaded, query.uploaded, query.credential]);
        return undefined;
      },
    };
    const bench = new Bench({ access });
    const option = (text: string): number[] => [2, text.length, ...Array.from(text, (c) => c.charCodeAt(0))];
    const name = String.fromCharCode(...PEER_ID);
    bench.announce({ downloaded: [1, 2], uploaded: [3, 0x8000_0000], options: option('/announce/key?x=1') });
    bench.announce({ options: option('/announce?a=b&token=t0') });
    bench.announce({ options: option('/announce?token=t1&b') });
    bench.announce({ options: [...option('/announce/sp'), 1, ...option('lit'), 0, 2, 99] });
    bench.announce({ options: option('/other/key') });
    bench.announce({});
    expect(seen).toEqual([
      [name, 2 ** 32 + 2, 3 * 2 ** 32 + 2 ** 31, 'key'],
      ...['t0', 't1', 'split', '', ''].map((credential) => [name, 0, 0, credential]),
    ]);
    expect(bench.announce({ options: [2, 9, 65] })).toEqual([]);
    expect(bench.service.counters.malformed).toBe(1);
  });

  it('heeds the address that a client names where it is told to', () => {
    const bench = new Bench({ trustClientIp: true });
    bench.announce({ ip: 0x0506_0708 });
    expect(bench.announce({ port: 9 }).slice(20)).toEqual([5, 6, 7, 8, 0x12, 0x34]);
    bench.announce({ ip: 0x0506_0708, from: V6 });
    expect(bench.announce({ port: 9, from: V6 }).slice(20)).toEqual([...V6, 0x12, 0x34]);
    const doubting = new Bench();
    doubting.announce({ ip: 0x0506_0708 });
    expect(doubting.announce({ port: 9 }).slice(20)).toEqual([...V4, 0x12, 0x34]);
  });

  it('says why it refuses', () => {
    const bench = new Bench({ torrents: HashFilter.from('deny', [new Uint8Array(20).fill(2)]) });
    const reply = bench.announce({ hash: 2 });
    expect(reply.slice(0, 8)).toEqual(words(3, 0xfedc_ba98));
    expect(textOf(reply)).toBe('This torrent is not tracked here.');
    bench.core.policy = { ...POLICY, maxScrape: 1 };
    const scraped = bench.scrape([1, 1]);
    expect(scraped.slice(0, 8)).toEqual(words(3, 7));
    expect(textOf(scraped)).toBe('Too many info hashes in one scrape.');
  });

  it('scrapes whole hashes alone, as many as a packet holds', () => {
    const bench = new Bench();
    bench.announce({ hash: 1, left: [0, 0], event: 1 });
    bench.announce({ hash: 1, port: 5 });
    bench.announce({ hash: 1, port: 6 });
    const known = words(1, 1, 2);
    expect(bench.scrape([1])).toEqual([...words(2, 7), ...known]);
    expect(bench.scrape([2, 1])).toEqual([...words(2, 7), ...words(0, 0, 0), ...known]);
    expect(bench.scrape([1, 1], 1)).toEqual([...words(2, 7), ...known]);
    expect(bench.scrape([1], 1)).toEqual([]);
    expect(bench.scrape(Array<number>(75).fill(1))).toHaveLength(8 + 12 * 74);
    expect(bench.core.counters.scrapes).toBe(4);
  });

  it('is silent to an announce that is cut', () => {
    const bench = new Bench();
    const whole = [...bench.connect(), ...words(1, 7), ...Array<number>(82).fill(1)];
    expect(bench.say(whole)).toHaveLength(20);
    expect(bench.say(whole.slice(0, -1))).toEqual([]);
    expect(bench.core.counters.announces).toBe(1);
  });

  it('has room for the longest answer', () => {
    expect([0, 20, 100].map(udpReplyRoom)).toEqual([896, 896, 1820]);
  });
});

describe('connection ids', () => {
  const MINUTE = 60_000;
  const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i);
  const issue = (ids: ConnectionIds, ip: Uint8Array, now: number): Uint8Array => {
    const bytes = new Uint8Array(12);
    ids.issue(ip, now, { bytes, at: 2 });
    expect([bytes[0], bytes[1], bytes[10], bytes[11]]).toEqual([0, 0, 0, 0]);
    return bytes.slice(2, 10);
  };

  it('are good for two to three minutes, over the hour too, and in every thread', () => {
    for (const start of [10 * MINUTE, 58 * MINUTE, 59 * MINUTE, 60 * MINUTE, 119 * MINUTE]) {
      const [ids, other] = [new ConnectionIds(SECRET), new ConnectionIds(SECRET)];
      const id = issue(ids, V4, start);
      const good = [0, 1, 2, 3, 4, 5, 64].map((minutes) => ids.verify(V4, start + minutes * MINUTE, id));
      expect(good).toEqual([true, true, true, false, false, false, false]);
      expect(other.verify(V4, start + 3 * MINUTE - 1, id)).toBe(true);
    }
  });

  it('are good for one address, family and secret, and not before their time', () => {
    const ids = new ConnectionIds(SECRET);
    const id = issue(ids, V4, 10 * MINUTE);
    const padded = new Uint8Array(16);
    padded.set(V4);
    expect(ids.verify(Uint8Array.of(9, 8, 7, 5), 10 * MINUTE, id)).toBe(false);
    expect(ids.verify(padded, 10 * MINUTE, id)).toBe(false);
    expect(ids.verify(V6, 10 * MINUTE, issue(ids, V6, 10 * MINUTE))).toBe(true);
    // The message of the address before must not shine through.
    expect(ids.verify(V4, 10 * MINUTE, id)).toBe(true);
    expect(ids.verify(V4, 9 * MINUTE, id)).toBe(false);
    expect(new ConnectionIds(new Uint8Array(16)).verify(V4, 10 * MINUTE, id)).toBe(false);
    for (let bit = 0; bit < 64; bit++) {
      const forged = id.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ids.verify(V4, 10 * MINUTE, forged)).toBe(false);
    }
  });

  it('hold from the first minute of the clock on', () => {
    const ids = new ConnectionIds(SECRET);
    const id = issue(ids, V4, 0);
    expect([0, 1, 2, 3].map((minute) => ids.verify(V4, minute * MINUTE, id))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
