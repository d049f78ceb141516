// Brings what is published into line with what the state asks for: opens, replaces and closes items. One job at a time
// for each item, a few items at once.
import { SwarmpressError } from '../core/errors.ts';
import { isAborted } from './aborted.ts';
import type { CatalogueEvent, EndReason } from './catalogue-options.ts';
import { openLiveItem, type LiveItem, type ShelfDeps } from './live-item.ts';
import type { ItemRecord } from './records.ts';
import type { CatalogueState } from './state.ts';
import { makeVersions, type VersionDeps, type VersionOptions } from './versions.ts';

export interface ShelfOptions extends ShelfDeps {
  readonly state: CatalogueState;
  readonly versions: VersionOptions;
  readonly versionDeps: VersionDeps;
  readonly onEvent: (event: CatalogueEvent) => void;
}

/** What visitors of an address find. */
export type Found =
  | { readonly kind: 'live'; readonly item: LiveItem }
  | { readonly kind: 'ended'; readonly record: ItemRecord; readonly reason: EndReason }
  | { readonly kind: 'preparing' | 'dormant'; readonly record: ItemRecord };

interface Job {
  /** The content is to be looked at again. */
  dirty: boolean;
  /** Asked for once more while it was being done. */
  again: boolean;
}

/** Items that are opened or closed at once; hashing takes every core whatever this is. */
const LANES = 4;

export class Shelf {
  readonly #options: ShelfOptions;
  readonly #live = new Map<string, LiveItem>();
  readonly #records = new Map<string, ItemRecord>();
  /** Named at this start, or found in the watched folder. */
  readonly #present = new Set<string>();
  /** Were present, and are not any more. */
  readonly #gone = new Set<string>();
  readonly #failed = new Map<string, string>();
  readonly #queue = new Map<string, Job>();
  readonly #busy = new Set<string>();
  readonly #ended = new Set<string>();
  #lanes = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  get live(): readonly LiveItem[] {
    return [...this.#live.values()];
  }

  /** Undefined for a name that was never given. */
  find(slug: string): Found | undefined {
    const record = this.#records.get(slug);
    const item = this.#live.get(slug);
    if (record === undefined) return undefined;
    const reason = this.#endOf(record);
    if (reason !== undefined) return { kind: 'ended', record, reason };
    if (item !== undefined) return { kind: 'live', item };
    return { kind: this.#isPresent(record) && !this.#failed.has(slug) ? 'preparing' : 'dormant', record };
  }

  /** These are there; with `changed` their content is to be looked at again. */
  present(records: readonly ItemRecord[], changed: boolean): void {
    for (const { slug } of records) {
      this.#present.add(slug);
      this.#gone.delete(slug);
      this.#failed.delete(slug);
      if (changed && this.#live.has(slug)) this.#enqueue(slug, true);
    }
    this.sync();
  }

  gone(slugs: readonly string[]): void {
    for (const slug of slugs) {
      this.#present.delete(slug);
      this.#gone.add(slug);
    }
    this.sync();
  }

  /** Looks at every item: call it when records have changed, and when time may have ended one. */
  sync(): void {
    for (const record of this.#options.state.items()) this.#records.set(record.slug, record);
    for (const record of this.#records.values()) {
      const { slug } = record;
      const item = this.#live.get(slug);
      const isWanted =
        this.#isPresent(record) && this.#endOf(record) === undefined && !this.#failed.has(slug);
      if (isWanted ? needsWork(item, record) : item !== undefined) this.#enqueue(slug, false);
      else if (item !== undefined) item.record = record;
      this.#reportEnd(record);
    }
  }

  /** A content that failed is tried again. */
  retry(slug: string): void {
    this.#failed.delete(slug);
    this.sync();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#queue.size > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
    await Promise.all(this.live.map((item) => item.close()));
    this.#live.clear();
  }

  #isPresent(record: ItemRecord): boolean {
    return record.source === 'added' || this.#present.has(record.slug);
  }

  #endOf(record: ItemRecord): EndReason | undefined {
    if (record.down !== undefined) return 'down';
    if (record.expiresAt !== undefined && record.expiresAt * 1000 <= Date.now()) return 'expired';
    if (record.maxDownloads !== undefined) {
      const { downloads } = this.#options.state.counts(record.slug);
      if (downloads >= record.maxDownloads) return 'exhausted';
    }
    return this.#gone.has(record.slug) ? 'gone' : undefined;
  }

  #reportEnd(record: ItemRecord): void {
    const reason = this.#endOf(record);
    const { slug } = record;
    if (reason === undefined) this.#ended.delete(slug);
    else if (!this.#ended.has(slug)) {
      this.#ended.add(slug);
      const title = this.#live.get(slug)?.title ?? record.title ?? slug;
      if (this.#live.has(slug)) this.#options.onEvent({ kind: 'ended', slug, title, reason });
    }
  }

  #enqueue(slug: string, dirty: boolean): void {
    const waiting = this.#queue.get(slug);
    if (waiting !== undefined) {
      waiting.again ||= this.#busy.has(slug);
      waiting.dirty ||= dirty;
      return;
    }
    this.#queue.set(slug, { dirty, again: false });
    if (this.#lanes < LANES) void this.#lane();
  }

  async #lane(): Promise<void> {
    this.#lanes++;
    for (;;) {
      const [next, job] = this.#next();
      if (next === undefined || job === undefined) break;
      this.#busy.add(next);
      const { dirty } = job;
      Object.assign(job, { dirty: false, again: false });
      await this.#work(next, dirty);
      this.#busy.delete(next);
      if (!job.again) this.#queue.delete(next);
    }
    this.#lanes--;
    if (this.#queue.size === 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  #next(): readonly [slug: string, job: Job] | readonly [] {
    for (const entry of this.#queue) if (!this.#busy.has(entry[0])) return entry;
    return [];
  }

  async #work(slug: string, dirty: boolean): Promise<void> {
    const { onEvent, state } = this.#options;
    const record = state.item(slug);
    try {
      if (record === undefined) return;
      this.#records.set(slug, record);
      const before = this.#live.get(slug);
      const isWanted = this.#isPresent(record) && this.#endOf(record) === undefined && !this.#closed;
      if (!isWanted) await this.#remove(slug);
      else if (dirty || needsWork(before, record)) await this.#open(record, before);
    } catch (error) {
      if (this.#closed || isAborted(error)) return;
      if (!(error instanceof SwarmpressError)) throw error;
      this.#failed.set(slug, error.message);
      await this.#remove(slug);
      onEvent({ kind: 'failed', slug, code: error.code, message: error.message });
    }
  }

  async #open(record: ItemRecord, before: LiveItem | undefined): Promise<void> {
    const { versions, versionDeps, onEvent } = this.#options;
    const made = await makeVersions(record, versions, versionDeps);
    await this.#remove(record.slug);
    const item = await openLiveItem(record, made, this.#options);
    this.#live.set(record.slug, item);
    const isUpdate = made.isNew && made.current.record.version > 1;
    if (!isUpdate && before !== undefined) return;
    const { slug, title } = item;
    onEvent({ kind: isUpdate ? 'updated' : 'published', slug, title, page: item.item.offer.links.page });
  }

  async #remove(slug: string): Promise<void> {
    const item = this.#live.get(slug);
    if (item === undefined) return;
    this.#live.delete(slug);
    await item.close();
  }
}

function needsWork(item: LiveItem | undefined, record: ItemRecord): boolean {
  if (item === undefined) return true;
  const { path, access, comment, look } = item.record;
  return (
    path !== record.path || access !== record.access || comment !== record.comment || look !== record.look
  );
}
