// How much of each file is there. Kept by addition as pieces come, and counted anew after a check.
import { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { FileProgress } from './download-api.ts';

const HAVE = 2;

export class FilesProgress {
  readonly geometry: Geometry;
  readonly #completed: number[];
  readonly #have: Set<number> = new Set();
  #wanted: ReadonlySet<number> | undefined;

  /** `wanted` as in DownloadSource.files. */
  constructor(metainfo: Metainfo, wanted: readonly number[] | undefined) {
    this.geometry = new Geometry(metainfo);
    this.#completed = metainfo.files.map(() => 0);
    this.select(wanted);
  }

  select(wanted: readonly number[] | undefined): void {
    this.#wanted = wanted === undefined ? undefined : new Set(wanted);
  }

  /** `pieces` as in Torrent.pieces(). */
  count(pieces: Uint8Array): void {
    this.#completed.fill(0);
    this.#have.clear();
    for (const [piece, state] of pieces.entries()) if (state === HAVE) this.add(piece);
  }

  /** A piece is on disk. */
  add(piece: number): void {
    this.#have.add(piece);
    for (const { file, length } of this.geometry.ranges(piece)) {
      this.#completed[file] = (this.#completed[file] ?? 0) + length;
    }
  }

  has(piece: number): boolean {
    return this.#have.has(piece);
  }

  isWhole(index: number): boolean {
    return this.#completed[index] === this.geometry.files[index]?.length;
  }

  snapshot(): FileProgress[] {
    return this.geometry.files.flatMap(({ path, length, pad }, index) => {
      const wanted = this.#wanted?.has(index) ?? true;
      return pad ? [] : [{ index, path, length, completed: this.#completed[index] ?? 0, wanted }];
    });
  }
}
