// A block's way from a message to disk: copy, hash, write, tell the peers. Hash first, then write: the disk never
// holds bad data and nothing is read back.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { ActivePiece } from './active-piece.ts';
import type { Bans } from './bans.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Haves } from './haves.ts';
import type { Interest } from './interest.ts';
import type { Peer } from './peers.ts';
import { PIECE } from './pieces.ts';
import type { Picker } from './picker.ts';
import type { Requests } from './requests.ts';

interface Parts {
  readonly picker: Picker;
  readonly requests: Requests;
  readonly interest: Interest;
  readonly haves: Haves;
  readonly bans: Bans;
}

export class Downloads {
  readonly #context: SwarmContext;
  readonly #parts: Parts;
  /** Lacking pieces of each file, to tell when a file is whole. */
  #lackingOf: Uint32Array = new Uint32Array(0);
  #completeTold = false;

  constructor(context: SwarmContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** The metainfo is known. */
  start(content: Content): void {
    const { files } = content.metainfo;
    this.#lackingOf = new Uint32Array(files.length);
    for (let file = 0; file < files.length; file++) {
      const { first, end } = content.geometry.piecesOf(file);
      for (let piece = first; piece < end; piece++) {
        if (!content.pieces.has(piece)) this.#lackingOf[file] = (this.#lackingOf[file] ?? 0) + 1;
      }
    }
    this.checkComplete(content);
  }

  block(
    peer: Peer,
    message: { readonly piece: number; readonly begin: number; readonly data: Uint8Array },
  ): void {
    const content = this.#context.content;
    const { piece, begin, data } = message;
    if (content === undefined) return;
    const block = Math.floor(begin / BLOCK_LENGTH);
    if (!content.geometry.contains(piece, begin, data.length)) {
      this.#context.disconnect(peer, 'block outside its piece');
      return;
    }
    if (begin % BLOCK_LENGTH !== 0 || data.length !== content.geometry.blockSize(piece, block)) {
      // Before it is struck off: as the peer leaves, the block is asked of others.
      this.#context.disconnect(peer, 'block of a length that was not asked for');
      return;
    }
    const settled = this.#parts.requests.settle(peer, content.blockId(piece, block));
    if (settled === 'unasked') this.#unasked(peer, data.length);
    else this.#take(content, peer, { active: content.active.get(piece), block, data });
    this.#parts.requests.fill(peer);
  }

  verified(piece: number, ok: boolean): void {
    const content = this.#context.content;
    const active = content?.active.get(piece);
    if (content === undefined || active === undefined) return;
    if (ok) {
      this.#parts.bans.good(content, active);
      content.pieces.move(piece, PIECE.VERIFYING, PIECE.WRITING);
      this.#context.effects.push({ kind: 'write-piece', piece, data: active.buffer });
      return;
    }
    this.#context.wasted += active.buffer.length;
    this.#parts.bans.bad(content, active);
    content.abandon(active);
    this.#parts.requests.refillSoon();
  }

  written(piece: number): void {
    const content = this.#context.content;
    const active = content?.active.get(piece);
    if (content === undefined || active === undefined) return;
    const senders = active.senders();
    content.finish(active);
    if (this.#parts.picker.starved) this.#parts.requests.refillSoon();
    this.#parts.interest.gained(piece);
    this.#parts.haves.tell(content, piece, senders);
    this.#context.effects.push({ kind: 'piece-complete', piece });
    this.#countFiles(content, piece);
    this.checkComplete(content);
  }

  /** The disk failed: downloading stops, seeding goes on. */
  writeFailed(piece: number, error: Error): void {
    const content = this.#context.content;
    const active = content?.active.get(piece);
    if (content === undefined || active === undefined) return;
    content.abandon(active);
    if (this.#context.downloadStopped) return;
    this.stop(content);
    this.#context.effects.push({ kind: 'stopped', error });
  }

  /** Gives up everything in flight and asks for nothing more. Pieces being hashed or written go on. */
  stop(content: Content): void {
    this.#context.downloadStopped = true;
    for (const active of [...content.active.values()]) {
      if (content.pieces.state(active.index) === PIECE.IN_FLIGHT)
        this.#parts.requests.abandon(content, active);
    }
    for (const peer of this.#context.peers.values()) this.#parts.interest.update(peer);
  }

  /** The disk lost a piece: it is to be had again. */
  lost(piece: number): void {
    const content = this.#context.content;
    if (content?.pieces.has(piece) !== true) return;
    content.lose(piece);
    this.#context.effects.push({ kind: 'piece-lost', piece });
    for (const { file } of content.geometry.ranges(piece))
      this.#lackingOf[file] = (this.#lackingOf[file] ?? 0) + 1;
    this.#completeTold = content.pieces.lacking === 0;
    this.#parts.interest.recountAll();
    this.#parts.requests.refillSoon();
  }

  /** Tells once that all wanted pieces are there, until more are wanted. */
  checkComplete(content: Content): void {
    const complete = content.pieces.lacking === 0;
    if (complete && !this.#completeTold) this.#context.effects.push({ kind: 'complete' });
    this.#completeTold = complete;
  }

  #take(
    content: Content,
    peer: Peer,
    arrived: { active: ActivePiece | undefined; block: number; data: Uint8Array },
  ): void {
    const { active, block, data } = arrived;
    peer.down.add(data.length, this.#context.now);
    this.#context.downloaded += data.length;
    if (active === undefined || active.isReceived(block)) {
      this.#context.wasted += data.length;
      return;
    }
    const others = active.receive(block, data, peer.key);
    if (others !== undefined) this.#parts.requests.cancel(content, { piece: active.index, block }, others);
    if (!active.isWhole) return;
    this.#parts.picker.closed(active);
    content.pieces.move(active.index, PIECE.IN_FLIGHT, PIECE.VERIFYING);
    this.#context.effects.push({ kind: 'verify-piece', piece: active.index, data: active.buffer });
  }

  #unasked(peer: Peer, bytes: number): void {
    this.#context.wasted += bytes;
    this.#context.strike(peer, 'flood of blocks that nobody asked for');
  }

  #countFiles(content: Content, piece: number): void {
    for (const { file, pad } of content.geometry.ranges(piece)) {
      const left = (this.#lackingOf[file] ?? 0) - 1;
      this.#lackingOf[file] = left;
      if (left === 0 && !pad) this.#context.effects.push({ kind: 'file-complete', file });
    }
  }
}
