import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../errors.ts';
import {
  encodeWsAnnounceReply,
  encodeWsAnswer,
  encodeWsFailure,
  encodeWsOffer,
  encodeWsScrapeReply,
  parseWsRequest,
  type WsAnnounce,
  type WsRequest,
} from './ws-codec.ts';

const HASH = '\u0000\u00ff"\\ABCDEFGHIJKLMNOP';
const PEER = '-WW0001-abcdefghijkl';

function parse(message: unknown, maxScrape = 3): WsRequest {
  return parseWsRequest(JSON.stringify(message), { maxScrape });
}

function announce(more: object): WsAnnounce {
  const request = parse({ action: 'announce', info_hash: HASH, peer_id: PEER, ...more });
  if (request.kind !== 'announce') throw new Error('no announce');
  return request;
}

function refusalOf(message: unknown): string {
  try {
    parse(message);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code: 'WS_TRACKER_BAD_MESSAGE' });
    return (error as Error).message;
  }
  return '';
}

const offer = (offerId: unknown, sdp: unknown = 'v=0', type = 'offer'): object => ({
  offer_id: offerId,
  offer: { type, sdp },
});

describe('announces over WebSocket', () => {
  it('are read with all that they say', () => {
    const told = {
      ...{ left: 0, uploaded: 5, downloaded: 7.5, event: 'completed', numwant: 3 },
      offers: [offer('a'), offer('b', 'v=1')],
    };
    expect(announce(told)).toEqual({
      kind: 'announce',
      infoHash: Uint8Array.from(HASH, (char) => char.charCodeAt(0)),
      infoHashText: HASH,
      peerId: PEER,
      seed: true,
      uploaded: 5,
      downloaded: 7.5,
      event: 'completed',
      numWant: 3,
      offers: [
        { offerId: 'a', sdp: 'v=0' },
        { offerId: 'b', sdp: 'v=1' },
      ],
    });
  });

  it('stand without all that may be left out or is of no use', () => {
    const plain = { seed: false, uploaded: 0, downloaded: 0, event: 'none', numWant: 20, offers: [] };
    expect(announce({})).toMatchObject(plain);
    const odd = { left: '0', uploaded: -1, downloaded: '9', event: 'updated', numwant: -1, offers: 'none' };
    expect(announce(odd)).toMatchObject(plain);
    expect(announce({ left: 1, event: 4, numwant: '5', offers: null })).toMatchObject(plain);
    const text = `{"action":"announce","info_hash":${JSON.stringify(HASH)},"peer_id":"${PEER}","uploaded":1e999}`;
    expect(parseWsRequest(text, { maxScrape: 1 })).toMatchObject({ uploaded: 0 });
  });

  it.each(['started', 'completed', 'stopped', 'paused'])('know the event %s', (event) => {
    expect(announce({ event }).event).toBe(event);
  });

  it('take no more than twenty offers and wants, whole ones', () => {
    expect([0, 2.9, 20, 21, 1e9].map((numwant) => announce({ numwant }).numWant)).toEqual([0, 2, 20, 20, 20]);
    const offers = Array.from({ length: 25 }, (_, i) => offer(String(i)));
    expect(announce({ offers }).offers.map(({ offerId }) => Number(offerId))).toEqual([...Array(20).keys()]);
  });

  it.each([
    ['no action', { info_hash: HASH, peer_id: PEER }, /action/],
    ['another action', { action: 'x', info_hash: HASH, peer_id: PEER }, /action/],
    ['a short hash', { action: 'announce', info_hash: HASH.slice(1), peer_id: PEER }, /^info_hash/],
    ['no hash', { action: 'announce', peer_id: PEER }, /^info_hash/],
    ['a list as hash', { action: 'announce', info_hash: Array.from(HASH), peer_id: PEER }, /^info_hash/],
    [
      'more than bytes',
      { action: 'announce', info_hash: `\u0100${HASH.slice(1)}`, peer_id: PEER },
      /^info_h/,
    ],
    ['a long peer id', { action: 'announce', info_hash: HASH, peer_id: `${PEER}x` }, /^peer_id/],
    ['an array', [], /object/],
    ['null', null, /object/],
    ['a number', 7, /object/],
  ])('are refused with %s', (_, message, reason) => {
    expect(refusalOf(message)).toMatch(reason);
  });

  it.each([
    ['no object', null, /object/],
    ['without id', { offer: { type: 'offer', sdp: '' } }, /offer_id/],
    ['with a long id', offer('x'.repeat(65)), /offer_id/],
    ['of another type', offer('a', 'v=0', 'answer'), /offer/],
    ['that are a text', { offer_id: 'a', offer: 'v=0' }, /offer/],
    ['without sdp', offer('a', null), /sdp/],
    ['with a long sdp', offer('a', 'x'.repeat(16_385)), /sdp/],
  ])('are refused with offers %s', (_, bad, reason) => {
    const message = { action: 'announce', info_hash: HASH, peer_id: PEER, offers: [offer('a'), bad] };
    expect(refusalOf(message)).toMatch(reason);
  });

  it('may have offers as large as the limits', () => {
    const largest = offer('x'.repeat(64), 'y'.repeat(16_384));
    expect(announce({ offers: [largest] }).offers[0]).toEqual({
      offerId: 'x'.repeat(64),
      sdp: 'y'.repeat(16_384),
    });
  });

  it('are refused when they are no JSON, and the cause is kept', () => {
    expect(() => parseWsRequest('{', { maxScrape: 1 })).toThrow(
      expect.objectContaining({ message: 'not JSON', cause: expect.any(SyntaxError) as unknown }) as Error,
    );
  });
});

describe('answers over WebSocket', () => {
  const message = {
    ...{ action: 'announce', info_hash: HASH, peer_id: PEER, to_peer_id: HASH, offer_id: 'o' },
    answer: { type: 'answer', sdp: 'v=0' },
  };

  it('are read, and written for who offered', () => {
    const answer = parse(message);
    expect(answer).toEqual({
      ...{ kind: 'answer', infoHashText: HASH, peerId: PEER, toPeerId: HASH, offerId: 'o', sdp: 'v=0' },
    });
    if (answer.kind !== 'answer') throw new Error('no answer');
    expect(JSON.parse(encodeWsAnswer(answer))).toEqual({
      ...{ action: 'announce', info_hash: HASH, peer_id: PEER, offer_id: 'o' },
      answer: { type: 'answer', sdp: 'v=0' },
    });
  });

  it('are refused without an addressee, an id or the right type', () => {
    expect(refusalOf({ ...message, to_peer_id: 'x' })).toMatch(/^to_peer_id/);
    expect(refusalOf({ ...message, offer_id: 1 })).toMatch(/offer_id/);
    expect(refusalOf({ ...message, answer: { type: 'offer', sdp: 'v=0' } })).toMatch(/answer/);
    expect(refusalOf({ ...message, answer: null })).toMatch(/answer/);
  });
});

describe('scrapes over WebSocket', () => {
  const names = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i).padStart(20, '-'));

  it('name one torrent or several, each once', () => {
    expect(parse({ action: 'scrape', info_hash: HASH })).toEqual({ kind: 'scrape', infoHashes: [HASH] });
    const [a = '', b = ''] = names(2);
    expect(parse({ action: 'scrape', info_hash: [a, b, a] })).toEqual({ kind: 'scrape', infoHashes: [a, b] });
  });

  it('are refused without a torrent, or with more than allowed', () => {
    expect(refusalOf({ action: 'scrape' })).toMatch(/^info_hash/);
    expect(refusalOf({ action: 'scrape', info_hash: [HASH, 'x'] })).toMatch(/^info_hash/);
    expect(refusalOf({ action: 'scrape', info_hash: names(4) })).toMatch(/too many/);
  });
});

describe('what the tracker says over WebSocket', () => {
  it('is JSON whatever the bytes of a hash are', () => {
    expect(JSON.parse(encodeWsAnnounceReply(HASH, { seeders: 2, leechers: 3 }, 120))).toEqual({
      ...{ action: 'announce', info_hash: HASH, complete: 2, incomplete: 3, interval: 120 },
    });
    expect(JSON.parse(encodeWsOffer(HASH, PEER, { offerId: 'a"', sdp: 'v=0\r\n' }))).toEqual({
      ...{ action: 'announce', info_hash: HASH, peer_id: PEER, offer_id: 'a"' },
      offer: { type: 'offer', sdp: 'v=0\r\n' },
    });
    const file = { infoHash: HASH, seeders: 1, leechers: 2, downloads: 3 };
    expect(JSON.parse(encodeWsScrapeReply([file], 60))).toEqual({
      action: 'scrape',
      files: { [HASH]: { complete: 1, incomplete: 2, downloaded: 3 } },
      flags: { min_request_interval: 60 },
    });
  });

  it('names the torrent of a failure where there is one', () => {
    const failure = { action: 'announce', 'failure reason': 'no' };
    expect(JSON.parse(encodeWsFailure('no', HASH))).toEqual({ ...failure, info_hash: HASH });
    expect(JSON.parse(encodeWsFailure('no', undefined))).toEqual(failure);
  });
});
