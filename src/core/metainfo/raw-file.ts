// A file as the torrent names it, before its path is made safe: what v1 lists and v2 trees have in common.
import { getBytes, getInt, getList, getText } from '../bencode/fields.ts';
import { utf8Decode } from '../bytes/bytes.ts';
import type { BencodeDict, BencodeValue } from '../bencode/decode.ts';
import { LIMITS } from '../limits.ts';
import { refuse } from './refuse.ts';

export interface RawFile {
  /** Elements below the root folder, as text but not sanitised. */
  readonly path: readonly string[];
  readonly length: number;
  /** BEP 47 attributes, one letter each. */
  readonly attributes: string;
  readonly symlink: readonly string[] | undefined;
  readonly piecesRoot: Uint8Array | undefined;
}

/** The parts of a file that both formats share; the length of a symlink may be missing (BEP 47). */
export function readFile(dict: BencodeDict, path: readonly string[]): RawFile {
  const attributes = getText(dict, 'attr') ?? '';
  const isLink = attributes.includes('l');
  const length = isLink && !dict.has('length') ? 0 : getInt(dict, 'length');
  if (length === undefined || length < 0) {
    return refuse('METAINFO_BAD_LENGTH', 'a file length is missing, negative or no integer (BEP 3)');
  }
  const target = isLink && length === 0 ? getList(dict, 'symlink path') : undefined;
  return {
    path,
    length,
    attributes,
    symlink: target === undefined ? undefined : readPath(target),
    piecesRoot: getBytes(dict, 'pieces root'),
  };
}

/** A list of strings as path elements. */
export function readPath(list: readonly BencodeValue[]): string[] {
  if (list.length > LIMITS.pathDepth.value) refuse('METAINFO_PATH_TOO_DEEP', 'a path has too many elements');
  return list.map((element) => {
    if (!(element instanceof Uint8Array)) {
      return refuse('METAINFO_BAD_PATH', 'a path element is not a string (BEP 3)');
    }
    return utf8Decode(element);
  });
}
