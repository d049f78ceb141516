// Which block that was asked of one peer is worth asking of another as well: in the endgame, and for pieces that would
// miss their deadline. The first to deliver wins, the other is sent a cancel.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Millis } from '../time.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';

/** A block is asked of a second peer that should deliver it this much sooner. */
const STEAL_GAIN = 0.6;

/**
 * The block that is expected last of those that pass, asked of one other peer, and to be had from this one clearly
 * sooner. `test` gets the piece and in how many milliseconds the block is expected.
 */
export function findSlowest(
  context: SwarmContext,
  peer: Peer,
  test: (piece: number, expectedMs: Millis) => boolean,
): number | undefined {
  const { content, now } = context;
  if (content === undefined) return undefined;
  let worst = timeToServe(peer, peer.outstanding.size + 1, now) / STEAL_GAIN;
  let found: number | undefined;
  for (const other of context.peers.values()) {
    if (other === peer) continue;
    let place = 0;
    for (const blockId of other.outstanding.keys()) {
      place++;
      const expected = timeToServe(other, place, now);
      if (expected <= worst || !mayShare(content, peer, blockId)) continue;
      if (!test(content.pieceOf(blockId), expected)) continue;
      worst = expected;
      found = blockId;
    }
  }
  return found;
}

function mayShare(content: Content, peer: Peer, blockId: number): boolean {
  const piece = content.pieceOf(blockId);
  const active = content.active.get(piece);
  if (active === undefined || active.exclusive !== undefined || peer.has?.has(piece) !== true) return false;
  if (peer.choked && !peer.allowedFast.has(piece)) return false;
  return active.requesters(content.blockOf(blockId)).length === 1;
}

/** When the peer should have delivered its next `blocks` blocks, by its rate of the last second. */
function timeToServe(peer: Peer, blocks: number, now: Millis): Millis {
  const rate = Math.max(peer.pipeline.rate(now), 1024);
  return (blocks * BLOCK_LENGTH * 1000) / rate;
}
