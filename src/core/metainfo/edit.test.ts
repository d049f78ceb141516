import { describe, expect, test } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import { decodeBencodeDict } from '../bencode/decode.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { latin1Decode, latin1Encode } from '../bytes/bytes.ts';
import { editTorrent } from './edit.ts';
import { parseTorrent } from './parse.ts';

const info = { length: 5, name: 'a.txt', 'piece length': 16384, pieces: new Uint8Array(20), zebra: 'kept' };

function torrent(outer: Readonly<Record<string, string | readonly string[]>> = {}): Uint8Array {
  return encodeBencode({ ...outer, info });
}

describe('editTorrent', () => {
  test('without changes gives the same bytes', () => {
    const bytes = torrent({ announce: 'http://a/', unknown: 'key' });
    expect(editTorrent(bytes, {})).toEqual(bytes);
    const unsorted = latin1Encode('d7:comment1:c4:infode1:ai1ee');
    expect(editTorrent(unsorted, { comment: 'c' })).toBe(unsorted);
  });

  test('sets fields and keeps unknown keys', () => {
    const edited = editTorrent(torrent({ unknown: 'key', comment: 'old', 'comment.utf-8': 'old' }), {
      comment: 'new',
      trackers: [['http://a/', 'http://b/'], ['udp://c:1']],
      webSeeds: ['https://w/'],
      creationDate: 1,
      createdBy: 'me',
      nodes: [{ host: 'n', port: 2 }],
    });
    const metainfo = parseTorrent(edited, digests);
    expect(metainfo).toMatchObject({
      comment: 'new',
      trackers: [['http://a/', 'http://b/'], ['udp://c:1']],
      webSeeds: ['https://w/'],
      creationDate: 1,
      createdBy: 'me',
      nodes: [{ host: 'n', port: 2 }],
    });
    const { dict } = decodeBencodeDict(edited);
    expect(dict.get('unknown')).toEqual(latin1Encode('key'));
    expect(dict.has('comment.utf-8')).toBe(false);
  });

  test('takes fields away with null', () => {
    const bytes = torrent({ announce: 'http://a/', 'announce-list': [], comment: 'x' });
    expect(editTorrent(bytes, { trackers: null, comment: null })).toEqual(torrent());
  });

  test('changes outside the info dictionary leave its bytes alone, canonical or not', () => {
    const unsorted = latin1Encode(
      `d4:infod4:name1:a6:lengthi1e12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}e7:comment1:ce`,
    );
    const edited = editTorrent(unsorted, { comment: 'd' });
    expect(latin1Decode(edited)).toContain('d4:name1:a6:lengthi1e12:piece length');
    expect(parseTorrent(edited, digests).infoHash).toEqual(parseTorrent(unsorted, digests).infoHash);
  });

  test('private and source change the info dictionary and keep its other keys', () => {
    const edited = editTorrent(torrent(), { private: true, source: 'S' });
    expect(parseTorrent(edited, digests)).toMatchObject({ private: true, source: 'S' });
    expect(latin1Decode(edited)).toContain('5:zebra4:kept');
  });

  test('setting what is set already changes nothing', () => {
    const bytes = editTorrent(torrent(), { private: true, source: 'S' });
    expect(editTorrent(bytes, { private: true, source: 'S' })).toEqual(bytes);
    expect(editTorrent(torrent(), { private: null, source: null })).toEqual(torrent());
  });

  test('refuses what is no torrent', () => {
    expect(() => editTorrent(latin1Encode('d1:ai1ee'), {})).toThrow(
      expect.objectContaining({ code: 'METAINFO_NO_INFO' }),
    );
    expect(() => editTorrent(latin1Encode('hello'), {})).toThrow(
      expect.objectContaining({ code: 'BENCODE_NO_DICT' }),
    );
  });
});
