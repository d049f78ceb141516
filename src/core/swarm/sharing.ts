// Which block that was asked of one peer is worth asking of another as well: in the endgame, and for pieces that would
// miss their deadline. The first to deliver wins, the other is sent a cancel.
// Law: a peer delivers in the order of our requests, so what it delivers last is what was asked of it last. Peers are
// kept in the order of when they will be through; who searches begins with the slowest and stops at the first that is
// not clearly slower than itself. The order is made anew every few milliseconds at most, its entries are checked as
// they are met: a search among thousands of blocks looks at a few.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Millis } from '../time.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';

/**
 * A block is asked of a second peer that should deliver it in this share of the time, and is so much quicker on the
 * whole: more is paid for in waste. What counts for the first is the better of its rates, for the second its mean: peers
 * of a crowd serve by turns, and whoever just had its turn looks quicker than who waits for it.
 */
const STEAL_GAIN = 0.3;
/** While no more than this part of all pieces is lacking, who may be sooner is asked at once: little can be wasted. */
const END_SHARE = 64;
/** A peer's turn brings so many blocks (upload-turns.ts): what was silent for a time brings no more in as much time. */
const TURN_BLOCKS = 4;
const FRESH_MS = 20;
/** Blocks that one search looks at: those that the peer has not got would cost others their time. */
const MOST_LOOKS = 1024;

/** What is asked of one peer and of no other. */
interface Slow {
  readonly peer: Peer;
  readonly blockMs: Millis;
  readonly drainedIn: Millis;
  /** Oldest first, and the place of each in the peer's queue; made when somebody looks. */
  blocks: { readonly id: number; readonly place: number }[] | undefined;
}

export class Sharing {
  readonly #context: SwarmContext;
  #slowest: Slow[] = [];
  #madeAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /**
   * The block that is expected last of those that pass, asked of one other peer, and to be had from this one clearly
   * sooner. `test` gets the piece and in how many milliseconds the block is expected.
   */
  findSlowest(peer: Peer, test: (piece: number, expectedMs: Millis) => boolean): number | undefined {
    const { content, now } = this.#context;
    if (content === undefined) return undefined;
    if (now - this.#madeAt >= FRESH_MS) this.#make();
    const isEnd = content.pieces.lacking * END_SHARE <= content.pieces.size;
    const rate = isEnd ? peer.pipeline.expectedRate(now) : peer.down.perSecond(now);
    const own = blockMs(rate) / STEAL_GAIN;
    let worst = (peer.outstanding.size + 1) * own;
    let found: number | undefined;
    let looks = MOST_LOOKS;
    for (const slow of this.#slowest) {
      if (slow.drainedIn <= worst || looks <= 0) break;
      if (slow.peer === peer || (!isEnd && slow.blockMs <= own)) continue;
      const blocks = this.#blocksOf(content, slow);
      for (let at = blocks.length - 1; at >= 0 && looks-- > 0; at--) {
        const { id, place } = blocks[at] ?? { id: -1, place: 0 };
        const expected = place * slow.blockMs;
        if (expected <= worst) break;
        if (!isAskedOnce(content, slow.peer, id)) {
          if (at === blocks.length - 1) blocks.pop();
          continue;
        }
        const piece = content.pieceOf(id);
        if (!mayAsk(peer, piece) || !test(piece, expected)) continue;
        worst = expected;
        found = id;
        break;
      }
    }
    return found;
  }

  #make(): void {
    const { now, peers } = this.#context;
    this.#madeAt = now;
    this.#slowest = [];
    for (const peer of peers.values()) {
      const { size } = peer.outstanding;
      if (size === 0) continue;
      const atBest = blockMs(Math.max(peer.pipeline.expectedRate(now), peer.down.perSecond(now)));
      const [oldest = now] = peer.outstanding.values();
      const silentMs = now - Math.max(oldest, peer.lastBlockAt);
      const each = Math.max(atBest, silentMs / TURN_BLOCKS);
      this.#slowest.push({ peer, blockMs: each, drainedIn: size * each, blocks: undefined });
    }
    this.#slowest.sort((a, b) => b.drainedIn - a.drainedIn);
  }

  #blocksOf(content: Content, slow: Slow): NonNullable<Slow['blocks']> {
    if (slow.blocks !== undefined) return slow.blocks;
    slow.blocks = [];
    let place = 0;
    for (const id of slow.peer.outstanding.keys()) {
      place++;
      if (isAskedOnce(content, slow.peer, id)) slow.blocks.push({ id, place });
    }
    return slow.blocks;
  }
}

/** The block is still to come, from this peer alone, and others may send its piece. */
function isAskedOnce(content: Content, peer: Peer, id: number): boolean {
  const active = content.active.get(content.pieceOf(id));
  return active?.exclusive === undefined && active?.isAskedOfNoOther(content.blockOf(id), peer.key) === true;
}

function mayAsk(peer: Peer, piece: number): boolean {
  return peer.has?.has(piece) === true && (!peer.choked || peer.allowedFast.has(piece));
}

/** Between two blocks at a rate; that of a peer that has sent nothing is not nothing. */
function blockMs(rate: number): Millis {
  return (BLOCK_LENGTH * 1000) / Math.max(rate, 1024);
}
