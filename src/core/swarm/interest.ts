// What the peers have, and whether that interests us.
// Invariant: `peer.offers` is the number of pieces the peer has that we lack; we are interested while it is not 0
// and downloading goes on. Each piece of `peer.has` is counted once in Availability.
import { Bitfield } from '../bytes/bitfield.ts';
import { ProtocolError } from '../errors.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import type { SuperSeed } from './superseed.ts';

/** Haves kept of one peer while the piece count is unknown. */
const MAX_EARLY_HAVES = 100_000;

export class Interest {
  readonly #context: SwarmContext;

  readonly #superSeed: SuperSeed;

  constructor(context: SwarmContext, superSeed: SuperSeed) {
    this.#context = context;
    this.#superSeed = superSeed;
  }

  /** The metadata is known: what the peer said before is checked now. */
  arrive(peer: Peer): void {
    const content = this.#context.content;
    if (content === undefined || peer.has !== undefined) return;
    peer.has = new Bitfield(content.pieces.size);
    // BEP 6: pieces were named before anybody could tell whether they are there.
    for (const named of [peer.suggested, peer.allowedFast]) {
      for (const piece of named) if (piece >= content.pieces.size) named.delete(piece);
    }
    const early = peer.early;
    peer.early = undefined;
    if (peer.isWebSeed || early?.all === true) this.haveAll(peer);
    else if (early?.bits !== undefined) this.bitfield(peer, early.bits);
    for (const piece of early?.haves ?? []) this.have(peer, piece);
  }

  /** Also takes a bitfield that comes late or twice: the last one counts. */
  bitfield(peer: Peer, bits: Uint8Array): void {
    peer.saidPieces = true;
    const content = this.#context.content;
    if (content === undefined) {
      peer.early = { all: false, bits: bits.slice(), haves: [] };
      return;
    }
    try {
      this.#replace(content, peer, Bitfield.parse(bits, content.pieces.size));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.disconnect(peer, error.message);
    }
  }

  haveAll(peer: Peer): void {
    peer.saidPieces = true;
    const content = this.#context.content;
    if (content === undefined) peer.early = { all: true, bits: undefined, haves: [] };
    else this.#replace(content, peer, Bitfield.full(content.pieces.size));
  }

  haveNone(peer: Peer): void {
    peer.saidPieces = true;
    const content = this.#context.content;
    if (content === undefined) peer.early = undefined;
    else this.#replace(content, peer, new Bitfield(content.pieces.size));
  }

  have(peer: Peer, piece: number): void {
    peer.saidPieces = true;
    const content = this.#context.content;
    if (content === undefined) this.#keepEarly(peer, piece);
    else if (piece >= content.pieces.size) this.#context.disconnect(peer, 'have of a piece out of range');
    else if (peer.has?.add(piece) === true) {
      content.availability.add(piece);
      this.#superSeed.have(peer, piece);
      if (!content.pieces.isLacking(piece)) return;
      peer.offers++;
      peer.dry = false;
      peer.news.push(piece);
      this.update(peer);
    }
  }

  /** BEP 54. */
  dontHave(peer: Peer, piece: number): void {
    const content = this.#context.content;
    if (content === undefined || peer.has?.has(piece) !== true) return;
    this.#uncount(content, peer);
    peer.has.delete(piece);
    this.#count(content, peer);
    this.recount(peer);
  }

  leave(peer: Peer): void {
    if (this.#context.content !== undefined) this.#uncount(this.#context.content, peer);
  }

  /** A piece is ours now: it interests us no more. */
  gained(piece: number): void {
    for (const peer of this.#context.peers.values()) {
      if (peer.has?.has(piece) !== true) continue;
      peer.offers--;
      if (peer.offers === 0) this.update(peer);
    }
  }

  /** Counts anew after what we want has changed. */
  recountAll(): void {
    for (const peer of this.#context.peers.values()) this.recount(peer);
  }

  recount(peer: Peer): void {
    const content = this.#context.content;
    if (content === undefined || peer.has === undefined) return;
    peer.revive();
    peer.offers = 0;
    if (content.pieces.lacking > 0) {
      for (let piece = 0; piece < content.pieces.size; piece++) {
        if (content.pieces.isLacking(piece) && peer.has.has(piece)) peer.offers++;
      }
    }
    this.update(peer);
  }

  update(peer: Peer): void {
    const interested = peer.offers > 0 && !this.#context.downloadStopped;
    if (interested === peer.amInterested) return;
    peer.amInterested = interested;
    this.#context.send(peer, interested ? { kind: 'interested' } : { kind: 'not-interested' });
  }

  #replace(content: Content, peer: Peer, has: Bitfield): void {
    this.#uncount(content, peer);
    peer.has = has;
    this.#count(content, peer);
    this.recount(peer);
  }

  #count(content: Content, peer: Peer): void {
    if (peer.has === undefined) return;
    peer.countedFull = peer.has.isFull;
    if (peer.countedFull) content.availability.fullPeerCame();
    else for (const piece of peer.has) content.availability.add(piece);
  }

  #uncount(content: Content, peer: Peer): void {
    if (peer.has === undefined) return;
    if (peer.countedFull) content.availability.fullPeerWent();
    else for (const piece of peer.has) content.availability.remove(piece);
    peer.countedFull = false;
  }

  #keepEarly(peer: Peer, piece: number): void {
    peer.early ??= { all: false, bits: undefined, haves: [] };
    if (peer.early.haves.length >= MAX_EARLY_HAVES) this.#context.disconnect(peer, 'too many haves');
    else peer.early.haves.push(piece);
  }
}
