import { describe, expect, it } from 'vitest';
import type { HttpPort } from '../ports/http.ts';
import { fetchTorrent, findTorrentLink } from './fetch-torrent.ts';

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

function webOf(answers: Readonly<Record<string, Answer>>): HttpPort {
  return {
    request: ({ url }) => {
      const answer = answers[url] ?? { status: 404, body: '' };
      const body = new TextEncoder().encode(answer.body);
      return Promise.resolve({
        status: answer.status ?? 200,
        headers: { 'content-type': answer.type ?? 'application/x-bittorrent' },
        url,
        body: (async function* () {
          for (let at = 0; at < body.length; at += 65536) {
            yield await Promise.resolve(body.subarray(at, at + 65536));
          }
        })(),
      });
    },
  };
}

const { signal } = new AbortController();
const PAGE = 'text/html; charset=utf-8';

async function fetchText(answers: Readonly<Record<string, Answer>>): Promise<string> {
  return new TextDecoder().decode(await fetchTorrent('http://pub/', webOf(answers), signal));
}

describe('fetchTorrent', () => {
  it('takes a .torrent as it comes', async () => {
    expect(await fetchText({ 'http://pub/': { body: 'd4:infodee' } })).toBe('d4:infodee');
  });

  it('follows the link of a publication page', async () => {
    const html =
      '<link rel="alternate" type="application/x-bittorrent"\n href="./a%20b.torrent?x=1&amp;y=2">';
    expect(
      await fetchText({
        'http://pub/': { body: html, type: PAGE },
        'http://pub/a%20b.torrent?x=1&y=2': { body: 'de' },
      }),
    ).toBe('de');
  });

  it.each<[string, Record<string, Answer>]>([
    ['HTTP_STATUS', { 'http://pub/': { body: 'x', status: 500 } }],
    ['NO_TORRENT_LINK', { 'http://pub/': { body: '<p>hello', type: PAGE } }],
    [
      'NO_TORRENT_LINK',
      {
        'http://pub/': { body: '<link rel=alternate type=application/x-bittorrent href=/>', type: PAGE },
      },
    ],
    ['TORRENT_TOO_BIG', { 'http://pub/': { body: 'x'.repeat(1024 * 1024 + 1), type: PAGE } }],
  ])('fails with %s', async (code, answers) => {
    await expect(fetchText(answers)).rejects.toMatchObject({ code });
  });
});

describe('findTorrentLink', () => {
  it.each([
    [`<link rel='icon alternate' type='Application/X-BitTorrent' href='x.torrent'>`, 'http://h/p/x.torrent'],
    ['<LINK HREF=/x.torrent REL=alternate TYPE=application/x-bittorrent>', 'http://h/x.torrent'],
    [
      '<link rel="alternate" type="application/x-bittorrent" href="&#x2f;x&#46;torrent">',
      'http://h/x.torrent',
    ],
    ['<link rel="alternate" type="application/rss+xml" href="feed">', undefined],
    ['<link rel="alternate" type="application/x-bittorrent" href="file:///etc/passwd">', undefined],
    ['<link rel="alternate" type="application/x-bittorrent">', undefined],
    ['<a rel="alternate" type="application/x-bittorrent" href="x">', undefined],
  ])('reads %s', (html, expected) => {
    expect(findTorrentLink(html, 'http://h/p/')).toBe(expected);
  });
});
