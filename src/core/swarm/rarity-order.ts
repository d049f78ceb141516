// A set of pieces sorted by a small count, updated in O(1) when a count changes by one.
// Invariant: #order[0 .. length) is sorted by count; #starts[c] is where the pieces with count >= c begin; pieces of
// equal count stand in random order, as every newcomer to a bucket swaps with a random member.
import { invariant } from '../invariant.ts';
import type { Rng } from './rng.ts';

const ABSENT = -1;

export class RarityOrder {
  readonly #order: Int32Array;
  readonly #position: Int32Array;
  readonly #starts: number[] = [0];
  readonly #rng: Rng;
  #length = 0;

  constructor(pieceCount: number, rng: Rng) {
    this.#order = new Int32Array(pieceCount);
    this.#position = new Int32Array(pieceCount).fill(ABSENT);
    this.#rng = rng;
  }

  get length(): number {
    return this.#length;
  }

  insert(piece: number, count: number): void {
    invariant(this.#position[piece] === ABSENT, 'a piece is inserted once');
    this.#reach(count);
    let hole = this.#length++;
    for (let c = this.#starts.length - 1; c > count; c--) {
      const start = this.#start(c);
      if (start !== hole) this.#put(this.#order[start] ?? 0, hole);
      hole = start;
      this.#starts[c] = start + 1;
    }
    this.#put(piece, hole);
    this.#mix(piece, count);
  }

  remove(piece: number, count: number): void {
    let hole = this.#position[piece] ?? ABSENT;
    invariant(hole !== ABSENT, 'only a piece of the set is removed');
    for (let c = count; c < this.#starts.length; c++) {
      const last = this.#end(c) - 1;
      if (last !== hole) this.#put(this.#order[last] ?? 0, hole);
      hole = last;
      if (c + 1 < this.#starts.length) this.#starts[c + 1] = last;
    }
    this.#position[piece] = ABSENT;
    this.#length--;
  }

  /** The piece's count went from `count` to `count + 1`. */
  increase(piece: number, count: number): void {
    this.#reach(count + 1);
    const last = this.#start(count + 1) - 1;
    this.#swap(this.#position[piece] ?? 0, last);
    this.#starts[count + 1] = last;
    this.#mix(piece, count + 1);
  }

  /** The piece's count went from `count` to `count - 1`. */
  decrease(piece: number, count: number): void {
    const first = this.#start(count);
    this.#swap(this.#position[piece] ?? 0, first);
    this.#starts[count] = first + 1;
    this.#mix(piece, count - 1);
  }

  /** The first piece in order that passes, of the first `most`; or -1. */
  find(test: (piece: number) => boolean, most: number): number {
    return this.#scan(0, Math.min(most, this.#length), test);
  }

  /** The first piece that passes from a place on, going round; or -1. */
  findFrom(place: number, test: (piece: number) => boolean): number {
    const piece = this.#scan(place, this.#length, test);
    return piece >= 0 ? piece : this.#scan(0, place, test);
  }

  #scan(from: number, to: number, test: (piece: number) => boolean): number {
    for (let i = from; i < to; i++) {
      const piece = this.#order[i] ?? 0;
      if (test(piece)) return piece;
    }
    return -1;
  }

  #start(count: number): number {
    return this.#starts[count] ?? this.#length;
  }

  #end(count: number): number {
    return this.#starts[count + 1] ?? this.#length;
  }

  /** Makes buckets up to a count. */
  #reach(count: number): void {
    while (this.#starts.length <= count) this.#starts.push(this.#length);
  }

  #mix(piece: number, count: number): void {
    const start = this.#start(count);
    this.#swap(this.#position[piece] ?? 0, start + this.#rng.below(this.#end(count) - start));
  }

  #swap(a: number, b: number): void {
    const pieceA = this.#order[a] ?? 0;
    this.#put(this.#order[b] ?? 0, a);
    this.#put(pieceA, b);
  }

  #put(piece: number, place: number): void {
    this.#order[place] = piece;
    this.#position[piece] = place;
  }
}
