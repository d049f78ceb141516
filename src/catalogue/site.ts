// The catalogue's web site: list, feeds, API, and under /items/ the site of each item.
// Law: what is private is not there for whoever shows no token of it, and no path is built from a request.
import { Hono } from 'hono';
import { respondWithAsset } from '../local-http/assets.ts';
import { assetHeaders, contentHeaders, formPageHeaders } from '../publish/security-headers.ts';
import { listEntries, toEntry } from './entries.ts';
import { renderAtom, renderRss, type Feed } from './feeds.ts';
import { renderIndex } from './index-page.ts';
import { ItemRoutes } from './item-routes.ts';
import { describeApi } from './openapi.ts';
import type { CatalogueSite, CatalogueSiteDeps } from './site-deps.ts';

const PAGE_SIZE = 48;
const FEED_SIZE = 100;
const API_PAGE_SIZE = 100;
const API_MAX_PAGE_SIZE = 500;
const MAX_SEARCH_CHARS = 200;

export function createCatalogueSite(deps: CatalogueSiteDeps): CatalogueSite {
  const site: CatalogueSite = new Hono();
  site.use('/', formPageHeaders);
  site.use('/assets/*', assetHeaders);
  for (const path of ['/feed.rss', '/feed.atom', '/api/*']) site.use(path, contentHeaders);
  site.get('/', (context) => {
    const search = (context.req.query('q') ?? '').slice(0, MAX_SEARCH_CHARS);
    const query = { search, page: Number(context.req.query('page') ?? '1'), pageSize: PAGE_SIZE };
    const list = listEntries(deps.shelf.live, query, deps.base);
    const { title, comment, fingerprint } = deps;
    context.header('cache-control', 'no-cache');
    return context.html(renderIndex({ title, comment, search, list, fingerprint }));
  });
  site.get('/assets/*', (context) => {
    const path = context.req.path.slice('/assets/'.length);
    return respondWithAsset(deps.assets, path, context.req.raw) ?? context.notFound();
  });
  addFeeds(site, deps);
  addApi(site, deps);
  const items = new ItemRoutes(deps);
  site.all('/items/*', (context) => items.answer(context));
  site.all('*', (context) =>
    ['GET', 'HEAD'].includes(context.req.method)
      ? context.text('Not found.\n', 404)
      : context.text('Only GET and HEAD.\n', 405, { allow: 'GET, HEAD' }),
  );
  return site;
}

function addFeeds(site: CatalogueSite, deps: CatalogueSiteDeps): void {
  const feed = (name: string): Feed => ({
    title: deps.title,
    description: deps.comment ?? 'Published with BitTorrent.',
    page: deps.base.href,
    self: new URL(name, deps.base).href,
    entries: listEntries(deps.shelf.live, { search: '', page: 1, pageSize: FEED_SIZE }, deps.base).items,
  });
  site.get('/feed.rss', (context) => {
    const headers = { 'content-type': 'application/rss+xml; charset=utf-8', 'cache-control': 'no-cache' };
    return context.body(renderRss(feed('feed.rss')), 200, headers);
  });
  site.get('/feed.atom', (context) => {
    const headers = { 'content-type': 'application/atom+xml; charset=utf-8', 'cache-control': 'no-cache' };
    return context.body(renderAtom(feed('feed.atom')), 200, headers);
  });
}

function addApi(site: CatalogueSite, deps: CatalogueSiteDeps): void {
  site.get('/api/v1/openapi.json', (context) => context.json(describeApi(deps.base.href, deps.title)));
  site.get('/api/v1/items', (context) => {
    const asked = Number(context.req.query('size') ?? String(API_PAGE_SIZE));
    const pageSize =
      Number.isInteger(asked) && asked >= 1 ? Math.min(asked, API_MAX_PAGE_SIZE) : API_PAGE_SIZE;
    const search = (context.req.query('q') ?? '').slice(0, MAX_SEARCH_CHARS);
    const query = { search, page: Number(context.req.query('page') ?? '1'), pageSize };
    context.header('cache-control', 'no-cache');
    return context.json(listEntries(deps.shelf.live, query, deps.base));
  });
  site.get('/api/v1/items/:slug', (context) => {
    const found = deps.shelf.find(context.req.param('slug'));
    context.header('cache-control', 'no-cache');
    if (found?.kind === 'live' && !found.item.isPrivate) return context.json(toEntry(found.item, deps.base));
    if (found?.kind === 'ended' && found.record.access === 'public') {
      return context.json({ code: 'ITEM_ENDED', message: found.record.down?.word ?? found.reason }, 410);
    }
    return context.json({ code: 'ITEM_UNKNOWN', message: 'there is no such item' }, 404);
  });
}
