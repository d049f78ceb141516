// The daemon: one session, its manager, the API with its web view, and the watched folder, from start to end.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import type { SessionOptions } from '../engine/api.ts';
import { createSession } from '../engine/session.ts';
import { serveLocally } from '../local-http/serve.ts';
import { createNodeEnv } from '../node/env.ts';
import { DISK_CODES, toSystemError } from '../node/os-error.ts';
import { silentLog, type Log } from '../ports/log.ts';
import { createApi } from './api.ts';
import type { CompletionCommand } from './completion.ts';
import { DownloadFolders } from './download-folders.ts';
import type { SettingsChange } from './entry.ts';
import { Library } from './library.ts';
import { Manager } from './manager.ts';
import { loadSettings, saveSettings } from './saved-settings.ts';
import type { ScheduleRule } from './schedule.ts';
import { Token } from '../local-http/token.ts';
import { loadViewAssets } from './view.ts';
import { WatchFolder } from './watch-folder.ts';

export interface DaemonOptions {
  /** TCP port of API and web view; 0 picks a free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** Host names, besides addresses and localhost, by which browsers may call it. */
  readonly names: readonly string[];
  /** The peers' side. */
  readonly session: SessionOptions;
  /** Where downloads go; absolute. */
  readonly folder: string;
  /** More places that the API may name. */
  readonly otherFolders: readonly string[];
  /** The list of torrents, the token, resume data. */
  readonly stateFolder: string;
  /** Undefined: as last set through the API, 5 and 20 at first. */
  readonly maxDownloads?: number | undefined;
  readonly maxSeeds?: number | undefined;
  readonly schedule: readonly ScheduleRule[];
  readonly watch?: string | undefined;
  readonly onComplete?: CompletionCommand | undefined;
  /** For torrents that are added without settings of their own. */
  readonly defaults: SettingsChange;
  readonly version: string;
  readonly log?: Log | undefined;
}

export interface Daemon {
  readonly port: number;
  readonly peerPort: number;
  readonly token: string;
  close(): Promise<void>;
}

const DEFAULT_ROOM = { downloads: 5, seeds: 20 };
const TICK_MS = 1000;
const LOOK_MS = 2000;

/** Rejects with SystemError LISTEN_*, DISK_*, FILE_*, UsageError TOKEN_TOO_SHORT. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await start(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is opened is closed in the opposite order: no request meets a closed session. */
async function start(
  options: DaemonOptions,
  closers: (() => Promise<void> | void)[],
): Promise<Omit<Daemon, 'close'>> {
  const { stateFolder, log = silentLog } = options;
  await makeFolders([stateFolder, options.folder]);
  const token = await Token.load(join(stateFolder, 'token'));
  const library = await Library.open(join(stateFolder, 'torrents'), log);
  const settingsPath = join(stateFolder, 'settings.json');
  const saved = await loadSettings(settingsPath);
  const env = createNodeEnv({ stateFolder: join(stateFolder, 'resume'), log });
  closers.push(() => env.close());
  const session = await createSession(options.session, env);
  closers.push(() => session.close());
  const manager = new Manager(
    {
      room: {
        downloads: options.maxDownloads ?? saved?.maxDownloads ?? DEFAULT_ROOM.downloads,
        seeds: options.maxSeeds ?? saved?.maxSeeds ?? DEFAULT_ROOM.seeds,
      },
      limits: {
        download: options.session.downloadLimit ?? saved?.downloadLimit ?? undefined,
        upload: options.session.uploadLimit ?? saved?.uploadLimit ?? undefined,
      },
      schedule: options.schedule,
      onComplete: options.onComplete,
      defaults: options.defaults,
    },
    { session, library, log },
  );
  closers.push(() => manager.close());
  const folders = new DownloadFolders(options.folder, options.otherFolders);
  // The port is part of the cookie's name and is known only after listening: the API is made behind a first answer.
  const app = new Hono();
  const server = await serveLocally(app, options);
  closers.push(() => server.close());
  const onSettings = (): Promise<void> => {
    const { room, limits } = manager.options;
    return saveSettings(settingsPath, {
      ...{ downloadLimit: limits.download ?? null, uploadLimit: limits.upload ?? null },
      ...{ maxDownloads: room.downloads, maxSeeds: room.seeds },
    });
  };
  const { names, version } = options;
  const assets = await loadViewAssets();
  app.route(
    '/',
    createApi({
      ...{ manager, session, token, folders, onSettings, names, version, assets },
      ...{ http: env.http, port: server.port },
    }),
  );
  manager.restore(await library.load());
  closers.push(every(TICK_MS, () => manager.tick()));
  if (options.watch !== undefined)
    closers.push(watch(options.watch, { manager, folder: options.folder, log }));
  return { port: server.port, peerPort: session.port, token: token.value };
}

function watch(
  path: string,
  { manager, folder, log }: { readonly manager: Manager; readonly folder: string; readonly log: Log },
): () => void {
  const watched = new WatchFolder(path, {
    add: (given) => manager.add(given, { folder, settings: {} }),
    log,
  });
  return every(LOOK_MS, () => void watched.look());
}

function every(ms: number, step: () => void): () => void {
  const timer = setInterval(step, ms);
  return () => {
    clearInterval(timer);
  };
}

async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw toSystemError(error, DISK_CODES, folder);
    });
  }
}
