// Rests between the reads of slow connections. A link of some megabits wakes us for every packet, and a crowd of such
// peers costs more in wake-ups than in work; so what comes slowly is left to the kernel until about a block is there.
// What is fast fills a read anyway and never rests; requests and other small messages are never put off.

/** What a read should bring at least. */
const WANTED_BYTES = 16 * 1024;
/** Shorter reads are messages, not data: somebody waits for an answer. */
const MESSAGE_BYTES = 1024;
const LONGEST_MS = 20;
/** Shorter rests are not worth their system calls. */
const SHORTEST_MS = 4;
/** The rate of a connection is measured anew so often. */
const WINDOW_MS = 100;

/** How fast one connection has been. */
export class ReadPace {
  #since = performance.now();
  #bytes = 0;
  /** Bytes a millisecond; endless until it is known. */
  #rate = Number.POSITIVE_INFINITY;

  /** Milliseconds to rest after a read of so many bytes; 0 for none. */
  restAfter(bytes: number): number {
    this.#bytes += bytes;
    const now = performance.now();
    if (now - this.#since >= WINDOW_MS) {
      this.#rate = this.#bytes / (now - this.#since);
      this.#since = now;
      this.#bytes = 0;
    }
    if (bytes < MESSAGE_BYTES || bytes >= WANTED_BYTES) return 0;
    const rest = Math.min(LONGEST_MS, WANTED_BYTES / this.#rate);
    return rest < SHORTEST_MS ? 0 : rest;
  }
}

interface Rest {
  readonly until: number;
  readonly wake: () => void;
}

/** Wakes connections that rest, many at a time. */
export class ReadRests {
  #rests: Rest[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(milliseconds: number, wake: () => void): void {
    this.#rests.push({ until: performance.now() + milliseconds, wake });
    this.#timer ??= setTimeout(() => {
      this.#wakeDue();
    }, SHORTEST_MS);
  }

  #wakeDue(): void {
    const now = performance.now();
    const due = this.#rests.filter(({ until }) => until <= now);
    this.#rests = this.#rests.filter(({ until }) => until > now);
    this.#timer = this.#rests.length === 0 ? undefined : this.#timer?.refresh();
    for (const { wake } of due) wake();
  }
}
