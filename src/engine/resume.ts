// What outlives a process for one torrent: which pieces are on disk, and how the files looked when that was true.
// Law: on any doubt the file is as good as absent, and the content is hashed again.
import { decodeBencode, type BencodeValue } from '../core/bencode/decode.ts';
import { encodeBencode } from '../core/bencode/encode.ts';
import { dictOf, getBytes, getInt, getList, getText } from '../core/bencode/fields.ts';
import { concatBytes, fromHex, toHex, utf8Encode } from '../core/bytes/bytes.ts';
import type { Digests } from '../core/digests.ts';
import { ProtocolError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import type { StoredFile } from '../ports/storage.ts';

const FORMAT = 1;

export interface ResumeData {
  /** The info dictionary and piece layers of a torrent added by magnet; a .torrent brings its own. */
  readonly info:
    { readonly bytes: Uint8Array; readonly pieceLayers: ReadonlyMap<string, Uint8Array> } | undefined;
  /** In the wire's bit order; undefined before the metainfo was known. */
  readonly have: Uint8Array | undefined;
  /** The files as they were, by index. */
  readonly files: readonly (StoredFile | undefined)[];
  /** The torrent was closed in order: no piece was under way. */
  readonly clean: boolean;
  /** Where the data was only written, not flushed: the host's boot id. After a restart of the host it is in doubt. */
  readonly unflushedSince: string | undefined;
  /** Payload bytes over all sessions. */
  readonly downloaded: number;
  readonly uploaded: number;
}

/** One torrent in one folder has one key. */
export function resumeKey(infoHash: InfoHash, folder: string, digests: Digests): string {
  return toHex(digests.sha1(concatBytes([infoHash, utf8Encode(folder)])));
}

export function encodeResume(data: ResumeData): Uint8Array {
  return encodeBencode({
    format: FORMAT,
    info: data.info?.bytes,
    layers:
      data.info === undefined
        ? undefined
        : [...data.info.pieceLayers].map(([root, layer]) => [fromHex(root), layer]),
    have: data.have,
    files: data.files.map((file) => (file === undefined ? [] : [file.length, Math.floor(file.modifiedMs)])),
    clean: data.clean ? 1 : 0,
    unflushed: data.unflushedSince,
    downloaded: data.downloaded,
    uploaded: data.uploaded,
  });
}

/** Undefined for what is no resume data of this version. */
export function parseResume(bytes: Uint8Array): ResumeData | undefined {
  try {
    const dict = dictOf(decodeBencode(bytes));
    if (dict === undefined || getInt(dict, 'format') !== FORMAT) return undefined;
    const infoBytes = getBytes(dict, 'info');
    return {
      info:
        infoBytes === undefined
          ? undefined
          : { bytes: infoBytes, pieceLayers: parseLayers(getList(dict, 'layers') ?? []) },
      have: getBytes(dict, 'have'),
      files: (getList(dict, 'files') ?? []).map(parseFile),
      clean: getInt(dict, 'clean') === 1,
      unflushedSince: getText(dict, 'unflushed'),
      downloaded: getInt(dict, 'downloaded') ?? 0,
      uploaded: getInt(dict, 'uploaded') ?? 0,
    };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function parseFile(value: BencodeValue): StoredFile | undefined {
  if (!Array.isArray(value)) return undefined;
  const [length, modifiedMs] = value;
  return typeof length === 'number' && typeof modifiedMs === 'number' ? { length, modifiedMs } : undefined;
}

function parseLayers(list: readonly BencodeValue[]): Map<string, Uint8Array> {
  const layers = new Map<string, Uint8Array>();
  for (const pair of list) {
    const [root, layer] = Array.isArray(pair) ? pair : [];
    if (root instanceof Uint8Array && layer instanceof Uint8Array) layers.set(toHex(root), layer);
  }
  return layers;
}
