// Everything under /items/: an item's site, its files at predictable addresses, earlier versions, the way to newer ones
// (BEP 39), and what is left of an item that is not published any more.
import { toHex } from '../core/bytes/bytes.ts';
import { attachment } from '../publish/content-disposition.ts';
import type { Offer } from '../publish/item.ts';
import { setContentHeaders, setPageHeaders } from '../publish/security-headers.ts';
import { renderAbsent, renderEarlier } from './index-page.ts';
import { readVersion, type LiveItem } from './live-item.ts';
import type { Found } from './shelf.ts';
import { isSlug } from './slug.ts';
import type { CatalogueContext, CatalogueSiteDeps } from './site-deps.ts';

const TORRENT_TYPE = 'application/x-bittorrent';

/** What of an address comes after the item's name. */
interface Visit {
  readonly context: CatalogueContext;
  readonly slug: string;
  /** Decoded no further than the URL parser does. */
  readonly rest: string;
  readonly token: string | undefined;
}

export class ItemRoutes {
  readonly #deps: CatalogueSiteDeps;

  constructor(deps: CatalogueSiteDeps) {
    this.#deps = deps;
  }

  answer(context: CatalogueContext): Response | Promise<Response> {
    const path = new URL(context.req.url).pathname.slice('/items/'.length);
    const match = /^([a-z0-9-]+)(?:\.(torrent|magnet|sha256)|(\/)(?:~([\w-]+)\/)?(.*))?$/.exec(path);
    const [, slug = '', ending, slash, token, rest = ''] = match ?? [];
    const found = isSlug(slug) ? this.#deps.shelf.find(slug) : undefined;
    if (found === undefined || !this.#mayRead(found, slug, token)) return context.text('Not found.\n', 404);
    if (!['GET', 'HEAD'].includes(context.req.method)) {
      return context.text('Only GET and HEAD.\n', 405, { allow: 'GET, HEAD' });
    }
    if (found.kind !== 'live') return this.#absent(context, found);
    const visit: Visit = { context, slug, rest, token };
    if (ending !== undefined) return this.#file(found.item, ending, visit);
    // Relative: a proxy may have put us under another path.
    if (slash === undefined) return context.redirect(`./${slug}/`, 301);
    return this.#site(found.item, visit);
  }

  #mayRead(found: Found, slug: string, token: string | undefined): boolean {
    const isPrivate = (found.kind === 'live' ? found.item.record : found.record).access === 'private';
    if (!isPrivate) return token === undefined;
    if (token === undefined) return false;
    const use = { right: 'read' as const, slug, nowSeconds: Date.now() / 1000 };
    return this.#deps.access.verify(token, use).kind === 'valid';
  }

  #site(item: LiveItem, visit: Visit): Response | Promise<Response> {
    const version = /^v\/(\d{1,9})\/(.*)$/.exec(visit.rest);
    if (version !== null)
      return this.#version(item, Number(version[1]), { ...visit, rest: version[2] ?? '' });
    const offer = visit.token === undefined ? item.item.offer : item.offerFor(visit.token);
    if (visit.rest === 'update') return update(offer, item, visit.context);
    return within(offer, visit);
  }

  #file(item: LiveItem, ending: string, visit: Visit): Response | Promise<Response> {
    const { offer, metainfo } = item.item;
    if (ending === 'torrent') return published(torrentOf(offer.torrentBytes, metainfo.name));
    if (ending === 'magnet') {
      return published(new Response(`${offer.magnet}\n`, { headers: TEXT }));
    }
    return within(offer, { ...visit, rest: 'SHA256SUMS' });
  }

  #version(item: LiveItem, version: number, visit: Visit): Response | Promise<Response> {
    const { context, slug, rest, token } = visit;
    if (version === item.version.version) return context.redirect('../../', 302);
    const earlier = item.earlier.find(({ record }) => record.version === version);
    if (earlier === undefined || token !== undefined) return context.text('Not found.\n', 404);
    if (rest === 'update') return update(item.item.offer, item, context);
    if (earlier.item !== undefined) return within(earlier.item.offer, visit);
    const bytes = this.#deps.state.torrent(slug, version);
    if (bytes === undefined) return context.text('Not found.\n', 404);
    const metainfo = readVersion(bytes);
    if (rest === 'version.torrent') return published(torrentOf(bytes, metainfo.name));
    if (rest !== '') return context.text('This version is not served any more.\n', 410);
    const { infoHash, infoHashV2 } = metainfo;
    const page = renderEarlier({
      ...{ title: this.#deps.title, root: '../../../../', newest: '../../', name: metainfo.name, version },
      ...{ length: metainfo.length, torrent: './version.torrent' },
      hashes: [infoHashV2, infoHash].flatMap((hash) => (hash === undefined ? [] : [toHex(hash)])),
    });
    return asPage(context.html(page));
  }

  #absent(context: CatalogueContext, found: Exclude<Found, { kind: 'live' }>): Promise<Response> {
    const reason = found.kind === 'ended' ? found.reason : found.kind;
    const depth = new URL(context.req.url).pathname.split('/').length - 2;
    const page = renderAbsent({
      title: this.#deps.title,
      root: '../'.repeat(depth),
      reason,
      word: found.record.down?.word,
    });
    const status = found.kind === 'ended' ? 410 : 503;
    return asPage(context.html(page, status, status === 503 ? { 'retry-after': '5' } : {}));
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };

/** An item's own site answers, as if it were at the root. */
function within(offer: Offer, { context, rest }: Visit): Response | Promise<Response> {
  const url = new URL(context.req.url);
  url.pathname = `/${rest}`;
  return offer.site.fetch(new Request(url, context.req.raw), context.env);
}

/** BEP 39: the newest torrent, for whoever has another one. */
function update(offer: Offer, item: LiveItem, context: CatalogueContext): Response | Promise<Response> {
  const { infoHash, infoHashV2, name } = item.item.metainfo;
  const asked = (context.req.query('info_hash') ?? '').toLowerCase();
  const isNewest = [infoHash, infoHashV2].some((hash) => {
    const own = hash === undefined ? undefined : toHex(hash);
    return own !== undefined && (asked === own || (asked.length === 40 && own.startsWith(asked)));
  });
  return published(isNewest ? new Response(null, { status: 204 }) : torrentOf(offer.torrentBytes, name));
}

function torrentOf(bytes: Uint8Array, name: string): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': TORRENT_TYPE,
      'content-disposition': attachment(`${name}.torrent`),
      'cache-control': 'no-cache',
    },
  });
}

function published(response: Response): Response {
  setContentHeaders(response.headers);
  return response;
}

async function asPage(rendered: Response | Promise<Response>): Promise<Response> {
  const response = await rendered;
  setPageHeaders(response.headers);
  return response;
}
