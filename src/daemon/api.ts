// The daemon's REST API: requests in, manager calls out. docs/daemon.md describes it; openapi.ts says it for programs.
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as v from 'valibot';
import { concatBytes, utf8Decode } from '../core/bytes/bytes.ts';
import { SwarmpressError, SystemError, UsageError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Session } from '../engine/api.ts';
import { fetchTorrent } from '../engine/fetch-torrent.ts';
import { FileStreams } from '../engine/file-streams.ts';
import { hostGuard } from '../local-http/host-guard.ts';
import { respondWithStream } from '../local-http/stream-response.ts';
import type { HttpPort } from '../ports/http.ts';
import { Access } from '../local-http/access.ts';
import type { Assets } from '../local-http/assets.ts';
import {
  AddQuerySchema,
  LoginSchema,
  parseAdd,
  parseChange,
  RemoveQuerySchema,
  SessionSchema,
} from './api-schema.ts';
import type { DownloadFolders } from './download-folders.ts';
import type { SettingsChange } from './entry.ts';
import type { Managed } from './managed.ts';
import type { Manager, ManagerEvents } from './manager.ts';
import { OPENAPI } from './openapi.ts';
import type { Token } from '../local-http/token.ts';
import { magnetOf, viewFiles, viewTorrent } from './torrent-view.ts';
import { addView } from './view.ts';

export interface ApiDeps {
  readonly manager: Manager;
  readonly session: Session;
  readonly token: Token;
  readonly http: HttpPort;
  readonly folders: DownloadFolders;
  /** Called with the session's settings whenever they are changed. */
  readonly onSettings: () => Promise<void>;
  readonly port: number;
  /** Host names that this server answers to, besides addresses and localhost. */
  readonly names: readonly string[];
  readonly version: string;
  readonly assets: Assets;
}

const TORRENT_TYPE = 'application/x-bittorrent';
const PING_MS = 15_000;

export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  const access = new Access(deps.token, { port: deps.port });
  app.use(hostGuard(deps.names));
  app.onError((error, context) => toResponse(error, context));
  app.notFound((context) => refuse(context, 404, 'NOT_FOUND'));
  addView(app, deps.assets);
  app.get('/api/v1/openapi.json', (context) => context.json(OPENAPI));
  app.post('/api/v1/login', async (context) => {
    const { token } = v.parse(LoginSchema, await readBody(context));
    return access.login(context, token);
  });
  addStreams(app, deps);
  app.use('/api/*', access.guard);
  app.use('/api/*', async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  addSession(app, deps);
  addTorrents(app, deps);
  addTorrent(app, deps);
  addEvents(app, deps.manager);
  return app;
}

function addSession(app: Hono, { manager, session, version, folders, onSettings }: ApiDeps): void {
  const describe = (): object => {
    const { room, limits } = manager.options;
    const snapshots = session.torrents.map((torrent) => torrent.snapshot());
    return {
      version,
      peerPort: session.port,
      folder: folders.base,
      torrents: manager.torrents.length,
      downloadRate: snapshots.reduce((sum, each) => sum + each.downloadRate, 0),
      uploadRate: snapshots.reduce((sum, each) => sum + each.uploadRate, 0),
      downloadLimit: limits.download ?? null,
      uploadLimit: limits.upload ?? null,
      maxDownloads: room.downloads,
      maxSeeds: room.seeds,
    };
  };
  app.get('/api/v1/session', (context) => context.json(describe()));
  app.patch('/api/v1/session', async (context) => {
    const body = v.parse(SessionSchema, await readBody(context));
    const { room, limits } = manager.options;
    const pick = (given: number | null | undefined, usual: number | undefined): number | undefined =>
      given === undefined ? usual : (given ?? undefined);
    manager.configure({
      room: { downloads: body.maxDownloads ?? room.downloads, seeds: body.maxSeeds ?? room.seeds },
      limits: {
        download: pick(body.downloadLimit, limits.download),
        upload: pick(body.uploadLimit, limits.upload),
      },
    });
    await onSettings();
    return context.json(describe());
  });
}

function addTorrents(app: Hono, deps: ApiDeps): void {
  const { manager } = deps;
  app.get('/api/v1/torrents', (context) => context.json(manager.torrents.map(viewTorrent)));
  app.post('/api/v1/torrents', async (context) => {
    const { given, folder, settings } = await readAddition(context, deps.http);
    const managed = await manager.add(given, { folder: deps.folders.resolve(folder), settings });
    return context.json(view(manager, managed), 201);
  });
}

function addTorrent(app: Hono, { manager, token }: ApiDeps): void {
  const path = '/api/v1/torrents/:id';
  const find = (context: Context): Managed => {
    const managed = manager.get((context.req.param('id') ?? '').toLowerCase());
    if (managed === undefined) throw new UsageError('TORRENT_UNKNOWN', 'there is no such torrent');
    return managed;
  };
  app.get(path, (context) => {
    const managed = find(context);
    return context.json({ ...view(manager, managed), magnet: magnetOf(managed) });
  });
  app.patch(path, async (context) => {
    const managed = find(context);
    const { place, settings } = parseChange(await readBody(context));
    await manager.change(managed, settings);
    if (place !== undefined) await manager.move(managed, place);
    return context.json(view(manager, managed));
  });
  app.delete(path, async (context) => {
    const { content } = v.parse(RemoveQuerySchema, context.req.query());
    await manager.remove(find(context), content === 'true');
    return context.json({ ok: true });
  });
  app.post(`${path}/recheck`, async (context) => {
    const { torrent } = find(context);
    if (torrent === undefined) throw new UsageError('TORRENT_NOT_READY', 'it waits for its first check');
    await torrent.recheck();
    return context.json({ ok: true });
  });
  app.post(`${path}/retry`, (context) => {
    manager.retry(find(context));
    return context.json({ ok: true });
  });
  app.get(`${path}/files`, (context) => {
    const managed = find(context);
    return context.json(viewFiles(managed, (file) => token.derive(ticketPurpose(managed.entry.id, file))));
  });
  app.get(`${path}/peers`, (context) => context.json(find(context).torrent?.peers() ?? []));
  app.get(`${path}/trackers`, (context) => context.json(find(context).torrent?.trackers() ?? []));
  app.get(`${path}/web-seeds`, (context) => context.json(find(context).torrent?.webSeeds() ?? []));
  app.get(`${path}/pieces`, (context) => {
    const pieces = new Uint8Array(find(context).torrent?.pieces() ?? []);
    return context.body(pieces, 200, { 'content-type': 'application/octet-stream' });
  });
}

/** A player sends neither header nor cookie: each file's URL carries a ticket that opens this file alone. */
function addStreams(app: Hono, { manager, token }: ApiDeps): void {
  const streams = new WeakMap<Managed, FileStreams>();
  app.get('/stream/:id/:file{\\d+}/:ticket/:name', (context) => {
    const { id, file, ticket } = context.req.param();
    const managed = manager.get(id);
    const index = Number(file);
    if (!token.matchesDerived(ticket, ticketPurpose(id, index))) return refuse(context, 403, 'TICKET_WRONG');
    const entry = managed?.metainfo?.files[index];
    if (managed?.torrent === undefined || entry === undefined || entry.pad) return context.notFound();
    const shared = streams.get(managed) ?? new FileStreams(managed.torrent);
    streams.set(managed, shared);
    const name = entry.path.at(-1) ?? '';
    return respondWithStream({ streams: shared, index, name, length: entry.length }, context.req.raw);
  });
}

/** Server-sent events: one for each thing that happens to a torrent, with the torrent as data. */
function addEvents(app: Hono, manager: Manager): void {
  const kinds: readonly (keyof ManagerEvents)[] = ['added', 'done', 'finished', 'failed', 'removed'];
  app.get('/api/v1/events', (context) =>
    streamSSE(context, async (stream) => {
      const offs = kinds.map((kind) =>
        manager.events.on(kind, (managed) => {
          void stream.writeSSE({ event: kind, data: JSON.stringify(view(manager, managed)) });
        }),
      );
      stream.onAbort(() => {
        for (const off of offs) off();
      });
      await stream.writeSSE({ event: 'hello', data: '{}' });
      while (!stream.aborted) {
        await stream.sleep(PING_MS);
        await stream.writeSSE({ event: 'ping', data: '{}' });
      }
    }),
  );
}

function ticketPurpose(id: string, file: number): string {
  return `stream ${id} ${String(file)}`;
}

function view(manager: Manager, managed: Managed): object {
  return viewTorrent(managed, Math.max(0, manager.torrents.indexOf(managed)));
}

interface Addition {
  readonly given: Uint8Array | string;
  readonly folder: string | undefined;
  readonly settings: SettingsChange;
}

/** A .torrent as the body, or JSON that names a link. */
async function readAddition(context: Context, http: HttpPort): Promise<Addition> {
  if ((context.req.header('content-type') ?? '').startsWith(TORRENT_TYPE)) {
    const { folder, paused } = v.parse(AddQuerySchema, context.req.query());
    return {
      given: await readBytes(context),
      folder,
      settings: paused === undefined ? {} : { paused: paused === 'true' },
    };
  }
  const { source, folder, settings } = parseAdd(await readBody(context));
  const isAddress = /^https?:/i.test(source);
  const given = isAddress ? await fetchTorrent(source, http, context.req.raw.signal) : source;
  return { given, folder, settings };
}

async function readBody(context: Context): Promise<unknown> {
  if (!(context.req.header('content-type') ?? '').startsWith('application/json')) {
    throw new UsageError('BODY_INVALID', 'the body has to be JSON, with the content type application/json');
  }
  try {
    return JSON.parse(utf8Decode(await readBytes(context)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError('BODY_INVALID', 'the body is not JSON');
  }
}

/** The body, as long as it is not longer than any .torrent may be. */
async function readBytes(context: Context): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = context.req.raw.body?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.length;
    if (length > LIMITS.torrentFileBytes.value) {
      await reader?.cancel();
      throw new UsageError('BODY_TOO_BIG', 'the body is longer than any .torrent');
    }
    chunks.push(next.value);
  }
  return concatBytes(chunks);
}

const STATUS: Readonly<Record<string, 404 | 409 | 413>> = {
  BODY_TOO_BIG: 413,
  TORRENT_UNKNOWN: 404,
  TORRENT_EXISTS: 409,
  TORRENT_NOT_READY: 409,
};

function toResponse(error: Error, context: Context): Response {
  if (v.isValiError(error)) {
    const [issue] = error.issues;
    const where = v.getDotPath(issue) ?? '';
    return context.json(
      { code: 'BODY_INVALID', error: `${where}: ${issue.message}`.replace(/^: /, '') },
      400,
    );
  }
  if (!(error instanceof SwarmpressError)) throw error;
  const { code, message } = error;
  return context.json({ code, error: message }, error instanceof SystemError ? 503 : (STATUS[code] ?? 400));
}

function refuse(context: Context, status: 403 | 404, code: string): Response {
  const words = { 403: 'this is not allowed', 404: 'there is nothing here' };
  return context.json({ code, error: words[status] }, status);
}
