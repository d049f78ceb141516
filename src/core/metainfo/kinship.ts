// BEP 38: what a .torrent says of others that share files with it, inside its info dictionary or beside it.
import { decodeBencodeDict, type BencodeDict } from '../bencode/decode.ts';
import { dictOf, getList } from '../bencode/fields.ts';

/** A torrent needs few; each is looked up on disk. */
const MAX_SIMILAR = 32;

/** Info hashes of 20 or 32 bytes, of torrents that may share files with this one. */
export function similarTorrents(bytes: Uint8Array): Uint8Array[] {
  const { dict } = decodeBencodeDict(bytes, { canonical: false });
  const info = dictOf(dict.get('info'));
  return [...hashesIn(dict), ...(info === undefined ? [] : hashesIn(info))].slice(0, MAX_SIMILAR);
}

function hashesIn(dict: BencodeDict): Uint8Array[] {
  return (getList(dict, 'similar') ?? []).filter(
    (hash): hash is Uint8Array => hash instanceof Uint8Array && (hash.length === 20 || hash.length === 32),
  );
}
