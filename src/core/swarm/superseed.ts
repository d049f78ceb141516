// Super-seeding (BEP 16): as the only seed of several leechers we show each of them other pieces, so that the first
// copy of everything leaves us once. Work-conserving: pieces are shown as fast as the uplink takes them.
// Invariant: `peer.shown` is undefined for peers that see all we have; else it holds the pieces shown to the peer.
// `peer.pending` are those of them that are promised to it: it has neither reported nor failed to take them.
// `peer.backlog` is their bytes, and `#promises` counts, for each piece, the peers that it is promised to.
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import { PIECE } from './pieces.ts';
import { RateMeter } from './rate.ts';

/** What a peer is shown ahead of its reports: what it took in this much time, at least a piece and the next. */
const AHEAD_MS = 500;
const AHEAD_PIECES = 1.01;
/**
 * What is shown and no transport has taken: as much as the uplink takes in this time, and some pieces. Enough that it
 * never idles, little enough that pieces go out at full speed and are passed on: to all at once, all would wait.
 */
const OWED_MS = 200;
const OWED_PIECES = 2;
/** With less to take than in this time, and a piece, the uplink all but idles: what others have is better than nothing. */
const IDLE_MS = 50;
/** The kernel takes much at once, so what peers have not reported is bounded too: what they report in this time. */
const UNREPORTED_MS = 600;
const UNREPORTED_PIECES = 4;
const BUCKET_MS = 100;
const BUCKETS = 10;
/** A lone peer is shown everything after this time: there is nobody to spread pieces to. */
const LONELY_MS = 1500;
/** Who has nothing may say nothing (BEP 3): so long we wait to hear what a peer has. */
const SILENT_MS = 500;
/** Who took nothing for so long is slow, or gone: others need not wait. */
const SLOW_MS = 1000;
/**
 * A peer that has not taken a piece yet is asked for by so many bytes at a time, and has so long to ask: peers that
 * want nothing may come by the hundred. As many as want nothing may be tried besides.
 */
const TRIAL_MS = 250;
const MOST_TRIALS = 64;
/** Who does not report its first piece in the time in which the uplink sends so many has failed too. */
const PATIENT_PIECES = 3;
/** So many wait for a slot, at least: what they were shown is shown to nobody else. */
const TEMPTED = 8;
/** A peer that takes nothing of what it was shown for this long is not waited for. */
const STALLED_MS = 10_000;
/** A peer that lacks what it was shown and does not want it wants some files only: it chooses among all we have. */
const UNWANTED_MS = 1500;

export class SuperSeed {
  readonly #context: SwarmContext;
  /** To how many peers each piece is promised; empty while we do not super-seed. */
  #promises: Uint16Array = new Uint16Array(0);
  /** All pieces below were out at the last tick, or later. */
  #cursor = 0;
  /** The last piece was shown to a peer that had taken one before. */
  #wasProven = false;
  /** What transports took, and what peers reported of what they were shown. */
  readonly #taken: RateMeter = new RateMeter(0, BUCKET_MS, BUCKETS);
  readonly #reported: RateMeter = new RateMeter(0, BUCKET_MS, BUCKETS);

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** A peer came: returns true if it shall not see what we have. */
  arrive(peer: Peer): boolean {
    const content = this.#context.content;
    if (content === undefined || peer.isWebSeed || !this.#isFit(content)) return false;
    if (this.#promises.length !== content.pieces.size) this.#promises = new Uint16Array(content.pieces.size);
    peer.shown = new Set();
    return true;
  }

  leave(peer: Peer): void {
    this.#takeBack(peer);
    peer.shown = undefined;
  }

  /** Bytes of a piece go to the peer. */
  sent(peer: Peer): void {
    peer.tookAt = this.#context.now;
    peer.isIndifferent = false;
  }

  /** The transport took bytes. */
  taken(peer: Peer, bytes: number): void {
    if (this.#promises.length === 0) return;
    peer.owed = Math.max(0, peer.owed - bytes);
    this.#taken.add(bytes, this.#context.now);
    this.showMore();
  }

  /** The peer reports a piece. */
  have(peer: Peer, piece: number): void {
    const content = this.#context.content;
    if (content === undefined || peer.shown?.has(piece) !== true) return;
    const bytes = content.geometry.pieceSize(piece);
    if (peer.pending.delete(piece)) {
      peer.backlog -= bytes;
      this.#withdraw(piece);
    }
    // What it says to have without our help is not to come from us either.
    peer.owed = Math.min(peer.owed, peer.backlog);
    this.#reported.add(bytes, this.#context.now);
    peer.tookAt = this.#context.now;
    peer.isProven ||= peer.up.total > 0;
    peer.isIndifferent = false;
    if (this.#cursor >= content.pieces.size && !this.#isFit(content)) this.#end(content);
    else this.showMore();
  }

  /** Shows pieces to the peers that have the least to take. */
  showMore(): void {
    const content = this.#context.content;
    if (content === undefined || this.#promises.length === 0) return;
    const room = this.#room(content);
    while (room.proven > 0 || room.trial > 0) {
      const peer = this.#neediest(content, room);
      if (peer === undefined) return;
      const piece = this.#choose(content, peer, room);
      if (piece < 0) {
        (room.passed ??= new Set()).add(peer);
        continue;
      }
      const bytes = this.#show(content, peer, piece);
      room.proven -= bytes;
      room.trial -= bytes;
    }
  }

  /** Bytes that may be shown now. */
  #room(content: Content): Room {
    const { now, peers, slots } = this.#context;
    const { pieceLength } = content.metainfo;
    const taken = this.#taken.perSecond(now);
    const owed = (taken * OWED_MS) / 1000 + OWED_PIECES * pieceLength;
    let unreported = (this.#reported.perSecond(now) * UNREPORTED_MS) / 1000 + UNREPORTED_PIECES * pieceLength;
    const patience = Math.max(SLOW_MS, (PATIENT_PIECES * 1000 * pieceLength) / Math.max(1, taken));
    let [trials, failed, proven, free, tempted, coming] = [0, 0, 0, slots, 0, 0];
    for (const peer of peers.values()) {
      if (peer.peerInterested && !peer.amChoking) free--;
      if (peer.isProven) proven++;
      this.#judge(peer);
      if (peer.amChoking && peer.backlog > 0 && !peer.isIndifferent) tempted++;
      const isTried = !peer.isProven && peer.backlog > 0;
      if (peer.isIndifferent || (isTried && now - peer.shownAt > patience)) failed++;
      else if (isTried && hasNotAsked(peer)) trials += peer.backlog;
      else if (now - peer.tookAt <= SLOW_MS) {
        coming += peer.owed;
        unreported -= peer.backlog;
      }
    }
    // In an honest crowd some get elsewhere what they were shown here: only where most want nothing do they count.
    failed = Math.max(0, failed - proven);
    const room = Math.min(owed - coming, unreported);
    const beyond = trials - Math.min(failed, MOST_TRIALS) * pieceLength;
    const canTempt = tempted < Math.max(free, TEMPTED);
    return {
      proven: room - Math.max(0, beyond),
      trial: room - beyond,
      canTempt,
      areSomeIndifferent: failed > 0,
      isIdle: coming < (taken * IDLE_MS) / 1000 + pieceLength,
      passed: undefined,
    };
  }

  /** Whether the peer asks for what it was shown. */
  #judge(peer: Peer): void {
    if (peer.isProven || peer.backlog === 0 || !hasNotAsked(peer)) return;
    if (this.#context.now - peer.shownAt < TRIAL_MS) return;
    peer.isIndifferent = true;
    this.#takeBack(peer);
  }

  /** Ends super-seeding once every piece is seen at some peer, or another seed is there. */
  tick(): void {
    const content = this.#context.content;
    if (content === undefined || this.#promises.length === 0) return;
    if (!this.#isFit(content) || this.#isLonely()) {
      this.#end(content);
      return;
    }
    // Peers that had pieces may have gone with them.
    this.#cursor = 0;
    for (const peer of this.#context.peers.values()) {
      if (this.#isUnwanted(peer)) this.#reveal(content, peer);
      else if (peer.backlog > 0 && this.#context.now - peer.tookAt > STALLED_MS) this.#takeBack(peer);
      else peer.exhausted = false;
    }
    this.showMore();
  }

  /** We have all, nobody else has, and some piece is only with us. */
  #isFit(content: Content): boolean {
    const { options, peers } = this.#context;
    if (options.superSeed === false || content.pieces.count(PIECE.HAVE) < content.pieces.size) return false;
    for (const peer of peers.values()) if (peer.isSeed) return false;
    return content.availability.minimum() === 0;
  }

  #isLonely(): boolean {
    const [peer, another] = this.#context.peers.values();
    return peer !== undefined && another === undefined && this.#context.now - peer.connectedAt > LONELY_MS;
  }

  #isUnwanted(peer: Peer): boolean {
    if (peer.shown === undefined || (peer.backlog === 0 && !peer.isIndifferent)) return false;
    return !peer.peerInterested && this.#context.now - peer.tookAt > UNWANTED_MS;
  }

  /** The peer with the least to take, of those that may be shown more. */
  #neediest(content: Content, room: Room): Peer | undefined {
    let best: Peer | undefined;
    for (const peer of this.#context.peers.values()) {
      if (peer.shown === undefined || peer.exhausted || peer.gone || peer.isIndifferent) continue;
      if (room.passed?.has(peer) === true) continue;
      if (!(peer.isProven ? room.proven > 0 : room.trial > 0)) continue;
      if (!peer.saidPieces && this.#context.now - peer.connectedAt < SILENT_MS) continue;
      // A choked peer sees enough to want its turn, once there is one to be had.
      if (peer.amChoking && (peer.shown.size > 0 || peer.peerInterested || !room.canTempt)) continue;
      const taken = (peer.up.perSecond(this.#context.now) * AHEAD_MS) / 1000;
      if (peer.backlog >= Math.max(content.metainfo.pieceLength * AHEAD_PIECES, taken)) continue;
      if (best === undefined || this.#isBefore(peer, best, room.areSomeIndifferent)) best = peer;
    }
    return best;
  }

  /** A piece that was never shown; once there is none and the uplink idles, the rarest that the peer lacks. Or -1. */
  #choose(content: Content, peer: Peer, room: Room): number {
    const { size } = content.pieces;
    while (this.#cursor < size && this.#isOut(content, this.#cursor)) this.#cursor++;
    for (let piece = this.#cursor; piece < size; piece++) {
      if (!this.#isOut(content, piece) && peer.shown?.has(piece) !== true) return piece;
    }
    if (!room.isIdle) return -1;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    const start = this.#context.rng.below(size);
    for (let i = 0; i < size; i++) {
      const piece = (start + i) % size;
      if (peer.has?.has(piece) === true || peer.shown?.has(piece) === true) continue;
      const copies = content.availability.copies(piece) * 256 + (this.#promises[piece] ?? 0);
      if (copies >= least) continue;
      best = piece;
      least = copies;
    }
    return best;
  }

  /**
   * Who has less to take comes first, then who was shown less. Where some want nothing, peers that took pieces and new
   * ones come by turns, the last of them first: who is here to waste our time has been here before.
   */
  #isBefore(a: Peer, b: Peer, areSomeIndifferent: boolean): boolean {
    if (a.backlog !== b.backlog) return a.backlog < b.backlog;
    if (areSomeIndifferent && a.isProven !== b.isProven) return a.isProven !== this.#wasProven;
    const [shownToA, shownToB] = [a.shown?.size ?? 0, b.shown?.size ?? 0];
    return shownToA < shownToB || (shownToA === shownToB && areSomeIndifferent);
  }

  #isOut(content: Content, piece: number): boolean {
    return (this.#promises[piece] ?? 0) > 0 || content.availability.copies(piece) > 0;
  }

  /** Returns the piece's bytes. */
  #show(content: Content, peer: Peer, piece: number): number {
    const size = content.geometry.pieceSize(piece);
    if (peer.backlog === 0) peer.tookAt = this.#context.now;
    peer.shown?.add(piece);
    peer.pending.add(piece);
    this.#wasProven = peer.isProven;
    peer.shownAt = this.#context.now;
    peer.backlog += size;
    peer.owed += size;
    this.#promises[piece] = (this.#promises[piece] ?? 0) + 1;
    this.#context.send(peer, { kind: 'have', piece });
    return size;
  }

  /** What was shown to the peer and has not come out of it may be shown to others; it gets no more for now. */
  #takeBack(peer: Peer): void {
    peer.exhausted = true;
    peer.owed = 0;
    for (const piece of peer.pending) {
      this.#withdraw(piece);
      if (piece < this.#cursor) this.#cursor = piece;
    }
    peer.pending.clear();
    peer.backlog = 0;
  }

  #withdraw(piece: number): void {
    this.#promises[piece] = (this.#promises[piece] ?? 0) - 1;
  }

  /** The peer sees all we have from now on. */
  #reveal(content: Content, peer: Peer): void {
    const { shown } = peer;
    if (shown === undefined) return;
    this.#takeBack(peer);
    peer.shown = undefined;
    if (peer.isSeed) return;
    for (let piece = 0; piece < content.pieces.size; piece++) {
      if (!shown.has(piece) && peer.has?.has(piece) !== true)
        this.#context.send(peer, { kind: 'have', piece });
    }
  }

  #end(content: Content): void {
    for (const peer of this.#context.peers.values()) this.#reveal(content, peer);
    this.#promises = new Uint16Array(0);
    this.#cursor = 0;
  }
}

/** Bytes that may be shown, to peers that have taken a piece before, and to all. */
interface Room {
  proven: number;
  trial: number;
  /** A choked peer may be made to want a slot. */
  readonly canTempt: boolean;
  readonly areSomeIndifferent: boolean;
  /** The uplink has next to nothing to do. */
  readonly isIdle: boolean;
  /** Peers for which no piece was found; made for the first of them, as rooms are made with every write. */
  passed: Set<Peer> | undefined;
}

function hasNotAsked(peer: Peer): boolean {
  return peer.uploads.isEmpty && peer.takenAt < peer.shownAt;
}
