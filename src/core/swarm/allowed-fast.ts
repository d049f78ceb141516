// Pieces for peers that we choke (BEP 6): enough to have something to trade with, the same ones from every peer.
import { truncateInfoHash } from '../ids.ts';
import { FAST_SET_SIZE, allowedFastSet } from '../wire/fast-set.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';

/** In a torrent of few pieces the set would be much of the whole, given away past all choking. */
const MIN_PIECES = 16 * FAST_SET_SIZE;

/** Grants a peer that has just come its set. A super-seed grants nothing: what it shows is all it gives. */
export function grantAllowedFast(context: SwarmContext, peer: Peer): void {
  const { content, options } = context;
  const infoHash = options.infoHash ?? (options.infoHashV2 && truncateInfoHash(options.infoHashV2));
  if (content === undefined || infoHash === undefined || peer.address === undefined) return;
  if (!peer.capabilities.fast || peer.shown !== undefined || content.pieces.size < MIN_PIECES) return;
  const torrent = { infoHash, pieceCount: content.pieces.size };
  for (const piece of allowedFastSet(torrent, peer.address.ip, { sha1: options.digests.sha1 })) {
    if (!content.pieces.has(piece)) continue;
    peer.grantedFast.add(piece);
    context.send(peer, { kind: 'allowed-fast', piece });
  }
}

/** True for a choked peer's request that is served all the same, as long as the peer is a starting one (BEP 6). */
export function isGranted(peer: Peer, piece: number): boolean {
  return peer.grantedFast.has(piece) && (peer.has?.count ?? 0) <= FAST_SET_SIZE;
}
