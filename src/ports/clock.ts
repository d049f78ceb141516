// Time and timers, the only source of both for drivers.
import type { Millis } from '../core/time.ts';

export interface Clock {
  /** Monotonic milliseconds, fractions allowed. */
  now(): Millis;
  /** Seconds since 1970, for what is stored or shown. */
  unixSeconds(): number;
  /** Calls back once after `delayMs`; the returned function cancels. A pending timer does not keep a process alive. */
  schedule(delayMs: Millis, callback: () => void): () => void;
}
