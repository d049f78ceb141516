// The allowed fast set (BEP 6): pieces that a choked peer may have all the same, fixed by its address.
import { parseIp } from '../address.ts';
import type { Digests } from '../digests.ts';
import type { InfoHash } from '../ids.ts';
import { readU32 } from './decode.ts';

/** How many pieces of it to give a peer (BEP 6). */
export const FAST_SET_SIZE = 10;

export interface FastSetTorrent {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
}

/**
 * At most `size` distinct pieces for the peer at `ip`, in the order in which BEP 6 finds them. Empty for IPv6, for
 * which BEP 6 says nothing. Small torrents: all pieces.
 */
export function allowedFastSet(
  { infoHash, pieceCount }: FastSetTorrent,
  ip: string,
  { sha1, size = FAST_SET_SIZE }: { readonly sha1: Digests['sha1']; readonly size?: number },
): readonly number[] {
  const address = parseIp(ip);
  if (address?.length !== 4) return [];
  const wanted = Math.min(size, pieceCount);
  // BEP 6 (1)-(2): the same set for a whole /24, so that more addresses of one network win nothing.
  let x: Uint8Array = new Uint8Array(24);
  x.set(address.subarray(0, 3));
  x.set(infoHash, 4);
  const pieces = new Set<number>();
  while (pieces.size < wanted) {
    x = sha1(x);
    for (let at = 0; at < 20 && pieces.size < wanted; at += 4) pieces.add(readU32(x, at) % pieceCount);
  }
  return [...pieces];
}
