import { describe, expect, test } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import { encodeBencode, type Encodable } from '../bencode/encode.ts';
import { lintTorrent } from './lint.ts';
import { parseTorrent } from './parse.ts';

type Fields = Readonly<Record<string, Encodable>>;

function codes(info: Fields, outer: Fields = { announce: 'https://t.example/' }): string[] {
  const bytes = encodeBencode({
    ...outer,
    info: { length: 5, name: 'a.txt', 'piece length': 16384, pieces: new Uint8Array(20), ...info },
  });
  return lintTorrent(bytes, parseTorrent(bytes, digests)).map((finding) => finding.code);
}

function files(...names: readonly string[]): Fields {
  return { length: 5, path: names };
}

describe('lintTorrent', () => {
  test('is silent about a sound torrent', () => {
    expect(codes({})).toEqual([]);
  });

  test.each<[string, Fields, Fields | undefined]>([
    ['NO_TRACKER', {}, {}],
    ['PRIVATE_NO_TRACKER', { private: 1 }, {}],
    ['PRIVATE_WITH_NODES', { private: 1 }, { announce: 'http://t/', nodes: [['h', 1]] }],
    ['PRIVATE_WITH_WEB_SEED', { private: 1 }, { announce: 'http://t/', 'url-list': 'https://w/' }],
    ['PRIVATE_ZERO', { private: 0 }, undefined],
    ['TRACKER_UNKNOWN', {}, { announce: 'gopher://t/' }],
    ['WEB_SEED_HTTP', {}, { announce: 'http://t/', 'url-list': 'http://w/' }],
    ['DATE_MILLISECONDS', {}, { announce: 'http://t/', 'creation date': 1_700_000_000_000 }],
    ['PIECE_LENGTH_ODD', { 'piece length': 20_000 }, undefined],
    ['PIECES_LONG', { 'piece length': 64 * 2 ** 20 }, undefined],
    [
      'PIECES_FEW',
      { 'piece length': 64 * 2 ** 20, length: 65 * 2 ** 20, pieces: new Uint8Array(40) },
      undefined,
    ],
    ['NAME_NOT_PORTABLE', { name: 'a:b.txt' }, undefined],
    ['NAME_NOT_PORTABLE', { name: 'con.txt' }, undefined],
    ['PATH_LONG', { name: 'n'.repeat(201) }, undefined],
  ])('%s for %j %j', (code, info, outer) => {
    expect(codes(info, outer)).toContain(code);
  });

  test('web seeds of folders end in a slash', () => {
    const bytes = encodeBencode({
      announce: 'http://t/',
      'url-list': 'https://w/x',
      info: { files: [files('a')], name: 'n', 'piece length': 16384, pieces: new Uint8Array(20) },
    });
    const found = lintTorrent(bytes, parseTorrent(bytes, digests));
    expect(found.map(({ code }) => code)).toEqual(['WEB_SEED_NO_SLASH']);
  });

  test('v2 without its piece layers', () => {
    const bytes = encodeBencode({
      announce: 'http://t/',
      info: {
        'file tree': { a: { '': { length: 40_000, 'pieces root': new Uint8Array(32).fill(7) } } },
        'meta version': 2,
        name: 'a',
        'piece length': 16384,
      },
    });
    const found = lintTorrent(bytes, parseTorrent(bytes, digests));
    expect(found.map(({ code }) => code)).toEqual(['LAYERS_MISSING', 'V2_ONLY']);
  });

  test('names the first of several unportable names', () => {
    const bytes = encodeBencode({
      announce: 'http://t/',
      info: {
        files: [files('a?'), files('b?')],
        name: 'n',
        'piece length': 16384,
        pieces: new Uint8Array(20),
      },
    });
    const [found] = lintTorrent(bytes, parseTorrent(bytes, digests));
    expect(found?.message).toContain('n/a? (and 1 more)');
  });
});
