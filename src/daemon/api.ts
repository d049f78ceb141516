// The daemon's REST API: requests in, manager calls out. docs/daemon.md describes it; openapi.ts says it for programs.
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import * as v from 'valibot';
import { SwarmpressError, SystemError, UsageError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Session } from '../engine/api.ts';
import { fetchTorrent } from '../engine/fetch-torrent.ts';
import { FileStreams } from '../engine/file-streams.ts';
import { hostGuard } from '../local-http/host-guard.ts';
import { respondWithStream } from '../local-http/stream-response.ts';
import type { HttpPort } from '../ports/http.ts';
import { Access } from './access.ts';
import { AddBody, AddQuery, ChangeBody, LoginBody, RemoveQuery, SessionBody } from './api-schema.ts';
import type { DownloadFolders } from './download-folders.ts';
import type { Managed } from './managed.ts';
import type { Manager, ManagerEvents } from './manager.ts';
import { OPENAPI } from './openapi.ts';
import type { Token } from './token.ts';
import { magnetOf, viewFiles, viewTorrent } from './torrent-view.ts';
import { addView, type ViewAssets } from './view.ts';

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
  readonly assets: ViewAssets;
}

const TORRENT_TYPE = 'application/x-bittorrent';
/** JSON around links and lists of files. */
const BODY_BYTES = LIMITS.torrentFileBytes.value;
const PING_MS = 15_000;

export function createApi(deps: ApiDeps): Hono {
  const app = new Hono();
  const access = new Access(deps.token, deps.port);
  app.use(hostGuard(deps.names));
  app.use(bodyLimit({ maxSize: BODY_BYTES, onError: (context) => refuse(context, 413, 'BODY_TOO_BIG') }));
  app.onError((error, context) => toResponse(error, context));
  app.notFound((context) => refuse(context, 404, 'NOT_FOUND'));
  addView(app, deps.assets);
  app.get('/api/v1/openapi.json', (context) => context.json(OPENAPI));
  app.post('/api/v1/login', async (context) => {
    const { token } = await readBody(context, LoginBody);
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
    const body = await readBody(context, SessionBody);
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
    const isFile = (context.req.header('content-type') ?? '').startsWith(TORRENT_TYPE);
    const { source, folder, ...settings } = isFile
      ? { ...v.parse(AddQuery, context.req.query()), source: undefined }
      : await readBody(context, AddBody);
    const given =
      source === undefined
        ? new Uint8Array(await context.req.arrayBuffer())
        : /^https?:/i.test(source)
          ? await fetchTorrent(source, deps.http, context.req.raw.signal)
          : source;
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
    const { place, ...changes } = await readBody(context, ChangeBody);
    await manager.change(managed, changes);
    if (place !== undefined) await manager.move(managed, place);
    return context.json(view(manager, managed));
  });
  app.delete(path, async (context) => {
    const { content } = v.parse(RemoveQuery, context.req.query());
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

async function readBody<T>(context: Context, schema: v.GenericSchema<unknown, T>): Promise<T> {
  if (!(context.req.header('content-type') ?? '').startsWith('application/json')) {
    throw new UsageError('BODY_INVALID', 'the body has to be JSON, with the content type application/json');
  }
  let value: unknown;
  try {
    value = await context.req.json();
  } catch {
    throw new UsageError('BODY_INVALID', 'the body is not JSON');
  }
  return v.parse(schema, value);
}

const STATUS: Readonly<Record<string, 404 | 409>> = {
  TORRENT_UNKNOWN: 404,
  TORRENT_EXISTS: 409,
  TORRENT_NOT_READY: 409,
};

function toResponse(error: Error, context: Context): Response {
  if (v.isValiError(error)) {
    const [issue] = error.issues;
    const where = v.getDotPath(issue) ?? '';
    return context.json({ code: 'BODY_INVALID', error: `${where}: ${issue.message}`.replace(/^: /, '') }, 400);
  }
  if (!(error instanceof SwarmpressError)) throw error;
  const { code, message } = error;
  return context.json({ code, error: message }, error instanceof SystemError ? 503 : (STATUS[code] ?? 400));
}

function refuse(context: Context, status: 403 | 404 | 413, code: string): Response {
  const words = { 403: 'this is not allowed', 404: 'there is nothing here', 413: 'this is too much' };
  return context.json({ code, error: words[status] }, status);
}
