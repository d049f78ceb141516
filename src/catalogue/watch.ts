// Watches a folder whose entries are items. An entry counts when it has stopped changing: when two looks, a settling time
// apart, find the same files with the same lengths and times. Looking is polling, since not every file system tells.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { isAborted } from './aborted.ts';

export interface WatchOptions {
  readonly folder: string;
  readonly hidden: boolean;
  /** An entry must have been still for so long. */
  readonly settleMs: number;
}

export interface WatchEvents {
  /** Entries are ready for the first time, or again after they changed. */
  onReady(paths: readonly string[]): Promise<void>;
  /** Entries are not there any more. */
  onGone(paths: readonly string[]): Promise<void>;
  /** The folder itself cannot be read; said once until it can be. */
  onTrouble(reason: string): void;
}

interface Entry {
  look: string;
  sinceMs: number;
  /** What was reported as ready. */
  ready: string | undefined;
}

const POLL_MS = 1000;
/** Looking may take this part of the time at most. */
const SHARE = 0.05;
/** Names of files that other programs are still writing. */
const PARTIAL = /(^~|\.(part|partial|crdownload|tmp|!qb|aria2)$)/i;
const LOOKS_BY_TURN = 50;

/** Runs until the signal aborts. What is there at the start and has been still for long enough is ready at once. */
export async function watchFolder(
  options: WatchOptions,
  events: WatchEvents,
  signal: AbortSignal,
): Promise<void> {
  const watch = new Watch(options, events);
  while (!signal.aborted) {
    const startedAt = performance.now();
    await watch.look();
    const took = performance.now() - startedAt;
    await sleep(Math.max(POLL_MS, took / SHARE), undefined, { signal }).catch((error: unknown) => {
      if (!isAborted(error)) throw error;
    });
  }
}

class Watch {
  readonly #options: WatchOptions;
  readonly #events: WatchEvents;
  readonly #entries = new Map<string, Entry>();
  #trouble = false;

  constructor(options: WatchOptions, events: WatchEvents) {
    this.#options = options;
    this.#events = events;
  }

  async look(): Promise<void> {
    const names = this.#list();
    if (names === undefined) return;
    const ready: string[] = [];
    let looked = 0;
    for (const name of names) {
      if (++looked % LOOKS_BY_TURN === 0) await setImmediate();
      const path = join(this.#options.folder, name);
      if (this.#isReady(path)) ready.push(path);
    }
    const here = new Set(names.map((name) => join(this.#options.folder, name)));
    const gone = [...this.#entries.keys()].filter((path) => !here.has(path));
    for (const path of gone) this.#entries.delete(path);
    if (gone.length > 0) await this.#events.onGone(gone);
    if (ready.length > 0) await this.#events.onReady(ready);
  }

  #list(): string[] | undefined {
    try {
      const names = readdirSync(this.#options.folder).filter(
        (name) => !PARTIAL.test(name) && (this.#options.hidden || !name.startsWith('.')),
      );
      this.#trouble = false;
      return names;
    } catch (error) {
      if (!this.#trouble) this.#events.onTrouble(error instanceof Error ? error.message : String(error));
      this.#trouble = true;
      return undefined;
    }
  }

  /** True once for each state in which the entry has come to rest. */
  #isReady(path: string): boolean {
    const { text, newestMs } = lookAt(path);
    const now = Date.now();
    const known = this.#entries.get(path);
    // At first sight the times of the files tell how long it has been still.
    const entry = known ?? { look: text, sinceMs: Math.min(now, newestMs), ready: undefined };
    this.#entries.set(path, entry);
    if (entry.look !== text) {
      entry.look = text;
      entry.sinceMs = now;
    }
    if (text === '' || entry.ready === text || now - entry.sinceMs < this.#options.settleMs) return false;
    entry.ready = text;
    return true;
  }
}

/** Everything below a path with lengths and times; empty where there is no file yet. */
function lookAt(path: string): { readonly text: string; readonly newestMs: number } {
  const lines: string[] = [];
  let newestMs = 0;
  const visit = (at: string): void => {
    const stats = statSync(at, { throwIfNoEntry: false });
    if (stats === undefined) return;
    newestMs = Math.max(newestMs, stats.mtimeMs, stats.ctimeMs);
    if (stats.isDirectory()) for (const name of readdirSync(at)) visit(join(at, name));
    else lines.push(`${at}\n${String(stats.size)} ${String(stats.mtimeMs)}`);
  };
  try {
    visit(path);
  } catch {
    // It changes under our eyes: the next look tells.
    return { text: '', newestMs: Date.now() };
  }
  return { text: lines.join('\n'), newestMs };
}
