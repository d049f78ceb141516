// The `so` parameter of a magnet link, "0,2,4,6-8": indices of the files to download (BEP 53).
import { LIMITS } from '../limits.ts';

interface Run {
  readonly first: number;
  readonly last: number;
}

const RUN = /^([0-9]+)(?:-([0-9]+))?$/;

/**
 * The indices of all values together, ascending; undefined if there is none. Runs that make no sense or name more files
 * than a torrent can have are passed over. Overlapping runs are merged first, so that a short link stays cheap.
 */
export function parseSelection(values: readonly string[]): number[] | undefined {
  const runs: Run[] = [];
  for (const part of values.flatMap((value) => value.split(','))) {
    const [, first, last] = RUN.exec(part) ?? [];
    if (first === undefined) continue;
    const run = { first: Number(first), last: Number(last ?? first) };
    if (run.first <= run.last && run.last < LIMITS.torrentFiles.value) runs.push(run);
  }
  runs.sort((a, b) => a.first - b.first);
  const selected: number[] = [];
  let next = 0;
  for (const { first, last } of runs) {
    for (next = Math.max(next, first); next <= last; next++) selected.push(next);
  }
  return selected.length === 0 ? undefined : selected;
}

/** Neighbours as runs; `selected` must be ascending. */
export function formatSelection(selected: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < selected.length;) {
    const first = selected[at] ?? 0;
    let length = 1;
    while (selected[at + length] === first + length) length++;
    parts.push(length === 1 ? String(first) : `${String(first)}-${String(first + length - 1)}`);
    at += length;
  }
  return parts.join(',');
}
