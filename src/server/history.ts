// The numbers of the last minutes, so that the charts of /stats are full when somebody opens it.
import type { TrackerStatistics } from './statistics.ts';

const EVERY_MS = 2000;
/** Five minutes. */
const KEPT = 150;

export interface Recent {
  readonly everySeconds: number;
  /** Of the last sample. */
  readonly ageSeconds: number;
  /** The oldest first. */
  readonly samples: readonly TrackerStatistics[];
}

export interface History {
  /** What /stats-recent.json says. */
  recent(): Recent;
  close(): void;
}

export function recordHistory(statistics: () => TrackerStatistics, now: () => number): History {
  const samples: TrackerStatistics[] = [];
  let sampledAt = now();
  const timer = setInterval(() => {
    samples.push(statistics());
    sampledAt = now();
    if (samples.length > KEPT) samples.shift();
  }, EVERY_MS);
  timer.unref();
  return {
    recent: () => ({ everySeconds: EVERY_MS / 1000, ageSeconds: (now() - sampledAt) / 1000, samples }),
    close: () => {
      clearInterval(timer);
    },
  };
}
