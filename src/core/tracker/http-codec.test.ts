import { describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { toInfoHash, toPeerId } from '../ids.ts';
import {
  encodeAnnounceUrl,
  encodeScrapeUrl,
  parseAnnounceReply,
  parsePeerDict,
  parseScrapeReply,
} from './http-codec.ts';
import type { AnnounceRequest } from './model.ts';

const HASH = toInfoHash(latin1Encode('abcdefghijklmnopqrs\u00ff'));

const REQUEST: AnnounceRequest = {
  infoHash: HASH,
  peerId: toPeerId(latin1Encode('-SP0001-123456789012')),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 3,
  event: 'none',
  numWant: undefined,
  key: 0xab,
};
const BASE =
  'http://h/a?info_hash=abcdefghijklmnopqrs%FF&peer_id=-SP0001-123456789012&port=6881&uploaded=1&downloaded=2';

describe('the URL of an announce', () => {
  it('says what is to be said, and leaves out what is not', () => {
    expect(encodeAnnounceUrl('http://h/a', REQUEST)).toBe(`${BASE}&left=3&compact=1&key=000000ab`);
    const more = { event: 'started', numWant: 0, trackerId: 'x\u00fe', key: 0xfedc_ba98, left: 0 } as const;
    expect(encodeAnnounceUrl('http://h/a', { ...REQUEST, ...more })).toBe(
      `${BASE}&left=0&compact=1&key=fedcba98&numwant=0&event=started&trackerid=x%FE`,
    );
  });

  it('never claims to be a seed where the size is not known', () => {
    expect(encodeAnnounceUrl('http://h/a', { ...REQUEST, left: undefined })).toContain('&left=16384&');
  });
});

describe('the URL of a scrape', () => {
  it('names every torrent, where the tracker allows scrapes', () => {
    expect(encodeScrapeUrl('http://h/announce?k=1', [HASH, HASH])).toBe(
      'http://h/scrape?k=1&info_hash=abcdefghijklmnopqrs%FF&info_hash=abcdefghijklmnopqrs%FF',
    );
    expect(encodeScrapeUrl('http://h/a', [HASH])).toBeUndefined();
  });
});

describe('the answer to an announce', () => {
  const reply = (body: string): unknown => parseAnnounceReply(latin1Encode(body));
  const empty = {
    ...{
      intervalSeconds: 1800,
      minIntervalSeconds: undefined,
      seeders: 0,
      leechers: 0,
      downloads: undefined,
    },
    ...{ peers: [], externalIp: undefined, warning: undefined, trackerId: undefined },
  };

  it('may leave out everything', () => {
    expect(reply('de')).toEqual({ kind: 'reply', reply: empty });
  });

  it('is read with all that it says', () => {
    const body =
      'd8:completei5e10:downloadedi7e11:external ip4:\u0001\u0002\u0003\u000410:incompletei6e8:intervali900e' +
      '12:min intervali60e5:peers6:\u0009\u0008\u0007\u0006\u001a\u00e1' +
      `6:peers618:\u0020\u0001${'\0'.repeat(13)}\u0001\u0000\u0050` +
      '10:tracker id2:x\u00ff15:warning message4:soone';
    expect(reply(body)).toEqual({
      kind: 'reply',
      reply: {
        ...{ intervalSeconds: 900, minIntervalSeconds: 60, seeders: 5, leechers: 6, downloads: 7 },
        ...{ externalIp: '1.2.3.4', warning: 'soon', trackerId: 'x\u00ff' },
        peers: [
          { ip: '9.8.7.6', port: 6881 },
          { ip: '2001::1', port: 80 },
        ],
      },
    });
  });

  it('has its numbers put right', () => {
    expect(reply('d8:completei-1e8:intervali-5e12:min intervali99999999ee')).toMatchObject({
      reply: { seeders: 0, intervalSeconds: 0, minIntervalSeconds: 86_400 },
    });
    expect(reply('d11:external ip3:abce')).toEqual({ kind: 'reply', reply: empty });
    expect(reply(`d11:external ip16:${'\0'.repeat(15)}\u0001e`)).toMatchObject({
      reply: { externalIp: '::1' },
    });
    expect(reply(`d10:tracker id300:${'x'.repeat(300)}e`)).toMatchObject({
      reply: { trackerId: 'x'.repeat(256) },
    });
    expect(reply('d5:peersi1e10:tracker idi1ee')).toEqual({ kind: 'reply', reply: empty });
  });

  it('may list peers in the long form; names of hosts and port 0 are passed over', () => {
    const peer = (ip: string, port: number): string =>
      `d2:ip${String(ip.length)}:${ip}4:porti${String(port)}ee`;
    const list = [peer('1.2.3.4', 65_535), peer('host', 1), peer('1.2.3.4', 0), peer('::1', 1)].join('');
    expect(reply(`d5:peersl${list}ee`)).toMatchObject({
      reply: {
        peers: [
          { ip: '1.2.3.4', port: 65_535 },
          { ip: '::1', port: 1 },
        ],
      },
    });
    const bad = ['i1e', 'de', 'd2:ip7:1.2.3.4e', 'd4:porti1ee', peer('1.2.3.4', -1), peer('1.2.3.4', 65_536)];
    for (const entry of bad) {
      expect(() => reply(`d5:peersl${entry}ee`)).toThrow(
        expect.objectContaining({ code: 'TRACKER_BAD_REPLY' }) as Error,
      );
    }
    expect(() => parsePeerDict(1)).toThrow(/peer entry/);
  });

  it.each([
    ['', undefined],
    ['8:retry in5:never', 'never'],
    ['8:retry ini30e', 30],
    ['8:retry in2:30', 30],
    ['8:retry ini1e', 1],
    ['8:retry ini0e', undefined],
    ['8:retry ini-3e', undefined],
    ['8:retry in3:1.5', undefined],
    ['8:retry in4:soon', undefined],
  ])('may be a refusal, with %s when to come back (BEP 31)', (more, retryMinutes) => {
    expect(reply(`d14:failure reason2:no${more}e`)).toEqual({
      kind: 'failure',
      failure: { message: 'no', retryMinutes },
    });
  });

  it.each(['le', 'i1e', '3:abc'])('is refused when it is %s', (body) => {
    for (const parse of [parseAnnounceReply, parseScrapeReply])
      expect(() => parse(latin1Encode(body))).toThrow(
        expect.objectContaining({ code: 'TRACKER_BAD_REPLY' }) as Error,
      );
  });
});

describe('the answer to a scrape', () => {
  const reply = (body: string): unknown => parseScrapeReply(latin1Encode(body));

  it('has the counts of each torrent', () => {
    const key = '20:abcdefghijklmnopqrs\u00ff';
    expect(
      reply(`d5:filesd${key}d8:completei1e10:downloadedi2e11:downloadersi3e10:incompletei4eeee`),
    ).toEqual({
      kind: 'reply',
      entries: [{ infoHash: HASH, seeders: 1, leechers: 4, downloads: 2, downloaders: 3 }],
    });
    expect(reply(`d5:filesd${key}deee`)).toEqual({
      kind: 'reply',
      entries: [{ infoHash: HASH, seeders: 0, leechers: 0, downloads: 0, downloaders: undefined }],
    });
    expect(reply('d5:filesdee')).toEqual({ kind: 'reply', entries: [] });
  });

  it('may be a refusal, and is refused without torrents or with broken ones', () => {
    expect(reply('d14:failure reason2:noe')).toEqual({
      kind: 'failure',
      failure: { message: 'no', retryMinutes: undefined },
    });
    for (const body of ['de', 'd5:filesi1ee', 'd5:filesd20:abcdefghijklmnopqrsti1eee']) {
      expect(() => reply(body)).toThrow(expect.objectContaining({ code: 'TRACKER_BAD_REPLY' }) as Error);
    }
  });
});
