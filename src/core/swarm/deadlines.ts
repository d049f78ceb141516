// Pieces that somebody waits for by a time: a player, a reader of a file that is not whole. They go before all others,
// most urgent first; peers too slow to be in time leave them to quicker ones.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Millis } from '../time.ts';
import type { ActivePiece } from './active-piece.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { PieceDeadline } from './inputs.ts';
import type { Peer } from './peers.ts';

/** A peer that would be late leaves an urgent piece to others that are this many times as quick. */
const QUICKER = 2;

export class Deadlines {
  readonly #context: SwarmContext;
  /** Most urgent first. */
  #list: readonly PieceDeadline[] = [];
  #times: ReadonlyMap<number, Millis> = new Map();

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** Takes the place of all earlier ones. Of several for one piece the earliest counts. */
  set(deadlines: readonly PieceDeadline[]): void {
    this.#replace([...deadlines].sort((a, b) => a.at - b.at));
  }

  /** The most urgent piece that this peer shall send blocks of; `open` makes a missing one active. */
  next(
    content: Content,
    peer: Peer,
    rules: {
      readonly mayAsk: (piece: number) => boolean;
      readonly open: (piece: number) => ActivePiece | undefined;
    },
  ): ActivePiece | undefined {
    for (const { piece, at } of this.#lacking(content)) {
      const active = content.active.get(piece);
      if (active === undefined ? !content.isMissing(piece) : active.open === 0) continue;
      if (active?.exclusive !== undefined && active.exclusive !== peer.key) continue;
      if (!rules.mayAsk(piece) || this.#isTooSlow(peer, piece, at)) continue;
      return active ?? rules.open(piece);
    }
    return undefined;
  }

  /** True if the piece has a deadline and what comes in `expectedMs` is too late for it. */
  isLate(piece: number, expectedMs: Millis): boolean {
    const at = this.#times.get(piece);
    return at !== undefined && this.#context.now + expectedMs > at;
  }

  #lacking(content: Content): readonly PieceDeadline[] {
    const isLacking = ({ piece }: PieceDeadline): boolean => content.pieces.isLacking(piece);
    if (!this.#list.every(isLacking)) this.#replace(this.#list.filter(isLacking));
    return this.#list;
  }

  #replace(list: readonly PieceDeadline[]): void {
    this.#list = list;
    this.#times = new Map([...list].reverse().map(({ piece, at }) => [piece, at]));
  }

  #isTooSlow(peer: Peer, piece: number, at: Millis): boolean {
    const { now } = this.#context;
    const rate = peer.pipeline.rate(now);
    const expectedMs = ((peer.outstanding.size + 1) * BLOCK_LENGTH * 1000) / Math.max(rate, 1);
    // One of which nothing is known yet may be quick.
    if (peer.down.total === 0 || now + expectedMs <= at) return false;
    for (const other of this.#context.peers.values()) {
      if (other.choked || other.snubbed || other.gone || other.has?.has(piece) !== true) continue;
      if (other.pipeline.rate(now) > rate * QUICKER) return true;
    }
    return false;
  }
}
