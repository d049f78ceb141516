// Time as the core sees it: a number handed in by the driver, never read from a clock.

/** Milliseconds on a monotonic clock with an arbitrary origin. */
export type Millis = number;

/** The earlier of two optional deadlines. */
export function earliest(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return Math.min(a, b);
}
