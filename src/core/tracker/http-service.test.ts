import { describe, expect, it } from 'vitest';
import { PLAIN_POLICY as POLICY } from '../../../test/support/announces.ts';
import { createMemoryStore } from '../../../test/support/stores.ts';
import { latin1Encode } from '../bytes/bytes.ts';
import { AnnounceCore } from './announce.ts';
import { httpBodyRoom, HttpService } from './http-service.ts';
import { ReplyWriter, writeFailure } from './reply-writer.ts';

const LIMITS = { maxPeers: 100, maxScrape: 3 };
const IP = Uint8Array.of(9, 9, 9, 9);
const A = 'A'.repeat(20);
const B = 'B'.repeat(20);

class Bench {
  readonly core: AnnounceCore = new AnnounceCore(createMemoryStore().store, {
    policy: POLICY,
    rateLimit: { perSecond: 0, burst: 0, key: [1, 2] },
    random: () => 0.5,
  });
  readonly #service = new HttpService({ core: this.core, ...LIMITS });

  get(target: string, ip: Uint8Array = IP): string {
    const out = new ReplyWriter(new Uint8Array(httpBodyRoom(LIMITS)));
    const bytes = latin1Encode(target);
    const context = { now: 0, out };
    const span = { bytes, start: 0, end: bytes.length };
    if (target.startsWith('/scrape')) this.#service.scrape(span, ip, context);
    else this.#service.announce(span, ip, context);
    return String.fromCharCode(...out.bytes.subarray(0, out.length));
  }

  announce(hash: string, more: string, ip?: Uint8Array): string {
    return this.get(`/announce?info_hash=${hash}&peer_id=${'p'.repeat(20)}&${more}`, ip);
  }
}

const v6 = (last: number): Uint8Array => Uint8Array.of(0x20, 1, ...Array<number>(13).fill(0), last);

/** The reply up to its peers. */
const head = (seeders: number, leechers: number, ip = '4:\t\t\t\t'): string =>
  `d8:completei${String(seeders)}e10:downloadedi0e11:external ip${ip}10:incompletei${String(leechers)}e` +
  '8:intervali1000e12:min intervali30e5:peers';

describe('an announce over HTTP', () => {
  it('is answered in bencode with keys in order (BEP 3, 23, 24)', () => {
    const bench = new Bench();
    expect(bench.announce(A, 'port=258&left=0')).toBe(`${head(1, 0)}0:e`);
    expect(bench.announce(A, 'port=772&left=1')).toBe(`${head(1, 1)}6:\t\t\t\t\u0001\u0002e`);
    const six = `\u0020\u0001${'\0'.repeat(13)}`;
    expect(bench.announce(A, 'port=5&left=1', v6(7))).toBe(
      `${head(1, 2, `16:${six}\u0007`)}12:\t\t\t\t\u0003\u0004\t\t\t\t\u0001\u0002e`,
    );
    const last = bench.announce(A, 'port=6&left=1', v6(8));
    expect(last.endsWith(`6:peers618:${six}\u0007\0\u0005e`)).toBe(true);
  });

  it('has peers in the long form for who asks for it', () => {
    const bench = new Bench();
    bench.announce(A, 'port=258&left=0');
    bench.announce(A, 'port=65535&left=0', v6(7));
    expect(bench.announce(A, 'port=5&left=1&compact=0')).toBe(
      `${head(2, 1)}ld2:ip7:9.9.9.94:porti258eed2:ip7:2001::74:porti65535eeee`,
    );
  });

  it('is refused with a reason, and when to come back (BEP 31)', () => {
    const bench = new Bench();
    expect(bench.get('/announce')).toBe('d14:failure reason27:info_hash must be 20 bytes.e');
    expect(bench.announce(A, 'port=0')).toBe('d14:failure reason24:port must be 1 to 65535.e');
    const out = new ReplyWriter(new Uint8Array(200));
    writeFailure(out, { message: 'no', retryMinutes: 'never' });
    writeFailure(out, { message: 'wait', retryMinutes: 30 });
    expect(String.fromCharCode(...out.bytes.subarray(0, out.length))).toBe(
      'd14:failure reason2:no8:retry in5:nevered14:failure reason4:wait8:retry ini30ee',
    );
  });
});

describe('a scrape over HTTP', () => {
  const file = (hash: string, counts: readonly number[]): string => {
    const [complete = 0, downloaded = 0, downloaders = 0, incomplete = 0] = counts.map(String);
    return (
      `20:${hash}d8:completei${String(complete)}e10:downloadedi${String(downloaded)}e` +
      `11:downloadersi${String(downloaders)}e10:incompletei${String(incomplete)}ee`
    );
  };

  it('has each known torrent once, in order (BEP 48, 21)', () => {
    const bench = new Bench();
    bench.announce(A, 'port=1&left=0&event=completed');
    bench.announce(B, 'port=1&left=1');
    bench.announce(B, 'port=2&left=1&event=paused');
    const both = `d5:filesd${file(A, [1, 1, 0, 0])}${file(B, [0, 0, 1, 2])}ee`;
    expect(bench.get(`/scrape?info_hash=${B}&info_hash=${A}`)).toBe(both);
    expect(bench.get(`/scrape?info_hash=${A}&info_hash=${B}&info_hash=${A}`)).toBe(both);
    const near = `${'A'.repeat(19)}@`;
    bench.announce(near, 'port=1&left=1');
    expect(bench.get(`/scrape?info_hash=${A}&info_hash=${near}`)).toBe(
      `d5:filesd${file(near, [0, 0, 1, 1])}${file(A, [1, 1, 0, 0])}ee`,
    );
    expect(bench.get(`/scrape?info_hash=${'C'.repeat(20)}`)).toBe('d5:filesdee');
    expect(bench.core.counters.scrapes).toBe(4);
  });

  it('is refused without a torrent, and with more than allowed', () => {
    const bench = new Bench();
    expect(bench.get('/scrape')).toBe('d14:failure reason26:Scrape needs an info_hash.e');
    bench.core.policy = { ...POLICY, maxScrape: 1 };
    expect(bench.get(`/scrape?info_hash=${A}&info_hash=${B}`)).toMatch(/^d14:failure reason\d+:Too many/);
  });
});

describe('the room for a body', () => {
  it('is enough for the longest announce and scrape', () => {
    expect(httpBodyRoom({ maxPeers: 10, maxScrape: 1 })).toBe(1024 + 1600);
    expect(httpBodyRoom({ maxPeers: 1, maxScrape: 10 })).toBe(1024 + 1400);
  });
});

describe('numbers of a reply', () => {
  it('are written in decimal', () => {
    const write = (value: number): string => {
      const out = new ReplyWriter(new Uint8Array(20));
      out.number(value);
      return String.fromCharCode(...out.bytes.subarray(0, out.length));
    };
    const numbers = [0, 9, 10, 11, 99, 100, 4_294_967_296, Number.MAX_SAFE_INTEGER];
    expect(numbers.map(write)).toEqual(numbers.map(String));
  });

  it('stand before strings of any length', () => {
    for (const length of [0, 1, 64, 65, 100]) {
      const out = new ReplyWriter(new Uint8Array(200));
      out.text('x');
      out.string(
        Uint8Array.from({ length: 120 }, (_, i) => i),
        length,
      );
      const prefix = `x${String(length)}:`;
      expect(String.fromCharCode(...out.bytes.subarray(0, prefix.length))).toBe(prefix);
      expect(out.length).toBe(prefix.length + length);
      expect([...out.bytes.subarray(prefix.length, out.length)]).toEqual([...Array(length).keys()]);
      expect(out.bytes[out.length]).toBe(0);
    }
    const whole = new ReplyWriter(new Uint8Array(80));
    whole.raw(new Uint8Array(70).fill(5), 70);
    expect([whole.length, whole.bytes[69], whole.bytes[70]]).toEqual([70, 5, 0]);
  });
});
