// Changes fields of a .torrent and leaves every other byte as it is, unknown keys and a non-canonical info dictionary
// included. Law: the info dictionary is written anew only if a field inside it really changes.
import { decodeBencodeDict, type BencodeDict, type BencodeValue } from '../bencode/decode.ts';
import { encodeBencode, type Encodable } from '../bencode/encode.ts';
import { dictOf } from '../bencode/fields.ts';
import { concatBytes, equalBytes, latin1Encode, utf8Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { outerFields, type InfoFields, type OuterFields } from './build.ts';

/** New values; a field left out stays as it is, and null takes it away. */
export type TorrentChanges = {
  readonly [K in keyof (InfoFields & OuterFields)]?:
    NonNullable<(InfoFields & OuterFields)[K]> | null | undefined;
};

/** The keys in which a field is written; all of them are replaced together. */
const OUTER_KEYS = {
  trackers: ['announce', 'announce-list'],
  webSeeds: ['url-list'],
  nodes: ['nodes'],
  comment: ['comment', 'comment.utf-8'],
  createdBy: ['created by'],
  creationDate: ['creation date'],
  similar: ['similar'],
  collections: ['collections'],
} as const satisfies Record<keyof OuterFields, readonly string[]>;

/**
 * The bytes of the changed .torrent. Throws ProtocolError BENCODE_* or METAINFO_NO_INFO for what is none.
 *
 * @example
 * const edited = editTorrent(bytes, { comment: 'new', creationDate: null, trackers: [['https://t.example/']] });
 */
export function editTorrent(bytes: Uint8Array, changes: TorrentChanges): Uint8Array {
  const { dict, raw } = decodeBencodeDict(bytes, { canonical: false });
  const info = dictOf(dict.get('info'));
  const infoBytes = raw.get('info');
  if (info === undefined || infoBytes === undefined) {
    throw new ProtocolError('METAINFO_NO_INFO', 'the file has no info dictionary (BEP 3)');
  }
  const members = new Map(raw);
  for (const field of fieldsOf(OUTER_KEYS)) {
    const value = changes[field];
    if (value === undefined) continue;
    const written = outerFields({ [field]: value ?? undefined });
    for (const key of OUTER_KEYS[field]) replace(members, key, written[key]);
  }
  members.set('info', editInfo(info, infoBytes, changes));
  return isSameDict(members, raw) ? bytes : encodeMembers(members);
}

function isSameDict(a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean {
  return (
    a.size === b.size && [...a].every(([key, value]) => equalBytes(value, b.get(key) ?? new Uint8Array()))
  );
}

function editInfo(info: BencodeDict, bytes: Uint8Array, changes: TorrentChanges): Uint8Array {
  const edited = new Map<string, BencodeValue>(info);
  if (changes.private !== undefined)
    setOrDelete(edited, 'private', changes.private === null ? null : Number(changes.private));
  for (const [key, text] of [
    ['source', changes.source] as const,
    ['update-url', changes.updateUrl] as const,
  ]) {
    if (text !== undefined) setOrDelete(edited, key, text === null ? null : utf8Encode(text));
  }
  const isSame =
    edited.size === info.size && [...edited].every(([key, value]) => isSameValue(value, info.get(key)));
  return isSame ? bytes : encodeBencode(edited);
}

function setOrDelete(dict: Map<string, BencodeValue>, key: string, value: BencodeValue | null): void {
  if (value === null) dict.delete(key);
  else dict.set(key, value);
}

/** Values that were not touched are the same object; texts and numbers may have been set to what they were. */
function isSameValue(a: BencodeValue, b: BencodeValue | undefined): boolean {
  return a === b || (a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b));
}

function replace(members: Map<string, Uint8Array>, key: string, value: Encodable | undefined): void {
  if (value === undefined) members.delete(key);
  else members.set(key, encodeBencode(value));
}

/** A dictionary of members that are encoded already. */
export function encodeMembers(members: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = sorted.flatMap(([key, value]) => [encodeBencode(latin1Encode(key)), value]);
  return concatBytes([latin1Encode('d'), ...parts, latin1Encode('e')]);
}

function fieldsOf(table: typeof OUTER_KEYS): (keyof typeof OUTER_KEYS)[] {
  return Object.keys(table) as (keyof typeof OUTER_KEYS)[];
}
