// The info dictionary, bytes to `Info`: the part of a torrent that its info hash covers.
// v1 (BEP 3), v2 and hybrid (BEP 52). A hybrid is taken only if both halves describe the same content.
import type { BencodeDict } from '../bencode/decode.ts';
import { getBytes, getInt, getText } from '../bencode/fields.ts';
import { toHex, utf8Decode, utf8Encode } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { toInfoHash, toInfoHashV2 } from '../ids.ts';
import type { InfoHash, InfoHashV2 } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { readFileTree } from './file-tree.ts';
import type { V2Content } from './file-tree.ts';
import { BLOCK_LENGTH } from './geometry.ts';
import type { FileEntry, Info, MetainfoVersion } from './metainfo.ts';
import { renameTwins, sanitizeName, sanitizePath } from './paths.ts';
import type { PathRules } from './paths.ts';
import type { RawFile } from './raw-file.ts';
import { refuse } from './refuse.ts';
import { layOut, mergeHybrid } from './stream.ts';
import type { Placed, Stream } from './stream.ts';
import { readPieceHashes, readV1Files } from './v1-files.ts';

/** Reads a decoded info dictionary; `bytes` are its raw form. What is odd but harmless goes to `warnings`. */
export function readInfo(
  source: { readonly dict: BencodeDict; readonly bytes: Uint8Array; readonly rules: PathRules },
  digests: Digests,
  warnings: string[],
): Info {
  const { dict, bytes, rules } = source;
  const version = readVersion(dict);
  const pieceLength = readPieceLength(dict, version);
  const rawName = readName(dict);
  const content = readContent(dict, { version, pieceLength, rawName });
  const infoHash = version === 'v2' ? undefined : toInfoHash(digests.sha1(bytes));
  const infoHashV2 = version === 'v1' ? undefined : toInfoHashV2(digests.sha256(bytes));
  const name = sanitizeName(rawName, rules.names) ?? nameless(infoHash, infoHashV2);
  const root = content.isSingleFile ? undefined : name;
  return {
    version,
    infoHash,
    infoHashV2,
    name,
    pieceLength,
    pieceCount: content.pieceCount,
    length: content.length,
    files: nameFiles(content.placed, { root, rules, warnings }),
    isSingleFile: content.isSingleFile,
    private: getInt(dict, 'private') === 1,
    source: getText(dict, 'source'),
    pieceHashes: version === 'v2' ? undefined : readPieceHashes(dict, content.pieceCount),
    infoBytes: bytes,
  };
}

/** BEP 52: the version is looked at before anything else, so that newer torrents are named as what they are. */
function readVersion(dict: BencodeDict): MetainfoVersion {
  if (!dict.has('meta version')) return 'v1';
  const version = getInt(dict, 'meta version');
  if (version === undefined || version < 2)
    return refuse('METAINFO_BAD_VERSION', 'no such meta version (BEP 52)');
  if (version > 2)
    return refuse('METAINFO_NEWER_VERSION', `meta version ${String(version)} is newer than this program`);
  return dict.has('pieces') ? 'hybrid' : 'v2';
}

function readPieceLength(dict: BencodeDict, version: MetainfoVersion): number {
  const length = getInt(dict, 'piece length');
  if (length === undefined || length <= 0 || length > LIMITS.pieceLengthBytes.value) {
    return refuse('METAINFO_BAD_PIECE_LENGTH', 'the piece length is missing or out of range (BEP 3)');
  }
  // BEP 52: a power of two and at least 16 KiB.
  if (version !== 'v1' && (length < BLOCK_LENGTH || !Number.isInteger(Math.log2(length)))) {
    return refuse('METAINFO_BAD_PIECE_LENGTH', 'a v2 piece length is a power of two from 16 KiB up (BEP 52)');
  }
  return length;
}

function readName(dict: BencodeDict): string {
  const name = getBytes(dict, 'name.utf-8') ?? getBytes(dict, 'name');
  return name === undefined
    ? refuse('METAINFO_NO_NAME', 'the torrent has no name (BEP 3)')
    : utf8Decode(name);
}

function nameless(infoHash: InfoHash | undefined, infoHashV2: InfoHashV2 | undefined): string {
  return toHex(infoHash ?? infoHashV2 ?? new Uint8Array());
}

interface Content extends Stream {
  readonly isSingleFile: boolean;
}

function readContent(
  dict: BencodeDict,
  head: { readonly version: MetainfoVersion; readonly pieceLength: number; readonly rawName: string },
): Content {
  const tree: V2Content | undefined = head.version === 'v1' ? undefined : readFileTree(dict);
  const v2 =
    tree === undefined ? undefined : layOut(tree.files, { pieceLength: head.pieceLength, aligned: true });
  if (tree !== undefined && v2 !== undefined && head.version === 'v2') {
    return { ...v2, isSingleFile: tree.isSingleFile };
  }
  const list = readV1Files(dict, head.rawName);
  const v1 = layOut(list.files, { pieceLength: head.pieceLength, aligned: false });
  return { ...(v2 === undefined ? v1 : mergeHybrid(v1, v2)), isSingleFile: list.isSingleFile };
}

/** Safe paths, each one of its own, and what else `FileEntry` says. */
function nameFiles(
  placed: readonly Placed[],
  naming: { readonly root: string | undefined; readonly rules: PathRules; readonly warnings: string[] },
): FileEntry[] {
  const { root, rules, warnings } = naming;
  const front = root === undefined ? [] : [root];
  const paths = placed.map(({ file }) => [...front, ...sanitizePath(file.path, rules.names)]);
  const kept = paths.filter((_, index) => !isPad(placed[index]?.file));
  const renamed = renameTwins(kept, rules.foldCase);
  if (renamed > 0) warnings.push(`${String(renamed)} files renamed: others had the same path`);
  return placed.map(({ file, offset }, index) => {
    const path = paths[index] ?? [];
    checkLength(path);
    return {
      path,
      length: file.length,
      offset,
      pad: isPad(file),
      executable: file.attributes.includes('x'),
      hidden: file.attributes.includes('h'),
      symlink: file.symlink === undefined ? undefined : sanitizePath(file.symlink, rules.names),
      piecesRoot: file.piecesRoot,
    };
  });
}

function checkLength(path: readonly string[]): void {
  // A UTF-16 unit takes at most three bytes: almost no path needs to be encoded to know.
  const units = path.reduce((sum, element) => sum + element.length + 1, 0);
  if (units * 3 <= LIMITS.pathBytes.value) return;
  if (utf8Encode(path.join('/')).length > LIMITS.pathBytes.value) {
    refuse('METAINFO_PATH_TOO_LONG', 'a path is too long for common file systems');
  }
}

function isPad(file: RawFile | undefined): boolean {
  return file?.attributes.includes('p') === true;
}
