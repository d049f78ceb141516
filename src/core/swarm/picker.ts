// Which piece to ask a peer for next: pieces with a deadline, the one it is at, other begun ones, then a new one.
// New pieces go by priority, then rarity, ties at random. The state plus the seeded RNG decide; nothing else does.
import type { ActivePiece } from './active-piece.ts';
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import { Deadlines } from './deadlines.ts';
import type { Peer } from './peers.ts';
import { PIECE } from './pieces.ts';

/** A peer that will have asked for the rest of its piece within this time keeps it for itself. */
const KEEP_MS = 250;
/** Pieces tried in order of rarity, and among those that a peer reported lately, before all are. */
const QUICK_LOOKS = 64;
const NEWS_LOOKS = 32;
/** Until we have this many pieces they are picked at random: any piece is good to trade, the quickest is best. */
const RANDOM_PIECES = 2;

export class Picker {
  readonly #context: SwarmContext;
  /** Pieces in flight with open blocks; ones without are dropped as they are met. */
  readonly #partials: Set<ActivePiece> = new Set();
  readonly deadlines: Deadlines;
  /** A piece could not be begun for want of a buffer: none is looked for until the next refill of all. */
  starved = false;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.deadlines = new Deadlines(context);
  }

  /** Blocks of the piece are open again, or for the first time. */
  opened(active: ActivePiece): void {
    this.#partials.add(active);
  }

  /** The piece is not in flight any more. */
  closed(active: ActivePiece): void {
    this.#partials.delete(active);
  }

  /** A piece with an open block for this peer, or undefined. */
  next(peer: Peer): ActivePiece | undefined {
    const content = this.#context.content;
    if (content === undefined || peer.has === undefined) return undefined;
    const urgent = this.deadlines.isEmpty ? undefined : this.#urgent(content, peer);
    if (urgent !== undefined) return urgent;
    const current = peer.current;
    if (current !== undefined && current.open > 0 && this.#mayTake(peer, current)) return current;
    const following = this.#following(content, peer);
    if (following !== undefined) return following;
    const partial = this.#partial(content, peer);
    const fresh = this.#choose(content, peer);
    const copies = (piece: number): number => content.availability.copies(piece);
    if (fresh >= 0 && (partial === undefined || copies(fresh) < copies(partial.index))) {
      peer.current = this.#open(content, peer, fresh) ?? partial ?? this.#partial(content, peer, true);
    } else peer.current = partial ?? this.#partial(content, peer, true);
    return peer.current;
  }

  /** BEP 19: a web server goes on with the piece behind its last one, as it is best asked for long runs. */
  #following(content: Content, peer: Peer): ActivePiece | undefined {
    if (!peer.isWebSeed || peer.current === undefined) return undefined;
    const piece = peer.current.index + 1;
    if (piece >= content.pieces.size || content.pieces.state(piece) !== PIECE.MISSING) return undefined;
    peer.current = this.#open(content, peer, piece) ?? peer.current;
    return peer.current.open > 0 ? peer.current : undefined;
  }

  #urgent(content: Content, peer: Peer): ActivePiece | undefined {
    return this.deadlines.next(content, peer, {
      mayAsk: (piece) => this.#mayAsk(peer, piece),
      open: (piece) => this.#open(content, peer, piece),
    });
  }

  /** The best begun piece: of highest priority, then rarest, then nearest to its end. */
  #partial(content: Content, peer: Peer, evenKept = false): ActivePiece | undefined {
    let best: ActivePiece | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const active of this.#partials) {
      if (active.open === 0) {
        this.#partials.delete(active);
        continue;
      }
      if (!this.#mayAsk(peer, active.index) || !this.#mayTake(peer, active)) continue;
      if (!evenKept && this.#isKept(peer, active)) continue;
      const score = this.#score(content, active.index) * 1e5 - active.open;
      if (score <= bestScore) continue;
      best = active;
      bestScore = score;
    }
    return best;
  }

  #choose(content: Content, peer: Peer): number {
    if (this.starved || content.pieces.count(PIECE.MISSING) === 0) return -1;
    for (const piece of peer.suggested) {
      if (content.pieces.state(piece) !== PIECE.MISSING) peer.suggested.delete(piece);
      else if (this.#mayAsk(peer, piece)) return piece;
    }
    const test = (piece: number): boolean => this.#mayAsk(peer, piece);
    if (this.#context.options.sequential === true) return content.firstMissing(test);
    const { availability } = content;
    if (content.pieces.count(PIECE.HAVE) < RANDOM_PIECES) return availability.findRandom(test);
    const near = peer.barren ? -1 : availability.find(test, QUICK_LOOKS);
    if (near >= 0) return near;
    const reported = this.#fromNews(content, peer);
    if (reported >= 0 || peer.barren) return reported;
    const any = availability.find(test);
    peer.barren = any < 0;
    return any;
  }

  /** A peer with few pieces would have us search the whole order: what it reported lately is nearly all it offers. */
  #fromNews(content: Content, peer: Peer): number {
    const { news } = peer;
    const isMissing = (piece: number | undefined): boolean =>
      piece !== undefined && content.pieces.state(piece) === PIECE.MISSING;
    while (peer.newsAt < news.length && !isMissing(news[peer.newsAt])) peer.newsAt++;
    if (peer.newsAt === news.length) {
      peer.news = [];
      peer.newsAt = 0;
    }
    let best = -1;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const piece of news.slice(peer.newsAt, peer.newsAt + NEWS_LOOKS)) {
      const score = this.#score(content, piece);
      if (score <= bestScore || !isMissing(piece) || !this.#mayAsk(peer, piece)) continue;
      best = piece;
      bestScore = score;
    }
    return best;
  }

  /** Priority first, then rarity. */
  #score(content: Content, piece: number): number {
    return content.priority(piece) * 1e6 - Math.min(content.availability.copies(piece), 1e6 - 1);
  }

  #open(content: Content, peer: Peer, piece: number): ActivePiece | undefined {
    const active = content.open(piece, peer.key);
    if (active === undefined) this.starved = true;
    else this.#partials.add(active);
    return active;
  }

  /** The peer has the piece, and gives it: unchoked, or allowed fast (BEP 6). */
  #mayAsk(peer: Peer, piece: number): boolean {
    return peer.has?.has(piece) === true && (!peer.choked || peer.allowedFast.has(piece));
  }

  #mayTake(peer: Peer, active: ActivePiece): boolean {
    return active.exclusive === undefined || active.exclusive === peer.key;
  }

  /** The peer that opened the piece is quick enough to finish it alone: runs stay whole, blame stays clear. */
  #isKept(peer: Peer, active: ActivePiece): boolean {
    const opener = this.#context.peers.get(active.opener);
    if (opener === undefined || opener === peer || opener.gone) return false;
    if (opener.choked || opener.snubbed || opener.current !== active) return false;
    const rate = opener.pipeline.rate(this.#context.now);
    return active.open * BLOCK_LENGTH * 1000 < rate * KEEP_MS;
  }
}
