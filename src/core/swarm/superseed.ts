// Super-seeding (BEP 16): as the only seed of several leechers we show each of them other pieces, so that the first
// copy of everything leaves us once. Work-conserving: pieces are shown as fast as the uplink takes them.
// Invariant: `peer.shown` is undefined for peers that see all we have; else it holds the pieces shown to the peer, and
// `peer.backlog` is the bytes of those that it has not reported to have.
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import { PIECE } from './pieces.ts';
import { RateMeter } from './rate.ts';

/** What is shown and not sent amounts to this much of the uplink's time, or to a piece. */
const BACKLOG_MS = 500;
const LONELY_MS = 1500;
const BUCKET_MS = 250;
const BUCKETS = 8;

export class SuperSeed {
  readonly #context: SwarmContext;
  readonly #rate: RateMeter;
  /** How many peers each piece was shown to. */
  #showings: Uint16Array = new Uint16Array(0);
  /** No piece below was never shown. */
  #cursor = 0;
  #backlog = 0;

  constructor(context: SwarmContext) {
    this.#context = context;
    this.#rate = new RateMeter(context.now, BUCKET_MS, BUCKETS);
  }

  /** A peer came: returns true if it shall not see what we have. */
  arrive(peer: Peer): boolean {
    const content = this.#context.content;
    if (content === undefined || peer.isWebSeed || !this.#isFit(content)) return false;
    if (this.#showings.length !== content.pieces.size) this.#showings = new Uint16Array(content.pieces.size);
    peer.shown = new Set();
    return true;
  }

  leave(peer: Peer): void {
    if (peer.shown === undefined) return;
    this.#backlog -= peer.backlog;
    for (const piece of peer.shown) {
      if (peer.has?.has(piece) === true) continue;
      this.#showings[piece] = Math.max(0, (this.#showings[piece] ?? 0) - 1);
      if (piece < this.#cursor) this.#cursor = piece;
    }
    peer.shown = undefined;
    peer.backlog = 0;
  }

  /** Bytes of a piece go to the peer. One that sees all takes what it likes: it is not shown to others too. */
  sent(peer: Peer, piece: number, bytes: number): void {
    this.#rate.add(bytes, this.#context.now);
    if (peer.shown !== undefined || this.#showings[piece] !== 0) return;
    this.#showings[piece] = 1;
  }

  /** The peer reports a piece. */
  have(peer: Peer, piece: number): void {
    const content = this.#context.content;
    if (content === undefined || peer.shown?.has(piece) !== true) return;
    const size = content.geometry.pieceSize(piece);
    peer.backlog -= size;
    this.#backlog -= size;
    this.showMore();
  }

  /** Shows pieces to the peers that have the least to take, while the backlog is short. */
  showMore(): void {
    const content = this.#context.content;
    if (content === undefined || this.#showings.length === 0) return;
    const { pieceLength } = content.metainfo;
    for (;;) {
      const peer = this.#neediest(pieceLength);
      if (peer === undefined) return;
      const piece = this.#choose(content, peer);
      if (piece < 0) {
        peer.exhausted = true;
        continue;
      }
      this.#show(content, peer, piece);
    }
  }

  /** Ends super-seeding once every piece is seen at some peer, or another seed is there. */
  tick(): void {
    const content = this.#context.content;
    if (content === undefined || this.#showings.length === 0) return;
    if (!this.#isFit(content) || this.#isLonely()) {
      this.#end(content);
      return;
    }
    for (const peer of this.#context.peers.values()) peer.exhausted = false;
    this.showMore();
  }

  /** We have all, nobody else has, and some piece is only with us. */
  #isFit(content: Content): boolean {
    const { options, peers } = this.#context;
    if (options.superSeed === false || content.pieces.count(PIECE.HAVE) < content.pieces.size) return false;
    for (const peer of peers.values()) if (peer.isSeed) return false;
    return content.availability.minimum() === 0;
  }

  /** One peer has been alone for a while: there is nobody to spread pieces to. */
  #isLonely(): boolean {
    const [peer, another] = this.#context.peers.values();
    return peer !== undefined && another === undefined && this.#context.now - peer.connectedAt > LONELY_MS;
  }

  /** The peer with the least to take, of those that have less than half a piece or a moment's worth. */
  #neediest(pieceLength: number): Peer | undefined {
    let best: Peer | undefined;
    for (const peer of this.#context.peers.values()) {
      if (peer.shown === undefined || peer.exhausted || !peer.saidPieces || peer.gone) continue;
      const enough = Math.max(pieceLength * 1.01, (peer.up.perSecond(this.#context.now) * BACKLOG_MS) / 1000);
      if (peer.backlog >= enough) continue;
      if (best === undefined || peer.backlog < best.backlog) best = peer;
    }
    return best;
  }

  /** A piece that was never shown; else one with the fewest copies that the peer lacks. -1 if it has all. */
  #choose(content: Content, peer: Peer): number {
    const { size } = content.pieces;
    while (this.#cursor < size && (this.#showings[this.#cursor] ?? 0) > 0) this.#cursor++;
    for (let piece = this.#cursor; piece < size; piece++) {
      if ((this.#showings[piece] ?? 0) === 0 && content.availability.copies(piece) === 0) return piece;
    }
    if (this.#backlog > 2 * content.metainfo.pieceLength) return -1;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    const start = this.#context.rng.below(size);
    for (let i = 0; i < size; i++) {
      const piece = (start + i) % size;
      if (peer.has?.has(piece) === true || peer.shown?.has(piece) === true) continue;
      const copies = content.availability.copies(piece) * 256 + (this.#showings[piece] ?? 0);
      if (copies >= least) continue;
      best = piece;
      least = copies;
    }
    return best;
  }

  #show(content: Content, peer: Peer, piece: number): void {
    const size = content.geometry.pieceSize(piece);
    peer.shown?.add(piece);
    peer.backlog += size;
    this.#backlog += size;
    this.#showings[piece] = (this.#showings[piece] ?? 0) + 1;
    this.#context.send(peer, { kind: 'have', piece });
  }

  #end(content: Content): void {
    for (const peer of this.#context.peers.values()) {
      const { shown } = peer;
      if (shown === undefined) continue;
      peer.shown = undefined;
      peer.backlog = 0;
      for (let piece = 0; piece < content.pieces.size; piece++) {
        if (!shown.has(piece) && peer.has?.has(piece) !== true)
          this.#context.send(peer, { kind: 'have', piece });
      }
    }
    this.#showings = new Uint16Array(0);
    this.#cursor = 0;
    this.#backlog = 0;
  }
}
