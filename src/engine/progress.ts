// How many bytes of the wanted files, and of all files, are on disk. Kept by addition, so that a snapshot is cheap.
import type { Geometry } from '../core/metainfo/geometry.ts';

export class Progress {
  readonly #geometry: Geometry;
  #isWanted: readonly boolean[];
  #wanted = 0;
  #completed = 0;
  #stored = 0;

  constructor(geometry: Geometry, isWanted: readonly boolean[]) {
    this.#geometry = geometry;
    this.#isWanted = isWanted;
    this.count(isWanted, []);
  }

  /** Bytes of the wanted files. */
  get wanted(): number {
    return this.#wanted;
  }

  /** Bytes of the wanted files on disk. */
  get completed(): number {
    return this.#completed;
  }

  /** Every byte of the wanted files is on disk. */
  get isWhole(): boolean {
    return this.#completed === this.#wanted;
  }

  /** Bytes of all files on disk. */
  get stored(): number {
    return this.#stored;
  }

  /** Counts anew: these files are wanted, these pieces are on disk. */
  count(isWanted: readonly boolean[], have: Iterable<number>): void {
    this.#isWanted = isWanted;
    this.#wanted = 0;
    this.#completed = 0;
    this.#stored = 0;
    for (const [index, file] of this.#geometry.files.entries()) {
      if (isWanted[index] === true && !file.pad) this.#wanted += file.length;
    }
    for (const piece of have) this.add(piece);
  }

  /** A piece is on disk. */
  add(piece: number): void {
    this.#move(piece, 1);
  }

  /** A piece that was on disk is not any more. */
  remove(piece: number): void {
    this.#move(piece, -1);
  }

  #move(piece: number, sign: 1 | -1): void {
    for (const range of this.#geometry.ranges(piece)) {
      if (range.pad) continue;
      this.#stored += sign * range.length;
      if (this.#isWanted[range.file] === true) this.#completed += sign * range.length;
    }
  }
}
