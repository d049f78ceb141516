// A clock that stands still until a test moves it.
import type { Clock } from '../../src/ports/clock.ts';

export class ManualClock implements Clock {
  #now = 1000;
  readonly #timers = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  unixSeconds(): number {
    return Math.floor(this.#now / 1000);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    // A wrapper, so that one callback may be scheduled twice.
    const timer = (): void => {
      callback();
    };
    this.#timers.set(timer, this.#now + delayMs);
    return () => {
      this.#timers.delete(timer);
    };
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets this much time pass, timer by timer. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [timer, at] = next;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      timer();
    }
    this.#now = end;
  }

  #next(end: number): [() => void, number] | undefined {
    const due = [...this.#timers].filter(([, at]) => at <= end);
    return due.sort((a, b) => a[1] - b[1])[0];
  }
}
