// Random choices of the swarm: fast, seeded, repeatable in a simulation. Not fit for secrets.

/** Xorshift over 32 bits. */
export class Rng {
  #state: number;

  /** Any 32-bit seed; 0 is taken as another number, as xorshift never leaves 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0 === 0 ? 0x9e3779b9 : seed >>> 0;
  }

  /** Uniform over 1 .. 2^32 - 1. */
  uint32(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** Uniform over 0 .. limit - 1; 0 for a limit below 1. */
  below(limit: number): number {
    return limit < 1 ? 0 : Math.floor((this.uint32() / 0x1_0000_0000) * limit);
  }

  /** One element, or undefined of an empty list. */
  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }
}
