// Saves a torrent's resume data while it changes. Law: the data it speaks of is flushed before it is written, so that
// it never promises more than the disk holds.
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
}

const SAVE_EVERY_MS = 5000;
/** A save may take this part of the time at most: with 10,000 files on a slow disk it is not done every 5 s. */
const SAVE_SHARE = 0.05;

export class ResumeKeeper {
  readonly #key: string;
  readonly #deps: ResumeKeeperDeps;
  readonly #source: ResumeSource;
  #cancelTimer: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #intervalMs = SAVE_EVERY_MS;

  constructor(key: string, deps: ResumeKeeperDeps, source: ResumeSource) {
    this.#key = key;
    this.#deps = deps;
    this.#source = source;
  }

  /** Undefined where nothing usable was saved. Rejects with SystemError DISK_*. */
  async load(): Promise<ResumeData | undefined> {
    const bytes = await this.#deps.state.load(this.#key);
    return bytes === undefined ? undefined : parseResume(bytes);
  }

  /** Something has changed that is worth saving soon. */
  touch(): void {
    this.#cancelTimer ??= this.#deps.clock.schedule(this.#intervalMs, () => {
      this.#cancelTimer = undefined;
      void this.save(false);
    });
  }

  /** `clean`: nothing is under way, and nothing will be. A save that fails is logged: the content itself is safe. */
  save(clean: boolean): Promise<void> {
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
    const content = storage();
    const pieces = have();
    await content?.flush();
    return {
      info: info(),
      have: pieces?.toBytes(),
      files: (await content?.stat()) ?? [],
      clean,
      ...totals(),
    };
  }
}
