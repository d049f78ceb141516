// Bytes a second over a sliding window of equal buckets. Adding costs one comparison and three additions.
import type { Millis } from '../time.ts';

export class RateMeter {
  readonly #bucketMs: Millis;
  readonly #buckets: number[];
  #bucket = 0;
  #sum = 0;
  #since: Millis;
  #total = 0;

  /** A window of `buckets` times `bucketMs`, empty at `now`. */
  constructor(now: Millis, bucketMs: Millis, buckets: number) {
    this.#bucketMs = bucketMs;
    this.#buckets = new Array<number>(buckets).fill(0);
    this.#since = now;
    this.#bucket = Math.floor(now / bucketMs);
  }

  /** Bytes counted since the beginning. */
  get total(): number {
    return this.#total;
  }

  add(bytes: number, now: Millis): void {
    this.#roll(now);
    const at = this.#bucket % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) + bytes;
    this.#sum += bytes;
    this.#total += bytes;
  }

  /** Mean over the window, or over the time since the start where that is shorter. */
  perSecond(now: Millis): number {
    this.#roll(now);
    const windowStart = (this.#bucket - this.#buckets.length + 1) * this.#bucketMs;
    const elapsed = now - Math.max(this.#since, windowStart);
    return (this.#sum * 1000) / Math.max(elapsed, this.#bucketMs);
  }

  /** Empties the window, so that idle time before `now` does not count. The total stays. */
  restart(now: Millis): void {
    this.#buckets.fill(0);
    this.#sum = 0;
    this.#since = now;
    this.#bucket = Math.floor(now / this.#bucketMs);
  }

  #roll(now: Millis): void {
    const bucket = Math.floor(now / this.#bucketMs);
    if (bucket === this.#bucket) return;
    const steps = Math.min(bucket - this.#bucket, this.#buckets.length);
    for (let i = 1; i <= steps; i++) {
      const at = (this.#bucket + i) % this.#buckets.length;
      this.#sum -= this.#buckets[at] ?? 0;
      this.#buckets[at] = 0;
    }
    this.#bucket = bucket;
  }
}
