// The torrent's content, from the moment its metainfo is known: piece states, priorities, pieces in memory.
// Invariant: a piece is in `active` if and only if it is IN_FLIGHT, VERIFYING or WRITING; it is on offer in
// `availability` if and only if it is MISSING.
import { Bitfield } from '../bytes/bitfield.ts';
import { BLOCK_LENGTH, Geometry } from '../metainfo/geometry.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { ActivePiece } from './active-piece.ts';
import { Availability } from './availability.ts';
import type { BufferPool } from './buffers.ts';
import type { FilePriority, PeerKey } from './inputs.ts';
import { PIECE, PieceTable } from './pieces.ts';
import type { PieceState } from './pieces.ts';
import type { Rng } from './rng.ts';

const NORMAL_PRIORITY = 1;
const MAX_PRIORITY = 255;

export class Content {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly pieces: PieceTable;
  readonly availability: Availability;
  readonly active: Map<number, ActivePiece> = new Map();
  /** Pieces that failed their hash with blocks of several peers: fetched from one peer now (see bans.ts). */
  readonly suspects: Set<number> = new Set();
  readonly #buffers: BufferPool;
  readonly #blocksPerPiece: number;
  readonly #priorities: Uint8Array;
  /** No piece below is MISSING. */
  #firstMissing = 0;

  constructor(metainfo: Metainfo, have: Bitfield, tools: { buffers: BufferPool; rng: Rng }) {
    this.metainfo = metainfo;
    this.geometry = new Geometry(metainfo);
    this.#buffers = tools.buffers;
    this.#blocksPerPiece = Math.ceil(metainfo.pieceLength / BLOCK_LENGTH);
    this.#priorities = new Uint8Array(metainfo.pieceCount).fill(NORMAL_PRIORITY);
    this.pieces = new PieceTable(metainfo.pieceCount, (piece) =>
      have.has(piece) ? PIECE.HAVE : PIECE.MISSING,
    );
    this.availability = new Availability(metainfo.pieceCount, tools.rng);
    for (let piece = 0; piece < metainfo.pieceCount; piece++) {
      if (!have.has(piece)) this.availability.offer(piece, NORMAL_PRIORITY);
    }
  }

  /** One number for each block of the torrent. */
  blockId(piece: number, block: number): number {
    return piece * this.#blocksPerPiece + block;
  }

  pieceOf(blockId: number): number {
    return Math.floor(blockId / this.#blocksPerPiece);
  }

  blockOf(blockId: number): number {
    return blockId % this.#blocksPerPiece;
  }

  /** The lowest MISSING piece that passes, or -1. */
  firstMissing(test: (piece: number) => boolean): number {
    const { pieces } = this;
    while (this.#firstMissing < pieces.size && pieces.state(this.#firstMissing) !== PIECE.MISSING) {
      this.#firstMissing++;
    }
    for (let piece = this.#firstMissing; piece < pieces.size; piece++) {
      if (pieces.state(piece) === PIECE.MISSING && test(piece)) return piece;
    }
    return -1;
  }

  /** Wanted, and nothing was asked of it yet. */
  isMissing(piece: number): boolean {
    return piece < this.pieces.size && this.pieces.state(piece) === PIECE.MISSING;
  }

  priority(piece: number): number {
    return this.#priorities[piece] ?? 0;
  }

  /** MISSING -> IN_FLIGHT, or undefined while the buffers' budget is spent. */
  open(piece: number, opener: PeerKey): ActivePiece | undefined {
    const buffer = this.#buffers.lease(this.geometry.pieceSize(piece));
    if (buffer === undefined) return undefined;
    this.pieces.move(piece, PIECE.MISSING, PIECE.IN_FLIGHT);
    this.availability.withdraw(piece);
    const active = new ActivePiece(this.geometry, piece, {
      buffer,
      memory: this.#buffers.memory,
      opener,
      isExclusive: this.suspects.has(piece),
    });
    this.active.set(piece, active);
    return active;
  }

  /** The piece is on disk. */
  finish(active: ActivePiece): void {
    this.pieces.move(active.index, PIECE.WRITING, PIECE.HAVE);
    this.#free(active);
  }

  /** The piece is given up, from any state in memory, and to be had again if it is still wanted. */
  abandon(active: ActivePiece): void {
    this.#lose(active.index, this.pieces.state(active.index));
    this.#free(active);
  }

  /** HAVE -> lacking: the disk lost it. */
  lose(piece: number): void {
    this.#lose(piece, PIECE.HAVE);
  }

  /** Sets priorities by file. Returns pieces in flight that nobody wants any more; the caller abandons them. */
  prioritise(files: readonly FilePriority[]): ActivePiece[] {
    this.#priorities.fill(0);
    for (const [file, entry] of this.metainfo.files.entries()) {
      if (entry.pad) continue;
      const priority = Math.min(MAX_PRIORITY, Math.max(0, Math.ceil(files[file] ?? NORMAL_PRIORITY)));
      const { first, end } = this.geometry.piecesOf(file);
      for (let piece = first; piece < end; piece++) {
        this.#priorities[piece] = Math.max(this.priority(piece), priority);
      }
    }
    for (let piece = 0; piece < this.pieces.size; piece++) this.#reoffer(piece);
    return [...this.active.values()].filter(
      (active) => this.priority(active.index) === 0 && this.pieces.state(active.index) === PIECE.IN_FLIGHT,
    );
  }

  /** What is on disk. */
  have(): Bitfield {
    const have = new Bitfield(this.pieces.size);
    for (let piece = 0; piece < this.pieces.size; piece++) if (this.pieces.has(piece)) have.add(piece);
    return have;
  }

  /** Bytes of lacking pieces, padding included. */
  bytesLacking(): number {
    let bytes = 0;
    for (let piece = 0; piece < this.pieces.size; piece++) {
      if (this.pieces.isLacking(piece)) bytes += this.geometry.pieceSize(piece);
    }
    return bytes;
  }

  #reoffer(piece: number): void {
    const state = this.pieces.state(piece);
    const priority = this.priority(piece);
    if (state === PIECE.MISSING) {
      this.availability.withdraw(piece);
      if (priority === 0) this.pieces.move(piece, PIECE.MISSING, PIECE.UNWANTED);
      else this.availability.offer(piece, priority);
    } else if (state === PIECE.UNWANTED && priority > 0) {
      this.pieces.move(piece, PIECE.UNWANTED, PIECE.MISSING);
      this.#offer(piece, priority);
    }
  }

  #lose(piece: number, from: PieceState): void {
    const priority = this.priority(piece);
    this.pieces.move(piece, from, priority === 0 ? PIECE.UNWANTED : PIECE.MISSING);
    if (priority > 0) this.#offer(piece, priority);
  }

  #offer(piece: number, priority: number): void {
    this.availability.offer(piece, priority);
    this.#firstMissing = Math.min(this.#firstMissing, piece);
  }

  #free(active: ActivePiece): void {
    this.active.delete(active.index);
    this.#buffers.release(active.buffer);
  }
}
