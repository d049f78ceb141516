// One timer for a deadline that moves all the time. A deadline that moves back leaves the armed timer alone: it
// fires early, finds nothing due, and is armed again. So a deadline pushed back by each packet costs nothing.
import type { Millis } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';

/** Calls back at or after the deadline it was given last. */
export class Deadline {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #due: Millis | undefined;
  #armedFor: Millis | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Undefined: nothing is due. */
  set(due: Millis | undefined): void {
    this.#due = due;
    if (due === undefined || (this.#armedFor !== undefined && this.#armedFor <= due)) return;
    this.#arm(due);
  }

  clear(): void {
    this.#due = undefined;
    this.#armedFor = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(at: Millis): void {
    this.#cancel?.();
    this.#armedFor = at;
    this.#cancel = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => {
      this.#fire();
    });
  }

  #fire(): void {
    this.#armedFor = undefined;
    this.#cancel = undefined;
    const due = this.#due;
    if (due === undefined) return;
    if (due > this.#clock.now()) {
      this.#arm(due);
      return;
    }
    this.#due = undefined;
    this.#onDue();
  }
}
