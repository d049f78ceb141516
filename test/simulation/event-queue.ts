// The virtual clock: callbacks in order of time, ties in order of scheduling.

interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

export class EventQueue {
  #heap: Entry[] = [];
  #sequence = 0;
  /** Virtual milliseconds. */
  now = 0;

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(time, this.now), sequence: this.#sequence++, run });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfBefore(child, parent)) break;
      child = parent;
    }
  }

  after(delay: number, run: () => void): void {
    this.at(this.now + delay, run);
  }

  /** Runs the next callback; false when there is none. */
  step(): boolean {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    this.now = first.at;
    first.run();
    return true;
  }

  #sink(): void {
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const least = right < this.#heap.length && this.#before(right, left) ? right : left;
      if (least >= this.#heap.length || !this.#swapIfBefore(least, parent)) return;
      parent = least;
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a];
    const y = this.#heap[b];
    if (x === undefined || y === undefined) return false;
    return x.at < y.at || (x.at === y.at && x.sequence < y.sequence);
  }

  #swapIfBefore(a: number, b: number): boolean {
    const x = this.#heap[a];
    const y = this.#heap[b];
    if (x === undefined || y === undefined || !this.#before(a, b)) return false;
    this.#heap[a] = y;
    this.#heap[b] = x;
    return true;
  }
}
