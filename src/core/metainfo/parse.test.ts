import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digests } from '../../../test/support/digests.ts';
import {
  fileTree,
  hybridTorrent,
  layer,
  root,
  v1Torrent,
  v2Torrent,
} from '../../../test/support/torrents.ts';
import type { Members } from '../../../test/support/torrents.ts';
import { encodeBencode } from '../bencode/encode.ts';
import type { Encodable } from '../bencode/encode.ts';
import { latin1Decode, toHex, utf8Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { Metainfo } from './metainfo.ts';
import { parseInfo, parseTorrent } from './parse.ts';

const parse = (bytes: Uint8Array): Metainfo => parseTorrent(bytes, digests);

function codeOf(bytes: Uint8Array): string {
  try {
    parse(bytes);
    return 'none';
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
}

const FILE = { length: 1, 'pieces root': new Uint8Array(32).fill(1) };

describe('three versions', () => {
  test('v1: files one after the other', () => {
    const torrent = parse(v1Torrent());
    expect(torrent).toMatchObject({
      version: 'v1',
      name: 'n',
      pieceCount: 2,
      length: 16394,
      isSingleFile: false,
    });
    expect(torrent.files.map((file) => [file.path.join('/'), file.offset])).toEqual([
      ['n/a', 0],
      ['n/d/b', 10],
    ]);
    expect(torrent.infoHash).toEqual(digests.sha1(torrent.infoBytes));
    expect(torrent.infoHashV2).toBeUndefined();
  });

  test('v2: each file starts a piece, and the layers are kept by root', () => {
    const torrent = parse(v2Torrent());
    expect(torrent).toMatchObject({ version: 'v2', pieceCount: 3, length: 32778, pieceHashes: undefined });
    expect(torrent.files.map((file) => file.offset)).toEqual([0, 16384]);
    expect(torrent.infoHashV2).toEqual(digests.sha256(torrent.infoBytes));
    expect(torrent.pieceLayers).toEqual(new Map([[toHex(root), layer]]));
  });

  test('hybrid: the v1 files with the roots of the v2 ones', () => {
    const torrent = parse(hybridTorrent());
    expect(torrent).toMatchObject({ version: 'hybrid', pieceCount: 3, length: 32778 });
    expect(torrent.files.map((file) => [file.pad, file.piecesRoot?.length])).toEqual([
      [false, 32],
      [true, undefined],
      [false, 32],
    ]);
    expect(torrent.infoHash).toBeDefined();
    expect(torrent.infoHashV2).toBeDefined();
  });

  test('a single file has no folder', () => {
    const v1 = v1Torrent({ files: undefined, length: 5, pieces: new Uint8Array(20), attr: 'x' });
    expect(parse(v1).files).toMatchObject([{ path: ['n'], length: 5, executable: true }]);
    const v2 = v2Torrent({ 'file tree': fileTree({ other: FILE }) });
    expect(parse(v2)).toMatchObject({ isSingleFile: true, files: [{ path: ['other'] }] });
  });

  test('empty files of v2 take no piece', () => {
    const tree = fileTree({ a: FILE, b: { length: 0 }, c: FILE, d: { length: 0 } });
    const torrent = parse(v2Torrent({ 'file tree': tree }));
    expect(torrent.files.map((file) => file.offset)).toEqual([0, 1, 16384, 16385]);
    expect(torrent.pieceCount).toBe(2);
  });

  test('the metadata that peers send gives the same as the file', () => {
    const torrent = parse(v2Torrent());
    const { pieceLayers } = torrent;
    const again = parseInfo(
      torrent.infoBytes,
      { trackers: [['http://t/']], webSeeds: ['http://w/'], pieceLayers },
      digests,
    );
    expect(again).toEqual({ ...torrent, trackers: [['http://t/']], webSeeds: ['http://w/'] });
    expect(() => parseInfo(utf8Encode('le'), {}, digests)).toThrow(ProtocolError);
  });
});

describe('rules', () => {
  const v1Rules: readonly (readonly [code: string, info: Members, outer?: Members])[] = [
    ['METAINFO_NO_FILES', { length: 5 }],
    ['METAINFO_NO_FILES', { files: undefined }],
    ['METAINFO_NO_FILES', { files: [] }],
    ['METAINFO_NO_FILES', { files: 'x' }],
    ['METAINFO_BAD_FILE', { files: ['x'] }],
    ['METAINFO_BAD_PATH', { files: [{ length: 1 }] }],
    ['METAINFO_BAD_PATH', { files: [{ length: 1, path: [] }] }],
    ['METAINFO_BAD_PATH', { files: [{ length: 1, path: [1] }] }],
    ['METAINFO_PATH_TOO_DEEP', { files: [{ length: 1, path: Array<string>(101).fill('a') }] }],
    [
      'METAINFO_PATH_TOO_LONG',
      { files: [{ length: 1, path: Array<string>(90).fill('a'.repeat(200)) }], pieces: new Uint8Array(20) },
    ],
    ['METAINFO_BAD_LENGTH', { files: [{ length: -1, path: ['a'] }] }],
    ['METAINFO_BAD_LENGTH', { files: [{ length: 2n ** 60n, path: ['a'] }] }],
    ['METAINFO_BAD_LENGTH', { files: Array<Members>(2000).fill({ length: 2 ** 52, path: ['a'] }) }],
    ['METAINFO_TOO_MANY_PIECES', { files: [{ length: 2 ** 45, path: ['a'] }] }],
    ['METAINFO_BAD_PIECES', { pieces: new Uint8Array(39) }],
    ['METAINFO_BAD_PIECES', { pieces: new Uint8Array(60) }],
    ['METAINFO_BAD_PIECES', { pieces: undefined }],
    ['METAINFO_NO_NAME', { name: undefined }],
    ['METAINFO_NO_NAME', { name: 5 }],
    ['METAINFO_BAD_PIECE_LENGTH', { 'piece length': 0 }],
    ['METAINFO_BAD_PIECE_LENGTH', { 'piece length': 2 ** 30 }],
    ['METAINFO_BAD_PIECE_LENGTH', { 'piece length': 'x' }],
    ['METAINFO_BAD_VERSION', { 'meta version': 1 }],
    ['METAINFO_BAD_VERSION', { 'meta version': 'x' }],
    ['METAINFO_NEWER_VERSION', { 'meta version': 3, 'piece length': 'x' }],
    ['METAINFO_NO_INFO', {}, { info: undefined }],
    ['METAINFO_NO_INFO', {}, { info: 'x' }],
    ['METAINFO_BAD_TRACKERS', {}, { announce: 1 }],
    ['METAINFO_BAD_TRACKERS', {}, { 'announce-list': 1 }],
    ['METAINFO_BAD_TRACKERS', {}, { 'announce-list': ['x'] }],
    ['METAINFO_BAD_TRACKERS', {}, { 'announce-list': [[1]] }],
  ];
  test.each(v1Rules.map(([code, info, outer]) => ({ code, info, outer })))(
    '$code',
    ({ code, info, outer }) => {
      expect(codeOf(v1Torrent(info, outer))).toBe(code);
    },
  );

  const trees: readonly (readonly [code: string, tree: Members | string | undefined])[] = [
    ['METAINFO_NO_FILES', undefined],
    ['METAINFO_NO_FILES', 'x'],
    ['METAINFO_NO_FILES', {}],
    ['METAINFO_NO_FILES', { folder: {} }],
    ['METAINFO_BAD_TREE', { '': FILE }],
    ['METAINFO_BAD_TREE', { a: { '': FILE, sibling: { '': FILE } } }],
    ['METAINFO_BAD_TREE', { a: 'x' }],
    ['METAINFO_BAD_TREE', { a: { '': 'x' } }],
    ['METAINFO_BAD_LENGTH', { a: { '': {} }, b: { '': FILE } }],
    ['METAINFO_BAD_LENGTH', { a: { '': { 'pieces root': root } }, b: { '': FILE } }],
    ['METAINFO_BAD_LENGTH', { a: { '': { length: -1 } } }],
    ['METAINFO_BAD_ROOT', { a: { '': { length: 1 } } }],
    ['METAINFO_BAD_ROOT', { a: { '': { length: 1, 'pieces root': new Uint8Array(31) } } }],
    ['METAINFO_BAD_ROOT', { a: { '': { length: 1, 'pieces root': new Uint8Array(32) } } }],
    ['METAINFO_BAD_ROOT', { a: { '': { length: 0, 'pieces root': new Uint8Array(32).fill(1) } } }],
    ['METAINFO_BAD_FILE', { a: { '': { ...FILE, attr: 'p' } } }],
  ];
  test.each(trees)('%s in a tree (%#)', (code, tree) => {
    expect(codeOf(v2Torrent({ 'file tree': tree }))).toBe(code);
  });

  test.each([8192, 49152, 16383])('a v2 piece length of %d is refused', (length) => {
    expect(codeOf(v2Torrent({ 'piece length': length }))).toBe('METAINFO_BAD_PIECE_LENGTH');
  });

  test('a file tree that is not sorted is refused, any other dictionary is not', () => {
    const text =
      'd9:file treed1:bd0:d6:lengthi0eee1:ad0:d6:lengthi0eeee12:meta versioni2e4:name1:n12:piece lengthi16384ee';
    expect(codeOf(utf8Encode(`d4:info${text}e`))).toBe('METAINFO_BAD_TREE');
    const unsorted = 'd6:lengthi0e12:piece lengthi16384e6:pieces0:4:name1:ne';
    expect(toHex(parse(utf8Encode(`d4:info${unsorted}e`)).infoHash ?? new Uint8Array())).toBe(
      toHex(digests.sha1(utf8Encode(unsorted))),
    );
  });

  const layers: readonly (readonly [string, Members[string]])[] = [
    ['no dictionary', 'x'],
    ['no string', new Map([[latin1Decode(root), 1]])],
    ['too short', new Map([[latin1Decode(root), layer.subarray(0, 32)]])],
    ['of another file', new Map([[latin1Decode(root), new Uint8Array(64)]])],
  ];
  test.each(layers)('a piece layer that is %s is refused', (_, value) => {
    expect(codeOf(v2Torrent({}, { 'piece layers': value }))).toBe('METAINFO_BAD_LAYERS');
  });

  test('a missing layer is only a warning: peers have it', () => {
    expect(parse(v2Torrent({}, { 'piece layers': undefined })).warnings).toHaveLength(1);
  });

  const mismatches: readonly (readonly [string, Members])[] = [
    [
      'no padding',
      {
        files: [
          { length: 10, path: ['a'] },
          { length: 32768, path: ['d', 'b'] },
        ],
      },
    ],
    [
      'another name',
      {
        files: [
          { length: 10, path: ['A'] },
          { attr: 'p', length: 16374 },
          { length: 32768, path: ['d', 'b'] },
        ],
      },
    ],
    [
      'another length',
      {
        files: [
          { length: 9, path: ['a'] },
          { attr: 'p', length: 16375 },
          { length: 32768, path: ['d', 'b'] },
        ],
      },
    ],
    ['a file less', { files: [{ length: 10, path: ['a'] }] }],
    [
      'a file more',
      {
        files: [
          { length: 10, path: ['a'] },
          { attr: 'p', length: 16374 },
          { length: 32768, path: ['d', 'b'] },
          { length: 0, path: ['c'] },
        ],
      },
    ],
    [
      'padding beyond the end',
      {
        files: [
          { length: 10, path: ['a'] },
          { attr: 'p', length: 16374 },
          { length: 32768, path: ['d', 'b'] },
          { attr: 'p', length: 16384 },
        ],
      },
    ],
  ];
  test.each(mismatches)('a hybrid whose v1 half has %s is refused', (_, info) => {
    expect(codeOf(hybridTorrent(info))).toBe('METAINFO_HYBRID_MISMATCH');
  });
});

describe('fields', () => {
  test('trackers: tiers without blanks and repeats; announce only where there is no list', () => {
    const list = [[' http://a ', ''], [], ['http://b', 'http://a'], ['http://a']];
    expect(parse(v1Torrent({}, { announce: 'http://z', 'announce-list': list })).trackers).toEqual([
      ['http://a'],
      ['http://b'],
    ]);
    expect(parse(v1Torrent({}, { announce: 'http://z', 'announce-list': [] })).trackers).toEqual([
      ['http://z'],
    ]);
    expect(parse(v1Torrent({}, { announce: '' })).trackers).toEqual([]);
  });

  test('web seeds: one or a list, no repeats', () => {
    expect(parse(v1Torrent({}, { 'url-list': 'http://a' })).webSeeds).toEqual(['http://a']);
    expect(parse(v1Torrent({}, { 'url-list': ['http://a', 5, '', 'http://a'] })).webSeeds).toEqual([
      'http://a',
    ]);
    expect(parse(v1Torrent({}, { httpseeds: ['http://a'] })).httpSeeds).toEqual(['http://a']);
  });

  test('nodes: pairs of host and port, others left out', () => {
    const nodes = [['router.example', 6881], ['x'], 'y', ['z', 0], ['', 1], ['::1', 65535]];
    expect(parse(v1Torrent({}, { nodes })).nodes).toEqual([
      { host: 'router.example', port: 6881 },
      { host: '::1', port: 65535 },
    ]);
  });

  test('what people write is text, and what is of another type is left out', () => {
    const outer = { comment: 'é', 'created by': 'me', 'creation date': 5 };
    expect(parse(v1Torrent({ private: 1, source: 's' }, outer))).toMatchObject({
      comment: 'é',
      createdBy: 'me',
      creationDate: 5,
      private: true,
      source: 's',
    });
    expect(parse(v1Torrent({ private: 2 }, { comment: 1, 'creation date': 'x' }))).toMatchObject({
      comment: undefined,
      creationDate: undefined,
      private: false,
      source: undefined,
    });
  });

  test('a name of which nothing is left gives way to the info hash', () => {
    const torrent = parse(v1Torrent({ name: '..' }));
    expect(torrent.name).toBe(toHex(torrent.infoHash ?? new Uint8Array()));
  });

  test('attributes and links (BEP 47)', () => {
    const files = [
      { length: 1, path: ['t'], attr: 'xh' },
      { path: ['l'], attr: 'l', 'symlink path': ['..', 't'] },
      { length: 3, path: ['fat link'], attr: 'l', 'symlink path': ['t'] },
    ];
    expect(parse(v1Torrent({ files, pieces: new Uint8Array(20) })).files).toMatchObject([
      { executable: true, hidden: true, symlink: undefined },
      { length: 0, symlink: ['t'] },
      { length: 3, symlink: undefined },
    ]);
  });

  test('case twins are renamed with a warning, or kept for those who know their disk', () => {
    const files = [
      { length: 1, path: ['a'] },
      { length: 1, path: ['A'] },
    ];
    const bytes = v1Torrent({ files, pieces: new Uint8Array(20) });
    expect(parse(bytes).files.map((file) => file.path[1])).toEqual(['a', 'A.1']);
    expect(parse(bytes).warnings).toHaveLength(1);
    const kept = parseTorrent(bytes, digests, { names: 'posix', foldCase: false });
    expect(kept.files.map((file) => file.path[1])).toEqual(['a', 'A']);
  });
});

describe('hostile bytes', () => {
  const torrents = [v1Torrent(), v2Torrent(), hybridTorrent()];

  test('every truncation is refused', () => {
    for (const bytes of torrents) {
      for (let length = 0; length < bytes.length; length++) {
        expect(() => parse(bytes.subarray(0, length))).toThrow(ProtocolError);
      }
    }
  });

  test('white space at the end is passed over, other data is not', () => {
    expect(parse(new Uint8Array([...v1Torrent(), 0x0d, 0x0a])).warnings).toHaveLength(1);
    expect(codeOf(new Uint8Array([...v1Torrent(), 0]))).toBe('METAINFO_TRAILING');
  });

  test('changed bytes are read or refused with a ProtocolError', () => {
    const change = fc.record({
      at: fc.nat(1000),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...utf8Encode('dlie019:-'))),
    });
    fc.assert(
      fc.property(fc.constantFrom(...torrents), fc.array(change, { maxLength: 4 }), (torrent, changes) => {
        const bytes = torrent.slice();
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        expect(codeOf(bytes)).toMatch(/^(?:none|METAINFO_|BENCODE_)/);
      }),
      { numRuns: 3000 },
    );
  });

  test('members of any type are read or refused with a ProtocolError', () => {
    const keys = [
      'files',
      'length',
      'name',
      'piece length',
      'pieces',
      'file tree',
      'meta version',
      'attr',
      'private',
      'path',
      'symlink path',
      'pieces root',
    ];
    const anything = fc.letrec<{ value: Encodable }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.string(),
        fc.constant(new Uint8Array(20)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('', 'a', ...keys), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    const members = fc.dictionary(fc.constantFrom(...keys), anything, { maxKeys: 2 });
    fc.assert(
      fc.property(fc.constantFrom(v1Torrent, v2Torrent, hybridTorrent), members, (make, info) => {
        expect(codeOf(make(info))).toMatch(/^(?:none|METAINFO_)/);
      }),
      { numRuns: 2000 },
    );
  });

  test('a file beyond the limit is refused unread', () => {
    expect(codeOf(new Uint8Array(134_217_729))).toBe('METAINFO_TOO_LARGE');
    expect(codeOf(encodeBencode([]))).toBe('BENCODE_NO_DICT');
  });
});
