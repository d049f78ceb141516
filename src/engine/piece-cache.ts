// Pieces on their way from disk to peers, kept in the form the wire wants: each 16 KiB block behind its 13-byte header
// (BEP 3), so that any run of blocks is one contiguous slice and leaves in one write. Shared by all peers and torrents.
// A segment is at most 64 blocks. Invariant: a buffer that somebody still holds is never reused.
import { BLOCK_LENGTH, type Geometry } from '../core/metainfo/geometry.ts';
import { MESSAGE_ID, PIECE_HEADER_BYTES } from '../core/wire/message-id.ts';
import type { Storage } from '../ports/storage.ts';

const SEGMENT_BLOCKS = 64;
export const SEGMENT_BYTES: number = SEGMENT_BLOCKS * BLOCK_LENGTH;

/** Where a torrent's pieces come from. Its identity is the cache's key. */
export interface PieceSource {
  readonly geometry: Geometry;
  readonly storage: Storage;
}

/** Consecutive blocks of a piece, of equal length but for the last. */
export interface BlockRun {
  readonly begin: number;
  readonly length: number;
  readonly blockLength: number;
}

/** A part of a piece in wire form; each holder releases it once. */
export interface Segment {
  readonly frames: Uint8Array;
  /**
   * Undefined once the frames are filled. Until then a promise for that, which rejects with SystemError when the
   * piece cannot be read.
   */
  readonly ready: Promise<void> | undefined;
  /** One holder more. */
  retain(): void;
  release(): void;
}

export class PieceCache {
  readonly #budget: number;
  readonly #bySource = new Map<PieceSource, Map<number, Entry>>();
  /** In order of use: the first is the oldest. */
  readonly #order = new Set<Entry>();
  /** Buffers of evicted segments, to be filled anew: fresh memory costs a page fault for each 4 KiB. */
  readonly #spare: Uint8Array[] = [];
  #bytes = 0;
  #spareBytes = 0;

  constructor(budgetBytes: number) {
    this.#budget = budgetBytes;
  }

  /** Memory in use, spare buffers included. */
  get bytes(): number {
    return this.#bytes + this.#spareBytes;
  }

  /** The segment that holds a block; reading starts if it is not there. The caller releases it. */
  hold(source: PieceSource, piece: number, segment: number): Segment {
    const entries = this.#entriesOf(source);
    const perPiece = Math.ceil(source.geometry.pieceLength / SEGMENT_BYTES);
    const key = piece * perPiece + segment;
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = this.#load(source, piece, segment);
      entry.onEvict = () => entries.delete(key);
      entries.set(key, entry);
    } else {
      this.#order.delete(entry);
    }
    this.#order.add(entry);
    entry.holders++;
    return entry;
  }

  /** Blocks of a length or place that segments do not have: read for this once. The caller releases it. */
  readOdd(source: PieceSource, piece: number, run: BlockRun): Segment {
    const length = run.length + Math.ceil(run.length / run.blockLength) * PIECE_HEADER_BYTES;
    const entry = this.#read(source, piece, { ...run, frames: new Uint8Array(length) });
    entry.holders = 1;
    entry.evicted = true;
    entry.isOdd = true;
    this.#bytes += length;
    return entry;
  }

  /** Forgets a torrent's segments. */
  drop(source: PieceSource): void {
    for (const entry of this.#bySource.get(source)?.values() ?? []) this.#evict(entry);
    this.#bySource.delete(source);
  }

  #load(source: PieceSource, piece: number, segment: number): Entry {
    const begin = segment * SEGMENT_BYTES;
    const length = Math.min(SEGMENT_BYTES, source.geometry.pieceSize(piece) - begin);
    const frames = this.#buffer(length + Math.ceil(length / BLOCK_LENGTH) * PIECE_HEADER_BYTES);
    this.#bytes += frames.length;
    return this.#read(source, piece, { begin, length, blockLength: BLOCK_LENGTH, frames });
  }

  #read(source: PieceSource, piece: number, run: BlockRun & { readonly frames: Uint8Array }): Entry {
    const { frames, begin, length } = run;
    const targets = writeHeaders(frames, piece, run);
    const ready = source.storage.read(source.geometry.ranges(piece, begin, length), targets);
    const entry = new Entry(frames, ready, (released) => {
      this.#release(released);
    });
    ready.then(
      () => {
        entry.ready = undefined;
      },
      () => {
        this.#evict(entry);
      },
    );
    return entry;
  }

  #entriesOf(source: PieceSource): Map<number, Entry> {
    let entries = this.#bySource.get(source);
    if (entries === undefined) {
      entries = new Map();
      this.#bySource.set(source, entries);
    }
    return entries;
  }

  /** Evicts what nobody holds, oldest first, until this many bytes more fit into the budget. */
  #makeRoom(bytes: number): void {
    for (const entry of this.#order) {
      if (this.#bytes + bytes <= this.#budget) return;
      if (entry.holders === 0 && entry.ready === undefined) this.#evict(entry);
    }
  }

  #evict(entry: Entry): void {
    if (entry.evicted) return;
    entry.evicted = true;
    this.#order.delete(entry);
    entry.onEvict();
    if (entry.holders === 0) this.#recycle(entry);
  }

  #release(entry: Entry): void {
    if (--entry.holders > 0) return;
    if (entry.evicted) this.#recycle(entry);
    else this.#makeRoom(0);
  }

  #recycle(entry: Entry): void {
    this.#bytes -= entry.frames.length;
    // A read that failed half way may still be filling its buffer.
    if (entry.ready !== undefined || entry.isOdd || this.bytes + entry.frames.length > this.#budget) return;
    this.#spare.push(entry.frames);
    this.#spareBytes += entry.frames.length;
  }

  #buffer(length: number): Uint8Array {
    this.#makeRoom(length);
    const at = this.#spare.findLastIndex((buffer) => buffer.length === length);
    const [buffer] = at < 0 ? [] : this.#spare.splice(at, 1);
    if (buffer !== undefined) {
      this.#spareBytes -= length;
      return buffer;
    }
    while (this.bytes + length > this.#budget) {
      const dropped = this.#spare.shift();
      if (dropped === undefined) break;
      this.#spareBytes -= dropped.length;
    }
    return new Uint8Array(length);
  }
}

class Entry implements Segment {
  readonly frames: Uint8Array;
  ready: Promise<void> | undefined;
  holders = 0;
  evicted = false;
  isOdd = false;
  onEvict: () => void = () => undefined;
  readonly #onRelease: (entry: Entry) => void;

  constructor(frames: Uint8Array, ready: Promise<void>, onRelease: (entry: Entry) => void) {
    this.frames = frames;
    this.ready = ready;
    this.#onRelease = onRelease;
  }

  retain(): void {
    this.holders++;
  }

  release(): void {
    this.#onRelease(this);
  }
}

/** Frames [first, end) of a segment of blocks of this length. */
export function frameSlice(
  frames: Uint8Array,
  blockLength: number,
  run: { first: number; end: number },
): Uint8Array {
  const frameBytes = PIECE_HEADER_BYTES + blockLength;
  return frames.subarray(run.first * frameBytes, Math.min(run.end * frameBytes, frames.length));
}

/** Writes the header of each block and returns the gaps that their data goes into. */
function writeHeaders(frames: Uint8Array, piece: number, run: BlockRun): Uint8Array[] {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.length);
  const frameBytes = PIECE_HEADER_BYTES + run.blockLength;
  const gaps: Uint8Array[] = [];
  for (let at = 0, block = 0; at < frames.length; at += frameBytes, block++) {
    const end = Math.min(at + frameBytes, frames.length);
    view.setUint32(at, end - at - 4);
    view.setUint8(at + 4, MESSAGE_ID.piece);
    view.setUint32(at + 5, piece);
    view.setUint32(at + 9, run.begin + block * run.blockLength);
    gaps.push(frames.subarray(at + PIECE_HEADER_BYTES, end));
  }
  return gaps;
}
