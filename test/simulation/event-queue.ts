// The virtual clock: callbacks in order of time, ties in order of scheduling.
// Callbacks scheduled in a row for one time are one chain and one place in the heap: what a client tells all its peers
// at once costs the heap no more than what it tells one.

/** Something that is to happen at its time, once. */
export interface Occurrence {
  run(): void;
  /** The queue's own: what happens next at the same time. */
  next: Occurrence | undefined;
}

/** The heap's order is that of `at`, then of `sequence`. */
interface Chain {
  readonly at: number;
  readonly sequence: number;
  first: Occurrence;
  last: Occurrence;
}

export class EventQueue {
  readonly #heap: Chain[] = [];
  #sequence = 0;
  /** The chain begun last, while something of it is to come: no other has later callbacks of its time. */
  #newest: Chain | undefined;
  /** Virtual milliseconds. */
  now = 0;

  at(time: number, run: () => void): void {
    this.put(time, { run, next: undefined });
  }

  /** As `at`, for what is many and has an object of its own anyway. */
  put(time: number, occurrence: Occurrence): void {
    const at = Math.max(time, this.now);
    const newest = this.#newest;
    if (newest?.at === at) {
      newest.last.next = occurrence;
      newest.last = occurrence;
      return;
    }
    const chain: Chain = { at, sequence: this.#sequence++, first: occurrence, last: occurrence };
    this.#newest = chain;
    this.#rise(chain);
  }

  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run);
  }

  /** Runs the next callback; false when there is none. */
  step(): boolean {
    const chain = this.#heap[0];
    if (chain === undefined) return false;
    const { first } = chain;
    if (first.next === undefined) this.#drop(chain);
    else chain.first = first.next;
    this.now = chain.at;
    first.run();
    return true;
  }

  /** Takes out the first chain. */
  #drop(chain: Chain): void {
    if (this.#newest === chain) this.#newest = undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== chain) this.#sink(last);
  }

  /** Puts a chain in from the bottom. */
  #rise(chain: Chain): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(chain);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(chain, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = chain;
  }

  /** Puts a chain in from the top. */
  #sink(chain: Chain): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const least = isRight ? b : a;
      if (!isBefore(least, chain)) break;
      heap[place] = least;
      place = isRight ? left + 1 : left;
    }
    heap[place] = chain;
  }
}

function isBefore(a: Chain, b: Chain): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
