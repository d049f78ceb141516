// What a publisher would regret: things that are legal in a .torrent and still keep people from the content.
import { decodeBencodeDict } from '../bencode/decode.ts';
import { dictOf, getInt } from '../bencode/fields.ts';
import { toHex } from '../bytes/bytes.ts';
import type { Metainfo } from './metainfo.ts';
import { sanitizePath } from './paths.ts';
import { isPieceLength } from './piece-length.ts';

export interface LintFinding {
  /** Stable, upper case with underscores. */
  readonly code: string;
  /** One sentence that says what happens and what to do. */
  readonly message: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Larger ones are refused by many indexes and slow to get from a magnet link. */
const LARGE_TORRENT_BYTES = 2 * MIB;
/** Longer ones are refused by some programs. */
const LARGE_PIECE_BYTES = 32 * MIB;
const MANY_PIECES = 20_000;
/** Windows without long paths takes 260 characters, the download folder included. */
const LONG_PATH = 200;
/** Petabytes are a slip of the pen. */
const ABSURD_LENGTH = 2 ** 50;
/** The year 5138 in seconds, 1973 in milliseconds. */
const MILLISECONDS_DATE = 1e11;

/**
 * Findings in a .torrent file and what was read from it, gravest first.
 *
 * @example
 * for (const { code, message } of lintTorrent(bytes, parseTorrent(bytes))) console.log(code, message);
 */
export function lintTorrent(bytes: Uint8Array, metainfo: Metainfo): LintFinding[] {
  return [
    ...lintPeers(metainfo),
    ...lintContent(metainfo),
    ...lintWebSeeds(metainfo),
    ...lintSize(bytes, metainfo),
    ...lintFields(bytes, metainfo),
    ...lintNames(metainfo),
  ];
}

function lintPeers({ trackers, nodes, private: isPrivate, webSeeds }: Metainfo): LintFinding[] {
  const urls = trackers.flat();
  const unknown = urls.filter((url) => !/^(https?|udp|wss?):\/\//i.test(url));
  const spoken = urls.filter((url) => !unknown.includes(url));
  return [
    ...when(
      isPrivate && spoken.length === 0,
      'PRIVATE_NO_TRACKER',
      'private without a tracker: nobody can find a peer',
    ),
    ...when(
      !isPrivate && spoken.length === 0 && nodes.length === 0,
      'NO_TRACKER',
      'no tracker: only clients with DHT find peers, browsers never do; add one with --tracker',
    ),
    ...when(
      isPrivate && nodes.length > 0,
      'PRIVATE_WITH_NODES',
      'private torrents do not use DHT, yet it names nodes',
    ),
    ...when(
      isPrivate && webSeeds.length > 0,
      'PRIVATE_WITH_WEB_SEED',
      'private, but a web seed gives the content to everybody who has the file',
    ),
    ...unknown.map((url) => finding('TRACKER_UNKNOWN', `no client can announce to ${url}`)),
  ];
}

function lintContent(metainfo: Metainfo): LintFinding[] {
  const { version, files, pieceLayers, pieceLength, length } = metainfo;
  const missing = files.filter(
    (file) =>
      file.piecesRoot !== undefined && file.length > pieceLength && !pieceLayers.has(toHex(file.piecesRoot)),
  );
  return [
    ...when(
      missing.length > 0,
      'LAYERS_MISSING',
      `the piece layers of ${String(missing.length)} files are missing: many clients refuse such a file (BEP 52)`,
    ),
    ...when(version === 'v2', 'V2_ONLY', 'v2 alone: older clients cannot open it; a hybrid serves both'),
    ...when(
      length > ABSURD_LENGTH,
      'LENGTH_ABSURD',
      `the files add up to ${String(length)} bytes: is that right?`,
    ),
    ...when(length === 0, 'EMPTY', 'there is no content: no file with a byte in it'),
  ];
}

function lintWebSeeds({ webSeeds, isSingleFile }: Metainfo): LintFinding[] {
  const plain = webSeeds.filter((url) => /^http:/i.test(url));
  const noSlash = isSingleFile ? [] : webSeeds.filter((url) => !url.endsWith('/'));
  return [
    ...plain.map((url) =>
      finding('WEB_SEED_HTTP', `${url} is no https: browsers on https pages refuse to load from it`),
    ),
    ...noSlash.map((url) =>
      finding('WEB_SEED_NO_SLASH', `${url} does not end in a slash, as that of a folder must (BEP 19)`),
    ),
  ];
}

function lintSize(bytes: Uint8Array, { pieceLength, pieceCount, length }: Metainfo): LintFinding[] {
  return [
    ...when(
      bytes.length > LARGE_TORRENT_BYTES,
      'TORRENT_LARGE',
      `the .torrent has ${(bytes.length / MIB).toFixed(1)} MiB: indexes may refuse it; use longer pieces`,
    ),
    ...when(
      !isPieceLength(pieceLength),
      'PIECE_LENGTH_ODD',
      `the piece length of ${String(pieceLength)} is no power of two from 16 KiB on: some clients refuse it`,
    ),
    ...when(
      pieceLength > LARGE_PIECE_BYTES,
      'PIECES_LONG',
      'pieces over 32 MiB: some clients refuse them, and each bad one costs much',
    ),
    ...when(pieceCount > MANY_PIECES, 'PIECES_MANY', `${String(pieceCount)} pieces: use longer ones`),
    ...when(
      pieceCount > 0 && pieceCount < 4 && length > 64 * MIB,
      'PIECES_FEW',
      'so few pieces that peers can hardly share before they have it all; use shorter ones',
    ),
  ];
}

function lintFields(bytes: Uint8Array, { creationDate }: Metainfo): LintFinding[] {
  const info = dictOf(decodeBencodeDict(bytes, { canonical: false }).dict.get('info'));
  return [
    ...when(
      info !== undefined && getInt(info, 'private') === 0,
      'PRIVATE_ZERO',
      'private = 0 does nothing but change the info hash; leave it out',
    ),
    ...when(
      creationDate !== undefined && creationDate >= MILLISECONDS_DATE,
      'DATE_MILLISECONDS',
      'the creation date is in milliseconds; it has to be in seconds',
    ),
  ];
}

function lintNames({ files }: Metainfo): LintFinding[] {
  const paths = files.filter((file) => !file.pad).map((file) => file.path);
  const unportable = paths.filter((path) => sanitizePath(path, 'portable').join('/') !== path.join('/'));
  const long = paths.filter((path) => path.join('/').length > LONG_PATH);
  return [
    ...named('NAME_NOT_PORTABLE', unportable, 'a name that Windows or a browser cannot keep'),
    ...named('PATH_LONG', long, 'a path too long for Windows'),
  ];
}

function named(code: string, paths: readonly (readonly string[])[], what: string): LintFinding[] {
  const first = paths[0]?.join('/');
  if (first === undefined) return [];
  const more = paths.length === 1 ? '' : ` (and ${String(paths.length - 1)} more)`;
  return [finding(code, `${what}: ${first}${more}; rename it`)];
}

function when(condition: boolean, code: string, message: string): LintFinding[] {
  return condition ? [finding(code, message)] : [];
}

function finding(code: string, message: string): LintFinding {
  return { code, message };
}
