// The publisher's web site: page, status, .torrent, checksums and the content itself, which is also the web seed.
// Law: a request only picks from tables made at the start; no path is ever built from one.
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { renderSVG } from 'uqr';
import { respondWithAsset, type Assets } from '../local-http/assets.ts';
import { attachment } from './content-disposition.ts';
import type { DirectRequest } from './direct-visits.ts';
import { respondWithFile } from './file-response.ts';
import { filePath, torrentPath, type PublicLinks } from './links.ts';
import type { PageExtras, PageFile, PageModel } from './page-model.ts';
import { renderPage } from './page.ts';
import { pathInside, type Publication, type PublishedFile } from './publication.ts';
import { assetHeaders, contentHeaders, downloadPageHeaders, setContentHeaders } from './security-headers.ts';
import type { PublicationStatus } from './status.ts';

export interface SiteDeps {
  readonly publication: Publication;
  readonly links: PublicLinks;
  readonly magnet: string;
  /** Offer the files themselves over HTTP. */
  readonly direct: boolean;
  readonly assets: Assets;
  readonly status: () => PublicationStatus;
  readonly extras?: (() => PageExtras) | undefined;
  /** SHA-256 in lower-case hex by index in `Metainfo.files`; undefined until it is known. */
  readonly sha256Of: (file: number) => string | undefined;
  /** A request for content begins; what it answers is told of bytes that were read for it. */
  readonly onDirect: (request: DirectRequest) => (bytes: number) => void;
  /** A file is not what was published any more. */
  readonly onTrouble: (file: PublishedFile, reason: 'missing' | 'changed') => void;
}

const TORRENT_TYPE = 'application/x-bittorrent';
const FILES_PER_PAGE = 500;
const STREAM_WORKER = '/stream-worker.js';

/** A Hono application; under Node's server it has the request and response of the connection as bindings. */
export type Site = Hono<{ Bindings: Partial<HttpBindings> }>;
type SiteContext = Context<{ Bindings: Partial<HttpBindings> }>;

export function createSite(deps: SiteDeps): Site {
  const site: Site = new Hono();
  const torrentUrlPath = new URL(torrentPath(deps.publication.metainfo.name), 'http://x/').pathname;
  for (const path of ['/', '/qr.svg', STREAM_WORKER]) site.use(path, downloadPageHeaders(deps.links));
  site.use('/assets/*', assetHeaders);
  for (const path of ['/status.json', '/SHA256SUMS', '/files/*']) site.use(path, contentHeaders);
  site.get('/', (context) => {
    context.header('vary', 'accept');
    if (wantsTorrent(context.req.header('accept'))) return torrentResponse(deps);
    context.header('cache-control', 'no-cache');
    return context.html(renderPage(createModel(deps, context.req.query('list'))));
  });
  site.get('/status.json', (context) => {
    context.header('cache-control', 'no-store');
    return context.json(deps.status());
  });
  site.get('/SHA256SUMS', (context) => {
    context.header('cache-control', 'no-cache');
    return context.text(checksums(deps));
  });
  site.get('/qr.svg', (context) =>
    context.body(renderSVG(deps.links.page, { border: 2 }), 200, { 'content-type': 'image/svg+xml' }),
  );
  site.get('/assets/*', (context) => {
    const path = context.req.path.slice('/assets/'.length);
    return respondWithAsset(deps.assets, path, context.req.raw) ?? context.notFound();
  });
  // At the root: a service worker answers for what is below its own address.
  site.get(
    STREAM_WORKER,
    (context) =>
      respondWithAsset(deps.assets, 'page/stream-worker.js', context.req.raw) ?? context.notFound(),
  );
  addFiles(site, deps);
  // Not by a route: those match names as they are decoded.
  site.get('*', async (context, next) => {
    if (new URL(context.req.url).pathname !== torrentUrlPath) return next();
    const response = torrentResponse(deps);
    setContentHeaders(response.headers);
    return response;
  });
  site.all('*', (context) =>
    ['GET', 'HEAD'].includes(context.req.method)
      ? context.text('Not found.\n', 404)
      : context.text('Only GET and HEAD.\n', 405, { allow: 'GET, HEAD' }),
  );
  return site;
}

/** `files/` and the full path: as BEP 19 clients build it from the torrent's name and a file's path. */
function addFiles(site: Site, deps: SiteDeps): void {
  if (!deps.direct) return;
  const { files, padding } = deps.publication;
  // Ranges of other sites' pages, in browsers that ask for leave first.
  site.options('/files/*', (context) => {
    context.header('access-control-allow-methods', 'GET, HEAD');
    context.header('access-control-allow-headers', 'range');
    context.header('access-control-max-age', '86400');
    return context.body(null, 204);
  });
  const table = new Map(files.map((file) => [file.path.join('/'), file]));
  site.get('/files/*', (context) => {
    const path = decodePath(new URL(context.req.url).pathname.slice('/files/'.length));
    if (path === undefined) return context.notFound();
    const file = table.get(path);
    const served = file ?? padding.get(path);
    const count = file === undefined ? (): void => undefined : deps.onDirect(describe(context, file));
    return served === undefined
      ? context.notFound()
      : respondWithFile(served, context.req.raw, {
          onRead: count,
          onTrouble: (reason) => {
            if (file !== undefined) deps.onTrouble(file, reason);
          },
          cut: (error) => {
            if (context.env.outgoing === undefined) throw error;
            context.env.outgoing.destroy();
          },
        });
  });
}

/** There are no bindings where no server of Node's answers. */
interface Asked {
  readonly env?: Partial<HttpBindings> | undefined;
  readonly req: SiteContext['req'];
}

function describe({ env, req }: Asked, { length }: PublishedFile): DirectRequest {
  return {
    address: env?.incoming?.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    agent: req.header('user-agent') ?? '',
    isWhole: req.method === 'GET' && req.header('range') === undefined,
    length,
  };
}

/** The page's model for one page of the file list (`?list=2`). */
function createModel(deps: SiteDeps, list: string | undefined): PageModel {
  const { metainfo, files } = deps.publication;
  const listPages = Math.max(1, Math.ceil(files.length / FILES_PER_PAGE));
  const asked = Number(list ?? '1');
  const listPage = Number.isInteger(asked) && asked >= 1 && asked <= listPages ? asked : 1;
  const shown = files.slice((listPage - 1) * FILES_PER_PAGE, listPage * FILES_PER_PAGE);
  return {
    name: metainfo.name,
    comment: metainfo.comment,
    createdSeconds: metainfo.creationDate,
    length: metainfo.length,
    isSingleFile: metainfo.isSingleFile,
    isPrivate: metainfo.private,
    fileCount: files.length,
    files: shown.map((file): PageFile => ({
      path: pathInside(file, metainfo).join('/'),
      length: file.length,
      href: deps.direct ? filePath(file.path) : undefined,
      sha256: deps.sha256Of(file.index),
    })),
    listPage,
    listPages,
    magnet: deps.magnet,
    pageUrl: deps.links.page,
    torrentHref: torrentPath(metainfo.name),
    directHref: deps.direct && metainfo.isSingleFile ? filePath([metainfo.name]) : undefined,
    trackers: deps.links.trackers,
    status: deps.status(),
    extras: deps.extras?.() ?? {},
  };
}

/** True where a client prefers the .torrent to a page: it names the type, and does not name HTML. */
function wantsTorrent(accept: string | undefined): boolean {
  return accept !== undefined && accept.includes(TORRENT_TYPE) && !accept.includes('text/html');
}

function torrentResponse({ publication }: SiteDeps): Response {
  return new Response(new Uint8Array(publication.torrentBytes), {
    headers: {
      'content-type': TORRENT_TYPE,
      'content-disposition': attachment(`${publication.metainfo.name}.torrent`),
      'cache-control': 'no-cache',
    },
  });
}

/** Lines for `sha256sum --check`; names with a backslash or a line break in its escaped form. */
function checksums(deps: SiteDeps): string {
  const lines: string[] = [];
  for (const file of deps.publication.files) {
    const digest = deps.sha256Of(file.index);
    const path = pathInside(file, deps.publication.metainfo).join('/');
    const escaped = path
      .replaceAll('\\', String.raw`\\`)
      .replaceAll('\n', String.raw`\n`)
      .replaceAll('\r', String.raw`\r`);
    if (digest !== undefined) lines.push(`${escaped === path ? '' : '\\'}${digest}  ${escaped}\n`);
  }
  return lines.join('');
}

function decodePath(path: string): string | undefined {
  try {
    return path.split('/').map(decodeURIComponent).join('/');
  } catch {
    return undefined;
  }
}
