// The content of a v1 info dictionary: `length` or `files`, and the piece hashes (BEP 3, BEP 47).
import { dictOf, getBytes, getList } from '../bencode/fields.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import { LIMITS } from '../limits.ts';
import { readFile, readPath } from './raw-file.ts';
import type { RawFile } from './raw-file.ts';
import { refuse } from './refuse.ts';

/** Bytes of a SHA-1 hash. */
const PIECE_HASH_LENGTH = 20;

export interface V1Content {
  readonly files: readonly RawFile[];
  readonly isSingleFile: boolean;
}

/** Reads the files; `name` is the path of a single file. BEP 3: `length` or `files`, not both and not neither. */
export function readV1Files(info: BencodeDict, name: string): V1Content {
  if (info.has('length') === info.has('files')) {
    refuse('METAINFO_NO_FILES', 'an info dictionary has either "length" or "files" (BEP 3)');
  }
  if (info.has('length')) return { files: [readFile(info, [name])], isSingleFile: true };
  const list = getList(info, 'files');
  if (list === undefined || list.length === 0) {
    return refuse('METAINFO_NO_FILES', '"files" is no list, or an empty one (BEP 3)');
  }
  if (list.length > LIMITS.torrentFiles.value) refuse('METAINFO_TOO_MANY_FILES', 'too many files');
  const files = list.map((entry) => {
    const dict = dictOf(entry);
    return dict === undefined ? refuse('METAINFO_BAD_FILE', 'a file is no dictionary') : readV1File(dict);
  });
  return { files, isSingleFile: false };
}

/** The hashes, checked to be as many as the content has pieces. */
export function readPieceHashes(info: BencodeDict, pieceCount: number): Uint8Array {
  const hashes = getBytes(info, 'pieces');
  if (hashes?.length !== pieceCount * PIECE_HASH_LENGTH) {
    return refuse('METAINFO_BAD_PIECES', `"pieces" does not hold ${String(pieceCount)} hashes (BEP 3)`);
  }
  return hashes;
}

function readV1File(dict: BencodeDict): RawFile {
  const list = getList(dict, 'path.utf-8') ?? getList(dict, 'path');
  const path = list === undefined ? [] : readPath(list);
  const file = readFile(dict, path);
  if (path.length > 0) return file;
  // BEP 47: the path of a padding file may be missing. BEP 3: any other empty path is an error.
  if (!file.attributes.includes('p')) refuse('METAINFO_BAD_PATH', 'a file has no path (BEP 3)');
  return { ...file, path: ['.pad', String(file.length)] };
}
