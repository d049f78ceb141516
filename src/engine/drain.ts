// The only loop over `poll`. Law: one input, then all its effects, then the next input. Inputs that effects give rise
// to on the spot wait for their turn, so that the machine is never entered twice.
import type { Millis } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import { Deadline } from './deadline.ts';

/** What every machine of the core looks like to its driver. */
export interface Machine<Input, Effect> {
  handle(input: Input, now: Millis): void;
  poll(): Effect | undefined;
  nextTimeout(): Millis | undefined;
}

export interface DrainDeps<Input, Effect> {
  readonly clock: Clock;
  /** Carries out one effect. */
  readonly apply: (effect: Effect) => void;
  /** Called when the machine has come to rest: what was corked leaves. */
  readonly settle: () => void;
  /** The input for "time has passed". */
  readonly tick: Input;
}

export class Drain<Input, Effect> {
  readonly #machine: Machine<Input, Effect>;
  readonly #deps: DrainDeps<Input, Effect>;
  readonly #deadline: Deadline;
  readonly #waiting: Input[] = [];
  #depth = 0;
  #draining = false;
  #closed = false;

  constructor(machine: Machine<Input, Effect>, deps: DrainDeps<Input, Effect>) {
    this.#machine = machine;
    this.#deps = deps;
    this.#deadline = new Deadline(deps.clock, () => {
      this.push(deps.tick);
    });
  }

  /** Hands an input to the machine and carries out what follows from it. */
  push(input: Input): void {
    if (this.#closed) return;
    if (this.#draining) {
      this.#waiting.push(input);
      return;
    }
    this.#depth++;
    this.#draining = true;
    this.#step(input);
    while (this.#waiting.length > 0) for (const next of this.#waiting.splice(0)) this.#step(next);
    this.#draining = false;
    this.#leave();
  }

  /** Several pushes that settle once, at the end. */
  batch(work: () => void): void {
    this.#depth++;
    work();
    this.#leave();
  }

  /** Nothing goes in or comes out from now on. */
  close(): void {
    this.#closed = true;
    this.#deadline.clear();
  }

  #step(input: Input): void {
    this.#machine.handle(input, this.#deps.clock.now());
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll()) {
      this.#deps.apply(effect);
    }
  }

  #leave(): void {
    if (--this.#depth > 0) return;
    this.#deps.settle();
    if (!this.#closed) this.#deadline.set(this.#machine.nextTimeout());
  }
}
