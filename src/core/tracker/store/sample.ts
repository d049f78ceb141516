// A fair choice of k peers out of n without shuffling or remembering: the positions, turned by a random offset, are cut
// into k strata of (nearly) equal size and one is taken of each. The turn makes all positions alike, so each peer is
// chosen with probability k / n, none twice.

/** xorshift32: quick numbers for choices that are no secret. The seed must not be 0. */
export class QuickRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** 0 <= result < bound <= 2^31. */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.floor((x >>> 0) * 2.3283064365386963e-10 * bound);
  }
}

/** Fills `chosen[0, k)` with different positions below n; needs k <= n. */
export function sample(
  random: QuickRandom,
  range: { readonly k: number; readonly n: number },
  chosen: Int32Array,
): void {
  const { k, n } = range;
  const turn = random.below(n);
  let low = 0;
  for (let i = 0; i < k; i++) {
    const high = Math.floor(((i + 1) * n) / k);
    const at = turn + low + random.below(high - low);
    chosen[i] = at >= n ? at - n : at;
    low = high;
  }
}
