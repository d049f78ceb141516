// Every .torrent of the corpus: its verdict, and all that other programs read from it.
import { expect, test } from 'vitest';
import { ProtocolError } from '../../src/core/errors.ts';
import { fromHex, toHex, utf8Encode } from '../../src/core/bytes/bytes.ts';
import type { FileEntry, Metainfo } from '../../src/core/metainfo/metainfo.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { describeCorpus, readCorpus, readCorpusJson } from '../support/corpus.ts';
import { digests } from '../support/digests.ts';

interface ManifestFile {
  readonly path: string;
  readonly size: number;
  readonly pad?: boolean;
  readonly root?: string;
  readonly symlink?: string;
  readonly exec?: boolean;
  readonly before_rename?: string;
}

interface ManifestEntry {
  readonly file: string;
  readonly verdict: 'valid' | 'invalid';
  readonly raw: { readonly info_sha1?: string } | null;
  readonly infohash_v1: string | null;
  readonly infohash_v2: string | null;
  readonly name?: string;
  readonly num_files?: number;
  readonly piece_length?: number;
  readonly num_pieces?: number;
  readonly private?: boolean;
  readonly meta_version?: string;
  readonly created_by?: string;
  readonly creation_date?: number;
  readonly comment?: string;
  readonly files?: readonly ManifestFile[];
  /** Of the lines "path, tab, size". */
  readonly files_sha256?: string;
  readonly trackers?: readonly string[];
  readonly url_seeds?: readonly string[];
  readonly http_seeds?: readonly string[];
  readonly dht_nodes?: readonly (readonly [string, number])[];
}

/** Where we decide otherwise, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'valid/libtorrent--v2_invalid_root_hash.torrent':
    'BEP 52: a torrent is not valid if the piece layer hashes do not match the merkle roots',
  'invalid/transmission--dup-files.torrent':
    'no BEP forbids two files of one path; valid/libtorrent--duplicate_files asks for a rename',
  'invalid/libtorrent--zero2.torrent':
    'no BEP forbids empty content; five valid torrents of torrenttools are empty',
};

function verdictOf(bytes: Uint8Array): 'valid' | 'invalid' {
  try {
    parseTorrent(bytes, digests);
    return 'valid';
  } catch (error) {
    if (error instanceof ProtocolError) return 'invalid';
    throw error;
  }
}

interface InlineCase {
  readonly input_hex: string;
  readonly verdict: 'valid' | 'invalid';
  readonly origin: string;
  readonly note?: string;
  readonly expect?: { readonly name?: string; readonly num_url_seeds?: number };
  readonly 'libtorrent_2.0.8'?: {
    readonly accepts: boolean;
    readonly name?: string;
    readonly paths?: readonly string[];
    readonly infohash_v1?: string;
  };
}

/** Inline cases, by a word of their note, that we take although the suite they come from does not. */
const INLINE_EXCEPTIONS: readonly (readonly [note: string, reason: string])[] = [
  [
    'all path components empty',
    'BEP 3 refuses a path of no elements; valid/libtorrent--empty_path_multi has [""]',
  ],
  ['piece length <- 16385', 'BEP 3: "almost always a power of two"; the valid torrents of aria2 have 128'],
  [
    "creation date <- 'hello'",
    'the field is advisory (BEP 3); a valid case has "29.03.2018 22:18:14 UTC" in it',
  ],
  ["announce <- '123'", 'BEP 12: a tracker that does not answer is passed over, the torrent stays good'],
  ["announce <- 'http://123:xxx/announce'", 'BEP 12, as above'],
  ["announce-list <- [['http://123:xxx/announce']]", 'BEP 12, as above'],
  ['info/md5sum <- 0', 'no BEP defines md5sum'],
  ["info/md5sum <- 'Z8b", 'no BEP defines md5sum'],
];

describeCorpus('torrents written out in test suites', () => {
  const { cases } = readCorpusJson('torrents/inline.json') as { readonly cases: readonly InlineCase[] };

  test.each(cases.map((entry, index) => ({ index, ...entry })))(
    '$index $verdict: $origin, $note',
    (entry) => {
      const exempt = INLINE_EXCEPTIONS.some(([note]) => entry.note?.includes(note));
      const verdict = verdictOf(fromHex(entry.input_hex));
      expect(verdict).toBe(exempt ? 'valid' : entry.verdict);
      if (entry.verdict === 'invalid') return;
      const torrent = parseTorrent(fromHex(entry.input_hex), digests);
      const oracle = entry['libtorrent_2.0.8'];
      expect(torrent.infoHash && toHex(torrent.infoHash)).toBe(oracle?.infohash_v1);
      expect(torrent.name).toBe(entry.expect?.name ?? oracle?.name);
      expect(torrent.files.map((file) => file.path.join('/'))).toEqual(oracle?.paths);
      if (entry.expect?.num_url_seeds !== undefined) {
        expect(torrent.webSeeds).toHaveLength(entry.expect.num_url_seeds);
      }
    },
  );

  test('every exception is still needed', () => {
    for (const [note] of INLINE_EXCEPTIONS) {
      expect(
        cases.some((entry) => entry.verdict === 'invalid' && entry.note?.includes(note)),
        note,
      ).toBe(true);
    }
  });
});

describeCorpus('torrents of the corpus', () => {
  const manifest = readCorpusJson('torrents/manifest.json') as readonly ManifestEntry[];

  test.each(manifest)('$file is $verdict', (entry) => {
    const verdict = verdictOf(readCorpus(`torrents/${entry.file}`));
    const opposite = entry.verdict === 'valid' ? 'invalid' : 'valid';
    expect(verdict).toBe(entry.file in EXCEPTIONS ? opposite : entry.verdict);
  });

  test('a small torrent with any one byte changed or the end cut off is read or refused, never worse', () => {
    const torrents = manifest
      .map((entry) => readCorpus(`torrents/${entry.file}`))
      .filter((bytes) => bytes.length < 500);
    expect(torrents.length).toBeGreaterThan(40);
    for (const bytes of torrents) {
      for (let at = 0; at < bytes.length; at++) {
        const changed = bytes.slice();
        changed[at] = 'dlie0:9-'.charCodeAt(at % 8);
        verdictOf(changed);
        verdictOf(bytes.subarray(0, at));
      }
    }
  });

  const readable = manifest.filter((entry) => entry.verdict === 'valid' && !(entry.file in EXCEPTIONS));
  test.each(readable)('$file says what others read from it', (entry) => {
    const torrent = parseTorrent(readCorpus(`torrents/${entry.file}`), digests);
    expectHashes(torrent, entry);
    if (entry.name === undefined) return;
    expectInfo(torrent, entry);
    expectOuter(torrent, entry);
    if (entry.files === undefined) expectFileDigest(torrent, entry);
    else expectFiles(torrent, entry.files);
  });
});

function expectHashes(torrent: Metainfo, entry: ManifestEntry): void {
  // Torrents that the oracle refused have the hash of the raw bytes only.
  const v1 = entry.name === undefined ? entry.raw?.info_sha1 : entry.infohash_v1;
  expect(torrent.infoHash && toHex(torrent.infoHash)).toBe(v1 ?? undefined);
  expect(torrent.infoHashV2 && toHex(torrent.infoHashV2)).toBe(entry.infohash_v2 ?? undefined);
}

function expectInfo(torrent: Metainfo, entry: ManifestEntry): void {
  expect(torrent.name).toBe(entry.name);
  expect(torrent.pieceLength).toBe(entry.piece_length);
  expect(torrent.pieceCount).toBe(entry.num_pieces);
  expect(torrent.private).toBe(entry.private ?? false);
  expect(torrent.version).toBe(entry.meta_version);
}

function expectOuter(torrent: Metainfo, entry: ManifestEntry): void {
  // The oracle keeps trackers that come twice and white space around them, and shuffles each tier.
  const trackers = new Set((entry.trackers ?? []).map((url) => url.trim()));
  expect(torrent.trackers.flat().sort()).toEqual([...trackers].sort());
  // The oracle adds the slash of multi-file web seeds and escapes spaces; we leave that to who builds the URL.
  const seeds = torrent.webSeeds.map((url) => url.replaceAll(' ', '%20'));
  expect(seeds.map((url) => url.replace(/\/$/, ''))).toEqual(
    (entry.url_seeds ?? []).map((url) => url.replace(/\/$/, '')),
  );
  expect(torrent.httpSeeds).toEqual(entry.http_seeds ?? []);
  expect(torrent.nodes.map(({ host, port }) => [host, port])).toEqual(entry.dht_nodes ?? []);
  expect(torrent.createdBy ?? '').toBe(entry.created_by ?? '');
  expect(torrent.comment ?? '').toBe(entry.comment ?? '');
  expect(torrent.creationDate).toBe(entry.creation_date ?? undefined);
}

function expectFiles(torrent: Metainfo, expected: readonly ManifestFile[]): void {
  const isContent = (file: { readonly pad?: boolean }): boolean => file.pad !== true;
  const found = torrent.files.map((file) => describeFile(torrent, file));
  const content = expected.filter(isContent);
  expect(found.filter(isContent)).toEqual(content.map((file) => ({ ...file, before_rename: undefined })));
  expect(torrent.length).toBe(content.reduce((sum, file) => sum + file.size, 0));
  // The oracle lists padding in v2 torrents too, though BEP 52 has none; in hybrids it may list it before empty files.
  const padding = torrent.version === 'v2' ? [] : expected.filter((file) => !isContent(file));
  expect(found.filter((file) => !isContent(file))).toEqual(padding);
}

/** Long lists are in the manifest as a digest only. */
function expectFileDigest(torrent: Metainfo, entry: ManifestEntry): void {
  const lines = torrent.files.map((file) => `${file.path.join('/')}\t${String(file.length)}`);
  expect(torrent.files).toHaveLength(entry.num_files ?? 0);
  expect(toHex(digests.sha256(utf8Encode(lines.join('\n'))))).toBe(entry.files_sha256);
}

function describeFile(torrent: Metainfo, file: FileEntry): ManifestFile {
  return {
    path: file.path.join('/'),
    size: file.length,
    ...(file.pad ? { pad: true } : {}),
    ...(file.executable ? { exec: true } : {}),
    ...(file.piecesRoot === undefined ? {} : { root: toHex(file.piecesRoot) }),
    ...(file.symlink === undefined ? {} : { symlink: [torrent.name, ...file.symlink].join('/') }),
  };
}
