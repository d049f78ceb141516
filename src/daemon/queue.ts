// Which torrents may run: a pure choice, made anew whenever something has changed.
// Law: in the order of the queue, so many downloads and so many seeds; one that is stalled holds no place.

export interface QueueItem {
  readonly id: string;
  /** What it does or would do if it ran. */
  readonly kind: 'download' | 'seed';
  readonly paused: boolean;
  /** Nothing has moved for a while although it runs: it may go on, beside the others. */
  readonly stalled: boolean;
}

export interface QueueRoom {
  readonly downloads: number;
  readonly seeds: number;
}

/** Ids of the torrents that run. `items` come in the order of the queue. */
export function chooseRunning(items: readonly QueueItem[], room: QueueRoom): ReadonlySet<string> {
  const running = new Set<string>();
  const left = { download: room.downloads, seed: room.seeds };
  for (const { id, kind, paused, stalled } of items) {
    if (paused || left[kind] <= 0) continue;
    running.add(id);
    if (!stalled) left[kind] -= 1;
  }
  return running;
}
