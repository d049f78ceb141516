// The content of a v2 info dictionary: the `file tree` (BEP 52), flattened in its own order, which is the stream order.
import { dictOf, getDict } from '../bencode/fields.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import { latin1ToUtf8 } from '../bytes/bytes.ts';
import { LIMITS } from '../limits.ts';
import { HASH_LENGTH } from './merkle.ts';
import { readFile } from './raw-file.ts';
import type { RawFile } from './raw-file.ts';
import { refuse } from './refuse.ts';

export interface V2Content {
  readonly files: readonly RawFile[];
  /** BEP 52: a tree that is one file and no folder. */
  readonly isSingleFile: boolean;
}

/** Flattens the tree. Its depth is bounded by the limit on bencode. */
export function readFileTree(info: BencodeDict): V2Content {
  const tree = getDict(info, 'file tree');
  if (tree === undefined) return refuse('METAINFO_NO_FILES', 'a v2 torrent has no file tree (BEP 52)');
  if (tree.has('')) refuse('METAINFO_BAD_TREE', 'the root of the file tree is a file (BEP 52)');
  const files: RawFile[] = [];
  readFolder(tree, [], files);
  if (files.length === 0) refuse('METAINFO_NO_FILES', 'the file tree has no files');
  return { files, isSingleFile: files.length === 1 && files[0]?.path.length === 1 };
}

function readFolder(folder: BencodeDict, path: readonly string[], files: RawFile[]): void {
  let last = '';
  for (const [key, value] of folder) {
    // The order of the tree is the order of the stream: unsorted, two readers could see different content.
    if (key < last) refuse('METAINFO_BAD_TREE', 'the file tree is not sorted (BEP 52)');
    last = key;
    if (key === '') continue;
    const entry = dictOf(value);
    if (entry === undefined) return refuse('METAINFO_BAD_TREE', 'an entry of the file tree is no dictionary');
    readEntry(entry, [...path, latin1ToUtf8(key)], files);
  }
}

/** An entry with a zero-length key is a file, which that key describes; else it is a folder (BEP 52). */
function readEntry(entry: BencodeDict, path: readonly string[], files: RawFile[]): void {
  const properties = getDict(entry, '');
  if (entry.has('') && properties === undefined)
    refuse('METAINFO_BAD_TREE', 'file properties are no dictionary');
  if (properties === undefined) {
    readFolder(entry, path, files);
    return;
  }
  if (entry.size > 1) refuse('METAINFO_BAD_TREE', 'a file has siblings under its own name (BEP 52)');
  if (files.length >= LIMITS.torrentFiles.value) refuse('METAINFO_TOO_MANY_FILES', 'too many files');
  const file = readFile(properties, path);
  if (file.attributes.includes('p')) refuse('METAINFO_BAD_FILE', 'v2 aligns files without padding (BEP 52)');
  checkRoot(file);
  files.push(file);
}

function checkRoot(file: RawFile): void {
  const root = file.piecesRoot;
  if (file.length === 0) {
    if (root !== undefined) refuse('METAINFO_BAD_ROOT', 'an empty file has a pieces root (BEP 52)');
    return;
  }
  if (root?.length !== HASH_LENGTH) {
    return refuse('METAINFO_BAD_ROOT', 'a file has no pieces root of 32 bytes (BEP 52)');
  }
  if (root.every((byte) => byte === 0)) refuse('METAINFO_BAD_ROOT', 'a pieces root is all zeros');
}
