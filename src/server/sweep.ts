// Forgetting old peers between requests: in slices, until a step has had its time. A slice takes a tenth of a
// millisecond where little is too old, and several times that where all of it is; so time is measured, not counted.
import type { SwarmTable } from '../core/tracker/swarm-table.ts';

/** Peers and records looked at before the clock is. */
const SLICE = 128;
/** Half of what a step may take: the last slice may be a slow one. */
const STEP_MS = 1;

/** One step; true when the walk over all swarms has come round. */
export function sweepStep(table: Pick<SwarmTable, 'sweep'>, now: () => number): boolean {
  const startedAt = now();
  for (;;) {
    if (table.sweep(startedAt, SLICE)) return true;
    if (now() - startedAt >= STEP_MS) return false;
  }
}
