// The operator's view on the publisher's port, below /operator/: a page without a name or number in it, which anybody
// may load, and an API that only holders of the token may use.
// Threats: guessed tokens (192 random bits), pages of others in the operator's browser (Host, Origin, SameSite), names
// of peers that are meant to be HTML (text alone, strict policy), the token in logs (it travels in fragment, body and
// header, never in an address).
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as v from 'valibot';
import { Access } from '../../local-http/access.ts';
import { hostGuard } from '../../local-http/host-guard.ts';
import type { Token } from '../../local-http/token.ts';
import type { OperatorDesk } from './desk.ts';
import { RESOLUTIONS, type Resolution } from './history.ts';
import { formatPublisherMetrics } from './metrics.ts';
import type { Price } from './money.ts';
import { OPERATOR_OPENAPI } from './openapi.ts';
import { renderOperator } from './page.ts';
import { reportOverview, reportSwarm } from './reports.ts';

export interface OperatorSiteDeps {
  readonly desk: OperatorDesk;
  readonly token: Token;
  /** Other tokens that open it. */
  readonly alsoOpens?: ((token: string) => boolean) | undefined;
  readonly price: Price | undefined;
  readonly port: number;
  /** Host names that strangers know the publisher by. */
  readonly names: readonly string[];
}

/** Where the view is, relative to the publisher's address. */
export const OPERATOR_PATH = 'operator/';

type OperatorSite = Hono<{ Bindings: Partial<HttpBindings> }>;

const MAX_BODY_BYTES = 4096;
const MAX_SEARCH_CHARS = 200;
const LoginSchema = v.object({ token: v.pipe(v.string(), v.maxLength(1000)) });

export function createOperatorSite(deps: OperatorSiteDeps): OperatorSite {
  const site: OperatorSite = new Hono();
  const { token, port, alsoOpens } = deps;
  const access = new Access(token, {
    ...{ port, alsoOpens },
    maxFailures: Number.POSITIVE_INFINITY,
  });
  site.use(hostGuard(deps.names));
  site.use(async (context, next) => {
    await next();
    context.header('x-robots-tag', 'noindex');
    context.header('cache-control', 'no-store');
  });
  // Relative: a proxy may have put us under another path.
  site.get('/operator', (context) => context.redirect('./operator/', 302));
  site.get('/operator/', (context) => context.html(renderOperator()));
  site.get('/operator/api/v1/openapi.json', (context) => context.json(OPERATOR_OPENAPI));
  site.post('/operator/api/v1/login', bodyLimit({ maxSize: MAX_BODY_BYTES }), async (context) => {
    const body = v.safeParse(LoginSchema, await context.req.json().catch(() => undefined));
    return body.success
      ? access.login(context, body.output.token)
      : context.json({ code: 'BODY_INVALID', error: 'a login is {"token": "…"}' }, 400);
  });
  site.post('/operator/api/v1/logout', (context) => access.logout(context));
  site.use('/operator/api/*', access.guard);
  site.use('/operator/metrics', access.guard);
  addReports(site, deps);
  site.all('*', (context) => context.json({ code: 'NOT_FOUND', error: 'there is nothing here' }, 404));
  return site;
}

function addReports(site: OperatorSite, { desk, price }: OperatorSiteDeps): void {
  site.get('/operator/api/v1/overview', (context) => {
    const search = (context.req.query('q') ?? '').slice(0, MAX_SEARCH_CHARS);
    return context.json(reportOverview({ desk, price }, search));
  });
  site.get('/operator/api/v1/items/:key', (context) => {
    const item = desk.items.find(({ key }) => key === context.req.param('key'));
    return item === undefined
      ? context.json({ code: 'ITEM_UNKNOWN', error: 'this is not being published' }, 404)
      : context.json(reportSwarm(item, { desk, price }));
  });
  site.get('/operator/api/v1/history', (context) => {
    const asked = context.req.query('step') ?? 'seconds';
    const since = Number(context.req.query('since') ?? '0');
    if (!isResolution(asked) || !Number.isFinite(since) || since < 0) {
      const error = `step is one of ${RESOLUTIONS.join(', ')}, since is seconds since 1970`;
      return context.json({ code: 'QUERY_INVALID', error }, 400);
    }
    return context.json(desk.history.series(asked, since));
  });
  site.get('/operator/metrics', (context) =>
    context.body(formatPublisherMetrics(desk), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  );
}

function isResolution(text: string): text is Resolution {
  return (RESOLUTIONS as readonly string[]).includes(text);
}
