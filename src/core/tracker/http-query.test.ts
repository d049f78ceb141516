import { describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { AnnounceQuery } from './announce-query.ts';
import { HashList, HttpForm, parseAnnounceTarget, parseScrapeTarget, type Span } from './http-query.ts';

const HASH = 'abcdefghijklmnopqrst';
const PEER = '-SP0001-123456789012';
const BASE = `info_hash=${HASH}&peer_id=${PEER}`;

/** The target inside a longer buffer, as a frontend has it. */
function spanOf(text: string): Span {
  const bytes = latin1Encode(`GET ${text}&ip=6.6.6.6 HTTP/1.1`);
  return { bytes, start: 4, end: 4 + text.length };
}

function read(text: string): { code: string | undefined; query: AnnounceQuery; compact: boolean } {
  const query = new AnnounceQuery();
  const form = new HttpForm();
  const code = parseAnnounceTarget(spanOf(text), query, form)?.code;
  return { code, query, compact: form.compact };
}

function readQuery(parameters: string): AnnounceQuery {
  const { code, query } = read(`/announce?${BASE}&${parameters}`);
  expect(code).toBeUndefined();
  return query;
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

describe('the query of an announce', () => {
  it('is read with all that it says, and unknown names are skipped', () => {
    const { code, query, compact } = read(
      `/announce?${BASE}&port=6881&uploaded=11&downloaded=22&left=0&numwant=7&event=started&compact=0&no=1&x`,
    );
    expect([code, compact]).toEqual([undefined, false]);
    expect([text(query.infoHash), text(query.peerId)]).toEqual([HASH, PEER]);
    expect(query).toMatchObject({ port: 6881, uploaded: 11, downloaded: 22, seed: true, asked: 7 });
    expect(query).toMatchObject({ event: 'started', claimedFamily: 0, credential: '' });
  });

  it('may have names without a value anywhere', () => {
    expect(read(`/announce?x&${BASE}&port&left=0`)).toMatchObject({ code: undefined, query: { seed: true } });
    expect(read(`/announce?&&${BASE}&&port=7&`)).toMatchObject({ code: undefined, query: { port: 7 } });
  });

  it('has an answer to each that is left out', () => {
    const { query, compact } = read(`/announce?${BASE}`);
    expect(query).toMatchObject({ port: 0, uploaded: 0, downloaded: 0, seed: false, asked: -1 });
    expect(query).toMatchObject({ event: 'none', claimedFamily: 0, credential: '' });
    expect(compact).toBe(true);
  });

  it('forgets what the one before said', () => {
    const query = new AnnounceQuery();
    const form = new HttpForm();
    parseAnnounceTarget(spanOf(`/announce/key?${BASE}&left=0&port=5&compact=0&ip=1.2.3.4`), query, form);
    expect([query.seed, query.port, form.compact, query.credential]).toEqual([true, 5, false, 'key']);
    parseAnnounceTarget(spanOf(`/announce?${BASE}`), query, form);
    expect([query.seed, query.port, form.compact, query.credential]).toEqual([false, 0, true, '']);
    expect(query.claimedFamily).toBe(0);
  });

  it.each([
    ['/announce', 'bad-info-hash'],
    ['/announce?', 'bad-info-hash'],
    [`/announce?peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info_hash=${HASH}`, 'bad-peer-id'],
    [`/announce?info_hash=${HASH}x&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info_hash=${HASH.slice(1)}&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info_hash=${HASH}&peer_id=${PEER}x`, 'bad-peer-id'],
    [`/announce?info_hash=${HASH.slice(1)}%4&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?peer_id=${PEER}&info_hash=${HASH.slice(1)}%4`, 'bad-info-hash'],
    [`/announce?info_hash=${HASH.slice(1)}%4g&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info_hash=${HASH.slice(1)}%g4&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info_hash&peer_id=${PEER}`, 'bad-info-hash'],
    [`/announce?info-hash=${HASH}&peer_id=${PEER}`, 'bad-info-hash'],
  ])('%s is refused: %s', (target, code) => {
    expect(read(target).code).toBe(code);
  });

  it('has bytes in escapes, of either case', () => {
    const escaped = '%00%fF%Fa%7e%41%09%9a%5B';
    const { code, query } = read(`/announce?info_hash=${escaped}ijklmnopqrst&peer_id=${PEER}`);
    expect(code).toBeUndefined();
    expect([...query.infoHash.subarray(0, 8)]).toEqual([0, 255, 250, 126, 65, 9, 154, 91]);
    expect(text(query.infoHash.subarray(8))).toBe('ijklmnopqrst');
    expect(read(`/announce?peer_id=${PEER}&info_hash=${HASH.slice(1)}%41`).code).toBeUndefined();
  });

  it.each([
    ['0', 0],
    ['65535', 65_535],
    ['007', 7],
    ['', -1],
    ['-1', -1],
    ['1/', -1],
    ['1:', -1],
    ['9x', -1],
    ['00000000000000000012', 12],
    ['000000000000000000012', -1],
  ])('reads %s as the number %d', (told, port) => {
    expect(readQuery(`port=${told}`).port).toBe(port);
  });

  it('takes totals that are no numbers for nothing', () => {
    expect(readQuery('uploaded=x&downloaded=-4')).toMatchObject({ uploaded: 0, downloaded: 0 });
    expect(readQuery('left=x').seed).toBe(false);
    expect(readQuery('left=00').seed).toBe(true);
    expect(read(`/announce?${BASE}&compact=x`).compact).toBe(true);
    expect(read(`/announce?${BASE}&compact=1`).compact).toBe(true);
  });

  it.each(['started', 'stopped', 'completed', 'paused'])('knows the event %s', (event) => {
    expect(readQuery(`event=${event}`).event).toBe(event);
  });

  it.each(['', 'startex', 'xtarted', 'stoppex', 'completes', 'pauser', 'start', 'empty'])(
    'takes the event "%s" for none',
    (event) => {
      expect(readQuery(`event=${event}`).event).toBe('none');
    },
  );

  it('tells names of the same length apart', () => {
    const odd =
      'port1=1&porx=1&lefx=0&evenx=stopped&tokex=a&numwanx=1&compacx=0&uploadex=1&downloadex=1&iq=1.2.3.4';
    expect(readQuery(odd)).toMatchObject({ port: 0, seed: false, event: 'none', credential: '', asked: -1 });
    expect(readQuery(odd)).toMatchObject({ uploaded: 0, downloaded: 0, claimedFamily: 0 });
    expect(read(`/announce?${BASE}&compacx=0`).compact).toBe(true);
  });

  it('may name an address', () => {
    const claimed = (ip: string): unknown => {
      const query = readQuery(`ip=${ip}`);
      const length = query.claimedFamily === 6 ? 16 : query.claimedFamily;
      return [query.claimedFamily, ...query.claimedIp.subarray(0, length)];
    };
    expect(claimed('1.2.3.4')).toEqual([4, 1, 2, 3, 4]);
    expect(claimed('%3a%3A5')).toEqual([6, ...Array<number>(15).fill(0), 5]);
    expect(claimed('host.example')).toEqual([0]);
  });

  it('carries a credential in the path or as token', () => {
    const credential = (target: string): string => read(target).query.credential;
    expect(credential(`/announce/key?${BASE}`)).toBe('key');
    expect(credential(`/announce/k%65y%2?${BASE}`)).toBe('key%2');
    expect(credential(`/announce/?${BASE}`)).toBe('');
    expect(credential(`/announce/a/b?${BASE}`)).toBe('a/b');
    expect(credential(`/announce?${BASE}&token=t%3D1`)).toBe('t=1');
    expect(credential(`/announce?${BASE}&token=%zz%`)).toBe('%zz%');
    expect(credential(`/announce/${'x'.repeat(600)}?${BASE}`)).toBe('x'.repeat(512));
    expect(credential('/announce/key')).toBe('key');
  });
});

describe('the query of a scrape', () => {
  const scrape = (target: string, max = 2): unknown => {
    const hashes = new HashList(max);
    hashes.count = 9;
    const code = parseScrapeTarget(spanOf(target), hashes)?.code;
    return code ?? text(hashes.bytes.subarray(0, 20 * hashes.count));
  };
  const other = HASH.toUpperCase();

  it('names one torrent or several', () => {
    expect(scrape(`/scrape?info_hash=${HASH}`)).toBe(HASH);
    expect(scrape(`/scrape?x=1&info_hash=${HASH}&info_hasx=1&info_hash=${other}&y`)).toBe(HASH + other);
    expect(scrape(`/scrape?info_hash=%61${HASH.slice(1)}`)).toBe(HASH);
  });

  it.each([
    ['/scrape', 'no-full-scrape'],
    ['/scrape?', 'no-full-scrape'],
    ['/scrape?info_hasx=1', 'no-full-scrape'],
    ['/scrape?info_hash=', 'bad-info-hash'],
    ['/scrape?info_hash', 'bad-info-hash'],
    [`/scrape?info_hash=${HASH}1`, 'bad-info-hash'],
    [`/scrape?info_hash=${HASH}&info_hash=${HASH}&info_hash=${HASH}`, 'too-many-hashes'],
  ])('%s is refused: %s', (target, code) => {
    expect(scrape(target)).toBe(code);
  });
});
