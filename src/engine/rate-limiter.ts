// A token bucket that may go into debt: what is taken is taken, and nothing more goes until the debt is paid off. So
// no transfer is ever cut to fit, and the mean holds. Waiters are served in turn.
import type { Millis } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';

/** How much unused allowance may pile up, in milliseconds of the rate. */
const BURST_MS = 250;
/** Below this a wait is not worth a timer of its own. */
const MIN_WAIT_MS = 5;

export class RateLimiter {
  readonly #clock: Clock;
  #perSecond: number | undefined;
  #tokens = 0;
  #refilledAt: Millis;
  #waiters = new Set<() => void>();
  #cancelTimer: (() => void) | undefined;

  /** Bytes a second; undefined is unlimited. */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#refilledAt = clock.now();
  }

  get perSecond(): number | undefined {
    return this.#perSecond;
  }

  set(perSecond: number | undefined): void {
    this.#refill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, 0);
    this.#cancelTimer?.();
    this.#serve();
  }

  /** True when something may go now. */
  get isFree(): boolean {
    if (this.#perSecond === undefined) return true;
    this.#refill();
    return this.#tokens >= 0;
  }

  take(bytes: number): void {
    if (this.#perSecond !== undefined) this.#tokens -= bytes;
  }

  /** Calls back once when it is the caller's turn to look at `isFree` again. The same callback waits once. */
  wait(callback: () => void): void {
    this.#waiters.add(callback);
    if (this.#cancelTimer === undefined) this.#arm();
  }

  forget(callback: () => void): void {
    this.#waiters.delete(callback);
  }

  #serve(): void {
    this.#cancelTimer = undefined;
    for (const waiter of this.#waiters) {
      if (!this.isFree) break;
      this.#waiters.delete(waiter);
      waiter();
    }
    if (this.#waiters.size > 0) this.#arm();
  }

  #arm(): void {
    const perMs = (this.#perSecond ?? Number.POSITIVE_INFINITY) / 1000;
    const delayMs = Math.max(MIN_WAIT_MS, -this.#tokens / perMs);
    this.#cancelTimer = this.#clock.schedule(delayMs, () => {
      this.#serve();
    });
  }

  #refill(): void {
    const now = this.#clock.now();
    const perMs = (this.#perSecond ?? 0) / 1000;
    this.#tokens = Math.min(this.#tokens + (now - this.#refilledAt) * perMs, BURST_MS * perMs);
    this.#refilledAt = now;
  }
}

/** The first limiter that is in debt, if any. */
export function firstBusy(limiters: readonly RateLimiter[]): RateLimiter | undefined {
  return limiters.find((limiter) => !limiter.isFree);
}
