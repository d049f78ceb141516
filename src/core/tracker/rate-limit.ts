// Token buckets for addresses in memory of fixed size: an address is hashed (with a secret) to one of many buckets, so
// a flood from a million addresses costs no more memory than one, and nobody can aim at somebody else's bucket. IPv6
// addresses of one /64 share a bucket: whoever has one has all of it.
import type { Millis } from '../time.ts';
import { hashWords, type HashKey } from './store/keyed-hash.ts';

const BUCKETS = 1 << 16;
/** Memory of all buckets. */
export const RATE_BYTES: number = 8 * BUCKETS;

export interface RateLimitOptions {
  /** Requests a second in the long run; 0 switches the limit off. */
  readonly perSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
  readonly key: HashKey;
  /** Shared by the threads of a tracker, RATE_BYTES long, so that all together grant what one would. */
  readonly memory?: SharedArrayBuffer | undefined;
}

export class RateLimit {
  /** When each bucket will be full again, in ms: the one number a token bucket needs. */
  readonly #fullAt: Float64Array;
  readonly #words: Int32Array = new Int32Array(2);
  readonly #key: HashKey;
  readonly #costMs: Millis;
  readonly #depthMs: Millis;

  constructor(options: RateLimitOptions) {
    const { perSecond, memory } = options;
    if (perSecond === 0) this.#fullAt = new Float64Array(0);
    else this.#fullAt = memory === undefined ? new Float64Array(BUCKETS) : new Float64Array(memory);
    this.#key = options.key;
    this.#costMs = options.perSecond > 0 ? 1000 / options.perSecond : 0;
    this.#depthMs = this.#costMs * options.burst;
  }

  /** Takes `cost` tokens of the address's bucket; false (and nothing is taken) when there are too few. */
  take(ip: Uint8Array, now: Millis, cost: number): boolean {
    if (this.#fullAt.length === 0) return true;
    const v6 = ip.length === 16;
    this.#words[0] = word(ip, 0);
    this.#words[1] = v6 ? word(ip, 4) : 0;
    const bucket = hashWords(this.#key, this.#words, 2) & (BUCKETS - 1);
    const fullAt = Math.max(this.#fullAt[bucket] ?? 0, now) + cost * this.#costMs;
    if (fullAt - now > this.#depthMs) return false;
    this.#fullAt[bucket] = fullAt;
    return true;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  );
}
