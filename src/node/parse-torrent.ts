// Reads a .torrent with the digests of node:crypto.
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent as parse } from '../core/metainfo/parse.ts';
import { nodeDigests } from './digests.ts';

/**
 * The content of a .torrent file, v1, v2 or hybrid. Throws ProtocolError for what is none.
 * @example
 * const { name, length, files } = parseTorrent(await readFile('film.torrent'));
 */
export function parseTorrent(bytes: Uint8Array): Metainfo {
  return parse(bytes, nodeDigests);
}
