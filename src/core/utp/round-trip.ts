// How long an acknowledgement takes, and so when to give up waiting for it (BEP 29, "timeouts").
import type { Millis } from '../time.ts';

const LEAST_MS = 500;
const MOST_MS = 60_000;
/** Before the first measurement. */
const INITIAL_MS = 1000;

export class RoundTrip {
  #rtt: Millis | undefined;
  #variance: Millis = 0;
  #timeout: Millis = INITIAL_MS;

  /** Current patience, doubled by each timeout since the last measurement. */
  get timeout(): Millis {
    return this.#timeout;
  }

  /** Smoothed; undefined before the first measurement. */
  get rtt(): Millis | undefined {
    return this.#rtt;
  }

  /** One measurement, of a packet that was sent only once. */
  measured(sample: Millis): void {
    if (this.#rtt === undefined) {
      this.#rtt = sample;
      this.#variance = sample / 2;
    } else {
      this.#variance += (Math.abs(this.#rtt - sample) - this.#variance) / 4;
      this.#rtt += (sample - this.#rtt) / 8;
    }
    this.#timeout = Math.min(MOST_MS, Math.max(LEAST_MS, this.#rtt + 4 * this.#variance));
  }

  timedOut(): void {
    this.#timeout = Math.min(MOST_MS, 2 * this.#timeout);
  }
}
