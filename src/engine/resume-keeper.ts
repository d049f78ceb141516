// Saves a torrent's resume data while it changes. Written data survives the process, so saving does not wait for the
// medium (10,000 flushes take longer than the download); it notes the host's boot instead, and whoever loads it after a
// restart hashes the content again. Data is flushed when the torrent is whole and when it is closed.
import type { Bitfield } from '../core/bytes/bitfield.ts';
import { SystemError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { StateStore, Storage } from '../ports/storage.ts';
import { encodeResume, parseResume, type ResumeData } from './resume.ts';

/** What there is to save, asked at the moment of saving. */
export interface ResumeSource {
  /** Undefined before there is content. */
  readonly storage: () => Storage | undefined;
  readonly have: () => Bitfield | undefined;
  readonly info: () => ResumeData['info'];
  readonly totals: () => { readonly downloaded: number; readonly uploaded: number };
}

export interface ResumeKeeperDeps {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly bootId?: string | undefined;
}

const SAVE_EVERY_MS = 5000;
/** A save may take this part of the time at most: it looks at every file, of which there may be many. */
const SAVE_SHARE = 0.05;
/** How long a torrent that is closed waits for its data to be flushed. */
const LAST_FLUSH_MS = 1000;

export class ResumeKeeper {
  readonly #key: string;
  readonly #deps: ResumeKeeperDeps;
  readonly #source: ResumeSource;
  #cancelTimer: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #intervalMs = SAVE_EVERY_MS;
  /**
   * Counts changes of the content, to see whether a flush has caught them all. Begins at 1: what a process before us
   * wrote may be unflushed too, unless it says otherwise.
   */
  #changes = 1;
  #flushedChanges = 0;
  #closed = false;

  constructor(key: string, deps: ResumeKeeperDeps, source: ResumeSource) {
    this.#key = key;
    this.#deps = deps;
    this.#source = source;
  }

  /** Undefined where nothing usable was saved. Rejects with SystemError DISK_*. */
  async load(): Promise<ResumeData | undefined> {
    const bytes = await this.#deps.state.load(this.#key);
    const resume = bytes === undefined ? undefined : parseResume(bytes);
    if (resume?.clean === true && resume.unflushedSince === undefined) this.#flushedChanges = this.#changes;
    return resume;
  }

  /** The content has changed: saved within a few seconds. */
  touch(): void {
    this.#changes++;
    this.saveSoon();
  }

  /** A check is done. What a whole one has found wrong must not be trusted again by a process started after a kill. */
  async checked(isWhole: boolean): Promise<void> {
    if (isWhole) await this.save();
    else this.saveSoon();
  }

  saveSoon(): void {
    this.#cancelTimer ??= this.#deps.clock.schedule(this.#intervalMs, () => {
      this.#cancelTimer = undefined;
      void this.save();
    });
  }

  /** A save that fails is logged: the content itself is safe. */
  save(): Promise<void> {
    return this.#enqueue(false);
  }

  /** Has the content survive a power cut, and saves that it does. */
  async flush(): Promise<void> {
    const changes = this.#changes;
    if (changes === this.#flushedChanges) return;
    try {
      await this.#source.storage()?.flush();
      this.#flushedChanges = changes;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#deps.log.warn('content could not be flushed', { reason: error.message });
    }
    if (!this.#closed) await this.save();
  }

  /** The last save: nothing is under way, and nothing will be. */
  async close(): Promise<void> {
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#deps.clock.schedule(LAST_FLUSH_MS, resolve);
    });
    await Promise.race([this.flush(), patience]);
    cancel();
    this.#closed = true;
    await this.#enqueue(true);
  }

  #enqueue(clean: boolean): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#saving = this.#saving.then(() => this.#save(clean));
    return this.#saving;
  }

  async #save(clean: boolean): Promise<void> {
    const { clock, log, state } = this.#deps;
    const startedAt = clock.now();
    try {
      await state.save(this.#key, encodeResume(await this.#collect(clean)));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      log.warn('resume data could not be saved', { reason: error.message });
    }
    this.#intervalMs = Math.max(SAVE_EVERY_MS, (clock.now() - startedAt) / SAVE_SHARE);
  }

  async #collect(clean: boolean): Promise<ResumeData> {
    const { storage, have, info, totals } = this.#source;
    const isFlushed = this.#changes === this.#flushedChanges;
    const pieces = have();
    return {
      info: info(),
      have: pieces?.toBytes(),
      files: (await storage()?.stat()) ?? [],
      clean,
      unflushedSince: isFlushed ? undefined : (this.#deps.bootId ?? ''),
      ...totals(),
    };
  }
}
