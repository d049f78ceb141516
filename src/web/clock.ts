// Time in a browser. Background tabs fire timers late; the drivers ask the clock again when one comes.
import type { Clock } from '../ports/clock.ts';

export const webClock: Clock = {
  now: () => performance.now(),
  unixSeconds: () => Math.floor(Date.now() / 1000),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};
