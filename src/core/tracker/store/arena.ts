// Memory for blocks of many sizes inside one Int32Array, which may lie in a SharedArrayBuffer: so all bookkeeping is
// in the array too. Two block sizes an octave (4, 6, 8, 12, 16, 24 … words); free blocks of a size form a list through
// their first words. A block that nobody freed in its size is cut from the untouched end, or from a free block of
// twice the size. Nothing is ever merged: a swarm that shrinks leaves blocks that the next small swarm takes.

/** Words of bookkeeping: the end of what was ever handed out, then a list head for each size. */
export const ARENA_HEADER_WORDS = 64;
/** 4 << 27 words is all an Int32Array can hold. */
const SIZES = 56;

/** Words of a block of this size class. */
export function wordsOf(size: number): number {
  return ((size & 1) === 0 ? 4 : 6) << (size >> 1);
}

/** The smallest size class that holds so many words. */
export function sizeFor(words: number): number {
  let size = 0;
  while (wordsOf(size) < words) size++;
  return size;
}

/** Allocator over `memory[start, end)`; its bookkeeping begins at `header`, zeroed once before first use. */
export class Arena {
  readonly #memory: Int32Array;
  readonly #header: number;
  readonly #start: number;
  readonly #end: number;

  constructor(
    memory: Int32Array,
    range: { readonly header: number; readonly start: number; readonly end: number },
  ) {
    this.#memory = memory;
    this.#header = range.header;
    this.#start = Math.max(range.start, 1);
    this.#end = range.end;
  }

  /** Offset of a block with undefined content, or 0 when the arena is full. */
  allocate(size: number): number {
    const memory = this.#memory;
    const list = this.#header + 1 + size;
    const free = memory[list] ?? 0;
    if (free !== 0) {
      memory[list] = memory[free] ?? 0;
      return free;
    }
    const used = memory[this.#header] ?? 0;
    const words = wordsOf(size);
    const at = this.#start + used;
    if (at + words <= this.#end) {
      memory[this.#header] = used + words;
      return at;
    }
    return this.#split(size);
  }

  free(offset: number, size: number): void {
    const list = this.#header + 1 + size;
    this.#memory[offset] = this.#memory[list] ?? 0;
    this.#memory[list] = offset;
  }

  /** Words ever handed out: the part of the array that has been touched. */
  get touchedWords(): number {
    return this.#memory[this.#header] ?? 0;
  }

  /** Halves the smallest free block that is a power of two larger. */
  #split(size: number): number {
    for (let larger = size + 2; larger < SIZES; larger += 2) {
      const list = this.#header + 1 + larger;
      const block = this.#memory[list] ?? 0;
      if (block === 0) continue;
      this.#memory[list] = this.#memory[block] ?? 0;
      for (let half = larger - 2; half >= size; half -= 2) this.free(block + wordsOf(half), half);
      return block;
    }
    return 0;
  }
}
