// How long our packets wait in buffers on their way (BEP 29, RFC 6817): their one-way delay, less the least that was
// seen in the last minutes. Clocks of the two ends are not alike, so only differences of samples mean anything.
import type { Millis } from '../time.ts';

const MINUTE: Millis = 60_000;
/** BEP 29: the base is the minimum of the last two minutes; the minute that is running comes on top. */
const MINUTES_KEPT = 3;
/** RFC 6817 takes the least of the last few samples, for jitter only ever adds. */
const SAMPLES_KEPT = 4;

export class QueuingDelay {
  /** Least sample of each minute, the running one last. All in microseconds modulo 2^32. */
  readonly #minutes: number[] = [];
  #minuteEnds: Millis = 0;
  readonly #recent: number[] = [];

  /** Takes a timestamp difference from the other end, not 0; gives the current delay in microseconds. */
  sample(difference: number, now: Millis): number {
    const last = this.#minutes.length - 1;
    const least = this.#minutes[last];
    if (least === undefined || now >= this.#minuteEnds) {
      this.#minutes.push(difference);
      if (this.#minutes.length > MINUTES_KEPT) this.#minutes.shift();
      this.#minuteEnds = now + MINUTE;
    } else if (isBefore(difference, least)) {
      this.#minutes[last] = difference;
    }
    const base = this.#minutes.reduce((a, b) => (isBefore(b, a) ? b : a));
    this.#recent.push((difference - base) >>> 0);
    if (this.#recent.length > SAMPLES_KEPT) this.#recent.shift();
    return Math.min(...this.#recent);
  }
}

/** Order in the circle of 2^32. */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
