// What a caller says about pieces it waits for, checked and put on the engine's clock.
import { UsageError } from '../core/errors.ts';
import type { PieceDeadline } from '../core/swarm/inputs.ts';
import type { Millis } from '../core/time.ts';

/** More than a reader can be ahead by; each is looked at for every request. */
const MAX_DEADLINES = 1000;

/** Throws UsageError DEADLINES_INVALID. Of a long list the soonest count. */
export function toPieceDeadlines(
  deadlines: readonly { readonly piece: number; readonly withinMs: number }[],
  { pieceCount, now }: { readonly pieceCount: number; readonly now: Millis },
): PieceDeadline[] {
  for (const { piece, withinMs } of deadlines) {
    if (!Number.isInteger(piece) || piece < 0 || piece >= pieceCount) {
      const message = `the torrent has no piece ${String(piece)}`;
      throw new UsageError('DEADLINES_INVALID', message, { expected: pieceCount, received: piece });
    }
    if (Number.isFinite(withinMs)) continue;
    throw new UsageError(
      'DEADLINES_INVALID',
      `a deadline is a number of milliseconds, not ${String(withinMs)}`,
    );
  }
  return deadlines
    .map(({ piece, withinMs }) => ({ piece, at: now + withinMs }))
    .sort((a, b) => a.at - b.at)
    .slice(0, MAX_DEADLINES);
}
