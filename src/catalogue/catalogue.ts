// Publishes many things from one process: one tracker, one seeding session, one port, one state.
// Law: what is published follows from the state alone; commands change the state, and this follows within a second.
import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { allOf } from '../core/tracker/access/all-of.ts';
import { fingerprintOf } from '../core/metainfo/signature.ts';
import { toFileError } from '../node/file-error.ts';
import { openLmdbDatabase } from '../node/lmdb-database.ts';
import { loadSigningKey } from '../node/signing-key.ts';
import { silentLog } from '../ports/log.ts';
import type { Database } from '../ports/database.ts';
import type { StateStore } from '../ports/storage.ts';
import { loadSiteAssets } from '../publish/assets.ts';
import { openHost, type PublishHost } from '../publish/host.ts';
import { OperatorDesk, type WatchedItem } from '../publish/operator/desk.ts';
import { openOperator, type Fetch, type Operator } from '../publish/operator/operator.ts';
import { isAborted } from './aborted.ts';
import { Access } from './access.ts';
import type { CatalogueDeps, CatalogueOptions } from './catalogue-options.ts';
import { createDatabaseStateStore } from './database-state-store.ts';
import type { AddressBook } from './item-links.ts';
import type { LiveItem } from './live-item.ts';
import type { ItemCounts } from './records.ts';
import { Shelf } from './shelf.ts';
import { statePaths } from './state-paths.ts';
import { createCatalogueSite } from './site.ts';
import { CatalogueState } from './state.ts';
import { watchFolder } from './watch.ts';

export interface CatalogueTotals {
  readonly items: number;
  /** Peers connected to us. */
  readonly connected: number;
  /** Bytes a second to peers. */
  readonly uploadRate: number;
}

export interface Catalogue {
  readonly port: number;
  readonly peerPort: number;
  /** Of the list; ends in a slash. */
  readonly page: string;
  /** Of the publisher's key. */
  readonly fingerprint: string;
  readonly items: readonly LiveItem[];
  readonly operator: Pick<Operator, 'page' | 'token' | 'tokenFile'> | undefined;
  /** Cheap enough for once a second. */
  totals(): CatalogueTotals;
  /** Resolves when all that was given is published, or has failed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const FOLLOW_MS = 500;
const COUNT_MS = 5000;

/** Rejects with SystemError LISTEN_*, FILE_*, DATABASE_*, KEY_*. What fails of a single item is an event. */
export async function startCatalogue(options: CatalogueOptions, deps: CatalogueDeps): Promise<Catalogue> {
  const places = statePaths(options.stateFolder);
  const paths = await Promise.all(options.paths.map(resolvePath));
  const database = await openLmdbDatabase(places.database);
  const closers: (() => Promise<void>)[] = [() => database.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const state = new CatalogueState(database);
    const access = await Access.open(state);
    const desk = options.operator === undefined ? undefined : new OperatorDesk();
    const rules = allOf(access, desk?.announces);
    const host = await openHost(options, { log: deps.log, access: rules });
    closers.push(() => host.close());
    const run = await CatalogueRun.create({
      ...{ options, deps, state, access, host, database, desk },
      abort: new AbortController(),
    });
    closers.push(() => run.close());
    await run.start(paths);
    return {
      port: host.tracker.port,
      peerPort: host.session.port,
      page: run.book.base.href,
      fingerprint: run.fingerprint,
      operator: run.operator,
      get items() {
        return run.shelf.live;
      },
      totals: () => run.totals(),
      settled: () => run.settled(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface RunParts {
  readonly options: CatalogueOptions;
  readonly deps: CatalogueDeps;
  readonly state: CatalogueState;
  readonly access: Access;
  readonly host: PublishHost;
  readonly database: Database;
  readonly desk: OperatorDesk | undefined;
  /** Ends all work of this catalogue. */
  readonly abort: AbortController;
}

class CatalogueRun {
  readonly book: AddressBook;
  readonly shelf: Shelf;
  readonly fingerprint: string;
  readonly operator: Operator | undefined;
  readonly #parts: RunParts;
  readonly #tasks: Promise<void>[] = [];
  #revision = '';

  private constructor(
    parts: RunParts,
    made: Pick<CatalogueRun, 'book' | 'shelf' | 'fingerprint' | 'operator'>,
  ) {
    this.#parts = parts;
    this.book = made.book;
    this.shelf = made.shelf;
    this.fingerprint = made.fingerprint;
    this.operator = made.operator;
  }

  static async create(parts: RunParts): Promise<CatalogueRun> {
    const { options, deps, state, access, host, database, abort } = parts;
    const key = await loadSigningKey(statePaths(options.stateFolder).key);
    const fingerprint = fingerprintOf(key.publicKey);
    const store = createDatabaseStateStore(database);
    const assets = await loadSiteAssets();
    const { title, comment, isBaseStable, createdBy, trackers = [], webSeed = true } = options;
    const base = options.baseUrl(host.tracker.port);
    const book: AddressBook = { base, udpPort: host.tracker.port, extraTrackers: trackers, webSeed };
    const onEvent = deps.onEvent ?? ((): void => undefined);
    const { version: mode = 'hybrid', exclude = [], hidden = false } = options;
    const shelf = new Shelf({
      ...{ host, access, book, key, fingerprint, assets, store, state, title, onEvent },
      versions: { base, isBaseStable, mode, exclude, hidden, createdBy },
      versionDeps: {
        ...{ state, store, hasher: host.env.hasher },
        signal: AbortSignal.any([deps.signal, abort.signal]),
        onProgress: deps.onProgress ?? ((): void => undefined),
      },
      onTrouble: (_, path, reason) => {
        onEvent({ kind: 'trouble', path, reason });
      },
    });
    const site = createCatalogueSite({
      ...{ title, comment, fingerprint, assets, access, shelf, state, base },
    });
    const fetch: Fetch = (request, bindings) => site.fetch(request, bindings);
    const operator = parts.desk && (await watch(parts.desk, { parts, shelf, base, store, site: fetch }));
    host.door.open(getRequestListener(operator?.fetch ?? fetch, { overrideGlobalObjects: false }));
    return new CatalogueRun(parts, { book, shelf, fingerprint, operator });
  }

  async start(paths: readonly string[]): Promise<void> {
    const { state, options, deps } = this.#parts;
    await this.#add(paths, 'given', false);
    this.#revision = state.revision();
    this.shelf.sync();
    const { signal } = this.#parts.abort;
    this.#tasks.push(this.#follow(signal));
    const { watch, hidden = false } = options;
    if (watch === undefined) return;
    const events = {
      onReady: (ready: readonly string[]) => this.#add(ready, 'watched', true),
      onGone: (gone: readonly string[]) => {
        const bySlug = state.items().filter((item) => gone.includes(item.path));
        this.shelf.gone(bySlug.map((item) => item.slug));
        return Promise.resolve();
      },
      onTrouble: () => {
        deps.onEvent?.({ kind: 'trouble', path: watch.folder, reason: 'unwatchable' });
      },
    };
    this.#tasks.push(watchFolder({ ...watch, hidden }, events, signal));
  }

  totals(): CatalogueTotals {
    const snapshots = this.shelf.live.map(({ item }) => item.torrent.snapshot());
    return {
      items: snapshots.length,
      connected: snapshots.reduce((sum, { connected }) => sum + connected, 0),
      uploadRate: Math.round(snapshots.reduce((sum, { uploadRate }) => sum + uploadRate, 0)),
    };
  }

  settled(): Promise<void> {
    return this.shelf.idle();
  }

  async close(): Promise<void> {
    this.#parts.abort.abort();
    await Promise.all(this.#tasks);
    await this.#count();
    await this.operator?.close();
    await this.shelf.close();
  }

  async #add(paths: readonly string[], source: 'given' | 'watched', changed: boolean): Promise<void> {
    const { state, options } = this.#parts;
    if (paths.length === 0) return;
    const access = options.private === true ? 'private' : 'public';
    const createdAt = Math.floor(Date.now() / 1000);
    this.shelf.present(await state.ensure(paths, { source, createdAt, access }), changed);
  }

  /** Follows what commands in other processes have changed, and the time. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { state, access, deps } = this.#parts;
    const log = deps.log ?? silentLog;
    for (let at = 0; !signal.aborted; at += FOLLOW_MS) {
      try {
        if (at % COUNT_MS === 0) await this.#count();
        const revision = state.revision();
        if (revision !== this.#revision) access.refresh();
        if (revision !== this.#revision || at % COUNT_MS === 0) this.shelf.sync();
        this.#revision = revision;
      } catch (error) {
        // A disk that is full for a while ends nothing.
        log.error('the state could not be followed', { reason: String(error) });
      }
      await sleep(FOLLOW_MS, undefined, { signal }).catch((error: unknown) => {
        if (!isAborted(error)) throw error;
      });
    }
  }

  async #count(): Promise<void> {
    const moved = new Map<string, ItemCounts>();
    for (const item of this.shelf.live) {
      const counts = item.takeCounts();
      if (counts.downloads + counts.uploaded + counts.sentDirectly > 0) moved.set(item.slug, counts);
    }
    if (moved.size > 0) await this.#parts.state.count(moved);
  }
}

interface Watched {
  readonly parts: RunParts;
  readonly shelf: Shelf;
  readonly base: URL;
  readonly store: StateStore;
  readonly site: Fetch;
}

function watch(desk: OperatorDesk, { parts, shelf, base, store, site }: Watched): Promise<Operator> {
  const { options, host, access } = parts;
  const setting = {
    ...{ name: 'catalogue', store, items: () => shelf.live.map(toWatched), log: host.env.log },
    ...{ stateFolder: options.stateFolder, base, port: host.tracker.port },
    alsoOpens: (token: string): boolean =>
      access.verify(token, { right: 'operate', nowSeconds: Date.now() / 1000 }).kind === 'valid',
  };
  return openOperator(desk, setting, { options: options.operator ?? {}, site });
}

function toWatched(live: LiveItem): WatchedItem {
  const { slug: key, title, isPrivate, item, earlier } = live;
  const older = earlier.flatMap((one) => (one.item === undefined ? [] : [one.item]));
  return { key, title, page: item.offer.links.page, isPrivate, versions: [item, ...older] };
}

async function resolvePath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw toFileError(error, path);
  }
}
