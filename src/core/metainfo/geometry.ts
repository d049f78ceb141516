// All arithmetic between pieces, blocks and file ranges. Nobody else multiplies by the piece length.
// Law: piece p covers stream bytes [p * pieceLength, p * pieceLength + pieceSize(p)); files tile the stream, with gaps
// only in v2-only torrents, where the last piece of a file is short (BEP 52).
import { invariant } from '../invariant.ts';
import type { FileEntry, Info } from './metainfo.ts';

/** Bytes in a block, the unit of requests (BEP 3) and of merkle leaves (BEP 52). */
export const BLOCK_LENGTH = 16384;

/** A run of bytes inside one file. */
export interface FileRange {
  /** Index into `Info.files`. */
  readonly file: number;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly length: number;
  /** Padding: zeros that no disk holds (BEP 47). */
  readonly pad: boolean;
}

/** The shape of one torrent's content. */
export class Geometry {
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly files: readonly FileEntry[];
  /** Bytes from the first file's start to the last file's end, padding included. */
  readonly streamLength: number;
  readonly #shortTails: boolean;
  readonly #hasPadding: boolean;

  constructor(info: Pick<Info, 'pieceLength' | 'pieceCount' | 'files' | 'version'>) {
    this.pieceLength = info.pieceLength;
    this.pieceCount = info.pieceCount;
    this.files = info.files;
    this.#shortTails = info.version === 'v2';
    this.#hasPadding = info.files.some((file) => file.pad);
    const last = info.files.at(-1);
    this.streamLength = last === undefined ? 0 : last.offset + last.length;
  }

  /** Bytes of a piece; only the last piece (of a file in v2, of the stream otherwise) is short. */
  pieceSize(piece: number): number {
    const start = piece * this.pieceLength;
    if (!this.#shortTails) return Math.min(this.pieceLength, this.streamLength - start);
    const file = this.files[this.fileAt(start)];
    invariant(file !== undefined, 'every piece belongs to a file');
    return Math.min(this.pieceLength, file.offset + file.length - start);
  }

  blockCount(piece: number): number {
    return Math.ceil(this.pieceSize(piece) / BLOCK_LENGTH);
  }

  /** Bytes of a block; only the last one of a piece is short. */
  blockSize(piece: number, block: number): number {
    return Math.min(BLOCK_LENGTH, this.pieceSize(piece) - block * BLOCK_LENGTH);
  }

  /** True if a block holds nothing but padding: zeros that need not be asked for (BEP 47). */
  isPadding(piece: number, block: number): boolean {
    if (!this.#hasPadding) return false;
    const length = this.blockSize(piece, block);
    return this.ranges(piece, block * BLOCK_LENGTH, length).every((range) => range.pad);
  }

  /** True if [begin, begin + length) lies inside the piece and is not empty. */
  contains(piece: number, begin: number, length: number): boolean {
    if (piece < 0 || piece >= this.pieceCount || begin < 0 || length <= 0) return false;
    return begin + length <= this.pieceSize(piece);
  }

  /**
   * True for what a peer may ask for: as `contains`, and it may reach into the gap behind a short piece of v2. Some
   * clients (libtorrent 2.0) hold that gap for padding and ask for whole blocks.
   */
  isServable(piece: number, begin: number, length: number): boolean {
    if (!this.#shortTails) return this.contains(piece, begin, length);
    return this.contains(piece, begin, 1) && length > 0 && begin + length <= this.pieceLength;
  }

  /** The file ranges under a run of bytes of one piece, in order; they add up to `length`. A gap of v2 is padding. */
  ranges(piece: number, begin = 0, length: number = this.pieceSize(piece) - begin): FileRange[] {
    const ranges: FileRange[] = [];
    const start = piece * this.pieceLength;
    const stop = start + Math.min(begin + length, this.#shortTails ? this.pieceSize(piece) : begin + length);
    let at = start + begin;
    let index = this.fileAt(at);
    for (; at < stop; index++) {
      const file = this.files[index];
      invariant(file !== undefined, 'a range of a piece stays inside the files');
      const take = Math.min(stop, file.offset + file.length) - at;
      if (take <= 0) continue;
      ranges.push({ file: index, offset: at - file.offset, length: take, pad: file.pad });
      at += take;
    }
    const gap = start + begin + length - stop;
    if (gap > 0)
      ranges.push({ file: index - 1, offset: this.files[index - 1]?.length ?? 0, length: gap, pad: true });
    return ranges;
  }

  /** First piece and one past the last piece that hold bytes of a file; equal for an empty file. */
  piecesOf(fileIndex: number): { readonly first: number; readonly end: number } {
    const file = this.files[fileIndex];
    invariant(file !== undefined, 'file index in range');
    const first = Math.floor(file.offset / this.pieceLength);
    return {
      first,
      end: file.length === 0 ? first : Math.ceil((file.offset + file.length) / this.pieceLength),
    };
  }

  /** Index of the first non-empty file whose end lies behind a stream offset, by binary search. */
  fileAt(streamOffset: number): number {
    let low = 0;
    let high = this.files.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const file = this.files[middle];
      invariant(file !== undefined, 'file index in range');
      if (file.offset + file.length > streamOffset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
