// A lock in shared memory with the number of its holder in it, so that somebody else can tell, when a thread has died,
// what that thread held. Nobody waits for ever: acquire() gives up after a while, for the holder may be dead.

/** Looks at a lock before a thread sleeps: what is done under it takes about a microsecond. */
const SPINS = 200;
const SLEEP_MS = 1;
/** A tenth of a second: far longer than any work under the lock. */
const SLEEPS = 100;

export class StripeLock {
  readonly #memory: Int32Array;
  readonly #at: number;
  readonly #owner: number;

  /** `owner` is this thread's number, above 0 and its own. */
  constructor(memory: Int32Array, at: number, owner: number) {
    this.#memory = memory;
    this.#at = at;
    this.#owner = owner;
  }

  /** The thread that holds it, 0 for none. */
  get holder(): number {
    return Atomics.load(this.#memory, this.#at);
  }

  /** False where the lock could not be had: then nothing may be touched. */
  acquire(): boolean {
    for (let spin = 0; spin < SPINS; spin++) if (this.#try()) return true;
    for (let sleep = 0; sleep < SLEEPS; sleep++) {
      const { holder } = this;
      if (holder !== 0) Atomics.wait(this.#memory, this.#at, holder, SLEEP_MS);
      if (this.#try()) return true;
    }
    return false;
  }

  release(): void {
    Atomics.store(this.#memory, this.#at, 0);
  }

  #try(): boolean {
    return Atomics.compareExchange(this.#memory, this.#at, 0, this.#owner) === 0;
  }
}
