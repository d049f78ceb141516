// The daemon's torrents: adds, runs, limits and removes them, and remembers all of it.
// Law: what a caller was told is on disk before the answer, so a kill at any moment loses nothing that was accepted.
import { join } from 'node:path';
import { toHex } from '../core/bytes/bytes.ts';
import { SwarmpressError, UsageError } from '../core/errors.ts';
import { parseMagnet, type MagnetLink } from '../core/metainfo/magnet.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import type { Session, Torrent } from '../engine/api.ts';
import { Emitter } from '../engine/emitter.ts';
import { nodeDigests } from '../node/digests.ts';
import { removeContent } from '../node/remove-content.ts';
import type { Log } from '../ports/log.ts';
import { runCompletion, type CompletionCommand } from './completion.ts';
import {
  changeSettings,
  DEFAULT_SETTINGS,
  type Entry,
  type EntrySettings,
  type SettingsChange,
} from './entry.ts';
import type { KeptEntry, Library } from './library.ts';
import { Managed } from './managed.ts';
import { chooseRunning, type QueueRoom } from './queue.ts';
import { limitsAt, type Limits, type ScheduleRule } from './schedule.ts';

export interface ManagerOptions {
  /** Torrents that run at once. */
  readonly room: QueueRoom;
  readonly limits: Limits;
  readonly schedule: readonly ScheduleRule[];
  readonly onComplete: CompletionCommand | undefined;
  /** For torrents that are added without settings of their own. */
  readonly defaults: SettingsChange;
}

export interface ManagerDeps {
  readonly session: Session;
  readonly library: Library;
  readonly log: Log;
}

export interface ManagerEvents {
  readonly added: Managed;
  readonly done: Managed;
  /** Seeding has reached its goal; the torrent is paused. */
  readonly finished: Managed;
  readonly failed: Managed;
  readonly removed: Managed;
}

/** Torrents whose content is checked at once; more would only make the disk seek. */
const PARALLEL_CHECKS = 2;
/** Seeding time is written so often; what a kill loses of it is less. */
const SAVE_EVERY_MS = 60_000;

export class Manager {
  readonly events: Emitter<ManagerEvents> = new Emitter();
  readonly #torrents = new Map<string, Managed>();
  readonly #deps: ManagerDeps;
  #options: ManagerOptions;
  #applied: Limits | undefined;
  #savedAt = 0;
  /** Being added to the session and checked. */
  readonly #checking = new Set<string>();
  readonly #hooks = new Set<Promise<void>>();

  constructor(options: ManagerOptions, deps: ManagerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get options(): ManagerOptions {
    return this.#options;
  }

  /** In the order of the queue. */
  get torrents(): readonly Managed[] {
    return [...this.#torrents.values()].sort((a, b) => a.entry.position - b.entry.position);
  }

  get(id: string): Managed | undefined {
    return this.#torrents.get(id);
  }

  /** Takes up what was there when the daemon ended. */
  restore(kept: readonly KeptEntry[]): void {
    for (const { entry, torrentBytes } of kept) {
      try {
        const source = torrentBytes === undefined ? parseMagnet(entry.magnet ?? '') : read(torrentBytes);
        this.#torrents.set(entry.id, new Managed(entry, source, now()));
      } catch (error) {
        if (!(error instanceof SwarmpressError)) throw error;
        this.#deps.log.error('a torrent of the list cannot be used', { id: entry.id, reason: error.message });
      }
    }
    this.tick();
  }

  /**
   * Adds bytes of a .torrent or the text of a magnet link; answers when it is remembered. Rejects with UsageError
   * TORRENT_EXISTS, ProtocolError BENCODE_*, METAINFO_*, MAGNET_*, SystemError DISK_*.
   */
  async add(
    given: Uint8Array | string,
    { folder, settings }: { readonly folder: string; readonly settings: SettingsChange },
  ): Promise<Managed> {
    const source = typeof given === 'string' ? parseMagnet(given) : read(given);
    const id = idOf(source);
    if (this.#torrents.has(id)) throw new UsageError('TORRENT_EXISTS', `torrent ${id} is there already`);
    const last = this.torrents.at(-1)?.entry.position ?? 0;
    const entry: Entry = {
      ...{
        version: 1,
        id,
        folder,
        position: last + 1,
        addedAt: Date.now(),
        completedAt: null,
        seededSeconds: 0,
      },
      magnet: typeof given === 'string' ? given : null,
      settings: changeSettings(DEFAULT_SETTINGS, this.#options.defaults, settings),
    };
    const managed = new Managed(entry, source, now());
    checkFiles(managed, entry.settings.files);
    this.#torrents.set(id, managed);
    try {
      await this.#deps.library.add(entry, typeof given === 'string' ? undefined : given);
    } catch (error) {
      this.#torrents.delete(id);
      throw error;
    }
    this.events.emit('added', managed);
    this.tick();
    return managed;
  }

  /** Changes what a user may set. Rejects with UsageError FILE_INDEX_INVALID. */
  async change(managed: Managed, changes: SettingsChange): Promise<void> {
    const settings = changeSettings(managed.entry.settings, changes);
    checkFiles(managed, changes.files ?? null);
    managed.entry = { ...managed.entry, settings };
    const { torrent } = managed;
    if (torrent !== undefined) applyLimits(torrent, settings);
    if (changes.files !== undefined) selectFiles(managed);
    this.tick();
    await this.#deps.library.save(managed.entry);
  }

  /** Moves a torrent to a place in the queue, counted from 0. */
  async move(managed: Managed, place: number): Promise<void> {
    const others = this.torrents.filter((each) => each !== managed);
    others.splice(Math.min(place, others.length), 0, managed);
    const moved = [...others.entries()].filter(([i, { entry }]) => entry.position !== i + 1);
    for (const [i, each] of moved) each.entry = { ...each.entry, position: i + 1 };
    this.tick();
    await Promise.all(moved.map(([, each]) => this.#deps.library.save(each.entry)));
  }

  /** Starts one that has failed again, and asks its trackers now. */
  retry(managed: Managed): void {
    managed.error = undefined;
    if (managed.snapshot()?.state === 'failed') managed.torrent?.resume();
    managed.torrent?.retry();
    this.tick();
  }

  /** Forgets a torrent, and removes its content where that is asked for. Rejects with SystemError DISK_*. */
  async remove(managed: Managed, withContent: boolean): Promise<void> {
    const { metainfo, entry, torrent } = managed;
    this.#torrents.delete(entry.id);
    await this.#deps.library.remove(entry.id);
    await torrent?.close();
    if (withContent && metainfo !== undefined) await removeContent(entry.folder, metainfo);
    this.events.emit('removed', managed);
    this.tick();
  }

  configure(changes: Partial<Pick<ManagerOptions, 'room' | 'limits'>>): void {
    this.#options = { ...this.#options, ...changes };
    this.tick();
  }

  /** Looks at everything that changes with time; call it about once a second. */
  tick(): void {
    const at = now();
    for (const managed of this.#torrents.values()) {
      managed.look(at);
      if (managed.hasReachedGoal) this.#finish(managed);
    }
    this.#applyQueue(at);
    this.#startChecks();
    this.#applySchedule();
    if (at - this.#savedAt > SAVE_EVERY_MS) this.#saveSeeding(at);
  }

  /** The last words on disk, and the ends of completion programs. The session is closed by its owner. */
  async close(): Promise<void> {
    this.#saveSeeding(now());
    await Promise.all([this.#deps.library.idle(), ...this.#hooks]);
  }

  #applyQueue(at: number): void {
    const running = chooseRunning(
      this.torrents.map((managed) => managed.queueItem(at)),
      this.#options.room,
    );
    for (const managed of this.#torrents.values()) {
      const runs = running.has(managed.entry.id);
      if (runs === managed.running) continue;
      managed.running = runs;
      if (runs) managed.torrent?.resume();
      else managed.torrent?.pause();
    }
  }

  /** Running torrents are checked first; the others follow, so that their state is known. */
  #startChecks(): void {
    const waiting = this.torrents.filter(
      ({ torrent, error }) => torrent === undefined && error === undefined,
    );
    for (const managed of waiting.sort((a, b) => Number(b.running) - Number(a.running))) {
      if (this.#checking.size >= PARALLEL_CHECKS) return;
      this.#checking.add(managed.entry.id);
      void this.#start(managed).finally(() => {
        this.#checking.delete(managed.entry.id);
        this.#startChecks();
      });
    }
  }

  /** Resolves when the content is checked, the metadata is being looked for, or it has failed. */
  async #start(managed: Managed): Promise<void> {
    const { settings, folder } = managed.entry;
    try {
      const torrent = await this.#deps.session.add(managed.source, {
        folder,
        files: 'infoBytes' in managed.source ? (settings.files ?? undefined) : undefined,
        sequential: settings.sequential,
        downloadLimit: settings.downloadLimit ?? undefined,
        uploadLimit: settings.uploadLimit ?? undefined,
      });
      managed.torrent = torrent;
      if (!managed.running) torrent.pause();
      if (!this.#torrents.has(managed.entry.id)) {
        await torrent.close();
        return;
      }
      await this.#follow(managed, torrent);
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      managed.error = { code: error.code, message: error.message };
      this.events.emit('failed', managed);
    }
  }

  #follow(managed: Managed, torrent: Torrent): Promise<void> {
    return new Promise((resolve) => {
      torrent.on('checked', () => {
        managed.checked = true;
        resolve();
        // The content is open once the engine has gone on.
        queueMicrotask(() => {
          selectFiles(managed);
        });
      });
      torrent.on('done', () => {
        this.#onDone(managed);
      });
      torrent.on('error', ({ code, message }) => {
        this.#deps.log.warn('a torrent has failed', { name: managed.name, code, reason: message });
        this.events.emit('failed', managed);
        resolve();
      });
      torrent.on('closed', resolve);
      // Without metadata there is nothing to check, and no telling when there will be.
      if (!('infoBytes' in managed.source)) resolve();
    });
  }

  #onDone(managed: Managed): void {
    if (managed.entry.completedAt !== null) return;
    managed.entry = { ...managed.entry, completedAt: Date.now() };
    this.#save(managed);
    this.events.emit('done', managed);
    const { onComplete } = this.#options;
    const snapshot = managed.snapshot();
    // Content that was there when the torrent was added has not been downloaded.
    if (onComplete === undefined || snapshot === undefined || snapshot.downloaded === 0) return;
    const { entry, name, metainfo } = managed;
    const what = {
      ...{ id: entry.id, name, folder: entry.folder, length: snapshot.wanted ?? 0 },
      path: join(entry.folder, metainfo?.files[0]?.path[0] ?? ''),
    };
    const hook = runCompletion(onComplete, what, this.#deps.log).finally(() => this.#hooks.delete(hook));
    this.#hooks.add(hook);
  }

  #finish(managed: Managed): void {
    managed.entry = { ...managed.entry, settings: { ...managed.entry.settings, paused: true } };
    this.#save(managed);
    this.events.emit('finished', managed);
  }

  #applySchedule(): void {
    const limits = limitsAt(new Date(), this.#options.limits, this.#options.schedule);
    if (limits.download === this.#applied?.download && limits.upload === this.#applied?.upload) return;
    this.#applied = limits;
    this.#deps.session.setLimits(limits);
  }

  #saveSeeding(at: number): void {
    this.#savedAt = at;
    for (const managed of this.#torrents.values())
      if (managed.snapshot()?.state === 'seeding') this.#save(managed);
  }

  #save(managed: Managed): void {
    this.#deps.library.save(managed.entry).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.log.error('the list of torrents could not be saved', { reason });
    });
  }
}

function read(bytes: Uint8Array): Metainfo {
  return parseTorrent(bytes, nodeDigests);
}

function idOf({ infoHash, infoHashV2 }: Metainfo | MagnetLink): string {
  return toHex(infoHash ?? infoHashV2 ?? new Uint8Array());
}

/** Throws UsageError FILE_INDEX_INVALID for an index beyond the files, where those are known. */
function checkFiles({ metainfo }: Managed, files: readonly number[] | null): void {
  const beyond = files?.find((index) => metainfo !== undefined && metainfo.files[index] === undefined);
  if (beyond !== undefined) throw new UsageError('FILE_INDEX_INVALID', `there is no file ${String(beyond)}`);
}

/** As soon as the content is open; until then the wish is kept in the entry. */
function selectFiles({ torrent, checked, metainfo, entry }: Managed): void {
  if (torrent === undefined || metainfo === undefined || !checked) return;
  const { files } = entry.settings;
  torrent.selectFiles(
    files === null ? [...metainfo.files.keys()] : files.filter((index) => index < metainfo.files.length),
  );
}

function applyLimits(torrent: Torrent, { downloadLimit, uploadLimit }: EntrySettings): void {
  torrent.setLimits({ download: downloadLimit ?? undefined, upload: uploadLimit ?? undefined });
}

/** Monotonic milliseconds. */
function now(): number {
  return performance.now();
}
