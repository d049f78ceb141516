// The blocks asked of each peer: filling pipelines, timeouts, endgame, rejects.
// Invariant: a block id is in a peer's `outstanding` if and only if its piece lists the peer among its requesters.
import type { ActivePiece } from './active-piece.ts';
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';
import type { Picker } from './picker.ts';
import { PIECE } from './pieces.ts';
import { Sharing } from './sharing.ts';

/** Requests that peers which say nothing are taken to queue (BEP 10 `reqq`). */
const DEFAULT_QUEUE = 250;
/** Of a web seed, whose queue is our own: 8 MiB, what a quick link brings within two rounds of long ranges. */
const WEB_SEED_QUEUE = 512;
/** More is asked for once half of what was has come: requests go out in batches, and one round trip's stand yet. */
const REFILL_BELOW = 0.5;
/** Silence with requests outstanding after which a peer counts as snubbing. */
const SNUB_MS = 10_000;
/** A search in vain for blocks to share is not repeated at once. */
const SEARCH_EVERY_MS = 50;
const MAX_ABANDONED = 4096;

/** Where a block lies. */
export interface BlockPlace {
  readonly piece: number;
  readonly block: number;
}

export type Settlement = 'asked' | 'late' | 'unasked';

export class Requests {
  readonly #context: SwarmContext;
  readonly #picker: Picker;
  readonly #sharing: Sharing;
  #refillDue = false;

  constructor(context: SwarmContext, picker: Picker) {
    this.#context = context;
    this.#picker = picker;
    this.#sharing = new Sharing(context);
  }

  /** Asks the peer for more once its pipeline has run down. */
  fill(peer: Peer): void {
    const content = this.#context.content;
    if (content === undefined || !this.#mayAsk(peer)) return;
    const depth = Math.min(peer.pipeline.depth, this.#queueOf(peer));
    const { deadlines } = this.#picker;
    // What somebody waits for is asked for at once.
    if (peer.outstanding.size > (deadlines.isEmpty ? depth * REFILL_BELOW : depth - 1)) return;
    if (peer.outstanding.size === 0) peer.pipeline.started(this.#context.now);
    if (!deadlines.isEmpty) {
      const test = (piece: number, expectedMs: Millis): boolean => deadlines.isLate(piece, expectedMs);
      this.#askToo(content, peer, { depth, test });
    }
    while (peer.outstanding.size < depth) {
      const active = this.#picker.next(peer);
      if (active === undefined) break;
      while (peer.outstanding.size < depth) {
        const block = active.take(peer.key);
        if (block < 0) break;
        this.#ask(content, peer, { piece: active.index, block });
      }
    }
    if (peer.outstanding.size < depth) this.#endgame(content, peer, depth);
    if (peer.outstanding.size === 0) peer.dry = true;
  }

  /** Open blocks may have appeared for anyone: all pipelines are filled when the input is handled. */
  refillSoon(): void {
    this.#refillDue = true;
  }

  refillIfDue(): void {
    if (!this.#refillDue) return;
    this.#refillDue = false;
    this.#picker.starved = false;
    for (const peer of this.#context.peers.values()) peer.revive();
    // What was taken back from a silent peer goes to another, if any has it: else it would be asked of the same again.
    for (const peer of this.#context.peers.values()) if (!peer.snubbed) this.fill(peer);
    for (const peer of this.#context.peers.values()) if (peer.snubbed) this.fill(peer);
  }

  /** Strikes a block off the peer's list as it comes in. */
  settle(peer: Peer, blockId: number): Settlement {
    const askedAt = peer.outstanding.get(blockId);
    const now = this.#context.now;
    if (askedAt === undefined) return peer.abandoned.delete(blockId) ? 'late' : 'unasked';
    peer.outstanding.delete(blockId);
    peer.pipeline.onBlock(BLOCK_LENGTH, now - askedAt, now);
    peer.lastBlockAt = now;
    peer.snubbed = false;
    return 'asked';
  }

  /** A block came from someone: the others asked for it need not send it. */
  cancel(content: Content, at: BlockPlace, others: readonly PeerKey[]): void {
    for (const peer of this.#sayCancel(content, at, others)) this.fill(peer);
  }

  /** Takes back all that was asked of a peer: it choked us, fell silent or left. */
  takeBack(peer: Peer): void {
    const content = this.#context.content;
    if (content === undefined) return;
    for (const blockId of peer.outstanding.keys()) {
      this.#forgo(peer, blockId);
      this.#reopen(content, peer, blockId);
    }
    peer.outstanding.clear();
    peer.current = undefined;
    this.dropExclusive(peer);
  }

  /** Pieces that only this peer may send go back to be fetched from another. */
  dropExclusive(peer: Peer): void {
    const content = this.#context.content;
    if (content === undefined) return;
    for (const active of content.active.values()) {
      if (active.exclusive === peer.key && !active.isWhole) this.abandon(content, active);
    }
  }

  /** BEP 6: the peer will not serve one request. False if it was never made. */
  reject(peer: Peer, piece: number, begin: number): boolean {
    const content = this.#context.content;
    if (content === undefined) return false;
    const blockId = content.blockId(piece, Math.floor(begin / BLOCK_LENGTH));
    if (!peer.outstanding.delete(blockId)) return peer.abandoned.delete(blockId);
    this.#reopen(content, peer, blockId);
    if (peer.current?.index === piece) peer.current = undefined;
    return true;
  }

  /** A piece in flight is given up: nobody need send its blocks, what came of it is lost. */
  abandon(content: Content, active: ActivePiece): void {
    this.#context.wasted += active.received * BLOCK_LENGTH;
    this.#picker.closed(active);
    content.abandon(active);
    for (let block = 0; block < active.blockCount; block++) {
      if (!active.isRequested(block)) continue;
      this.#sayCancel(content, { piece: active.index, block }, active.requesters(block));
    }
    for (const peer of this.#context.peers.values()) if (peer.current === active) peer.current = undefined;
    this.refillSoon();
  }

  /** Finds peers that fell silent; frees buffers that nobody fills. */
  tick(): void {
    const content = this.#context.content;
    if (content === undefined) return;
    for (const peer of this.#context.peers.values()) {
      if (peer.outstanding.size > 0 && this.#isSilent(peer)) {
        peer.snubbed = true;
        peer.pipeline.collapse();
        peer.lastBlockAt = this.#context.now;
        this.takeBack(peer);
      }
    }
    if (this.#picker.starved) this.#evict(content);
    this.refillSoon();
  }

  /** Returns the peers that had the block on request. */
  #sayCancel(content: Content, { piece, block }: BlockPlace, keys: readonly PeerKey[]): Peer[] {
    const blockId = content.blockId(piece, block);
    const length = content.geometry.blockSize(piece, block);
    const told: Peer[] = [];
    for (const key of keys) {
      const peer = this.#context.peers.get(key);
      if (peer?.outstanding.delete(blockId) !== true) continue;
      this.#forgo(peer, blockId);
      this.#context.send(peer, { kind: 'cancel', piece, begin: block * BLOCK_LENGTH, length });
      told.push(peer);
    }
    return told;
  }

  #mayAsk(peer: Peer): boolean {
    if (peer.gone || peer.dry || this.#context.downloadStopped || peer.offers === 0) return false;
    return !peer.choked || peer.allowedFast.size > 0;
  }

  #queueOf(peer: Peer): number {
    if (peer.isWebSeed) return WEB_SEED_QUEUE;
    return Math.min(peer.extended?.requestQueue ?? DEFAULT_QUEUE, LIMITS.requestsQueuedByPeer.value);
  }

  #ask(content: Content, peer: Peer, { piece, block }: BlockPlace): void {
    const blockId = content.blockId(piece, block);
    peer.outstanding.set(blockId, this.#context.now);
    peer.abandoned.delete(blockId);
    const length = content.geometry.blockSize(piece, block);
    this.#context.send(peer, { kind: 'request', piece, begin: block * BLOCK_LENGTH, length });
  }

  /** Everything is asked of someone: what a slow peer will deliver last is asked of this one too, if it is quicker. */
  #endgame(content: Content, peer: Peer, depth: number): void {
    if (content.pieces.count(PIECE.MISSING) > 0) return;
    this.#askToo(content, peer, { depth, test: () => true });
  }

  #askToo(
    content: Content,
    peer: Peer,
    {
      depth,
      test,
    }: { readonly depth: number; readonly test: (piece: number, expectedMs: Millis) => boolean },
  ): void {
    if (peer.snubbed || this.#context.now - peer.searchedAt < SEARCH_EVERY_MS) return;
    while (peer.outstanding.size < depth) {
      const blockId = this.#sharing.findSlowest(peer, test);
      if (blockId === undefined) {
        peer.searchedAt = this.#context.now;
        return;
      }
      const at = { piece: content.pieceOf(blockId), block: content.blockOf(blockId) };
      content.active.get(at.piece)?.addRequester(at.block, peer.key);
      this.#ask(content, peer, at);
    }
  }

  #isSilent(peer: Peer): boolean {
    const oldest = peer.outstanding.values().next().value ?? this.#context.now;
    return this.#context.now - Math.max(oldest, peer.lastBlockAt) > SNUB_MS;
  }

  #forgo(peer: Peer, blockId: number): void {
    if (peer.abandoned.size >= MAX_ABANDONED) peer.abandoned.clear();
    peer.abandoned.add(blockId);
  }

  #reopen(content: Content, peer: Peer, blockId: number): void {
    const active = content.active.get(content.pieceOf(blockId));
    if (active?.giveUp(content.blockOf(blockId), peer.key) !== true) return;
    this.#picker.opened(active);
    this.refillSoon();
  }

  /** Pieces that nobody is delivering give their buffers to pieces that somebody could. */
  #evict(content: Content): void {
    for (const active of content.active.values()) {
      if (active.open === 0 || active.open + active.received < active.blockCount) continue;
      this.abandon(content, active);
    }
  }
}
