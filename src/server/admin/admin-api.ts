// The operator's API under /admin: JSON over HTTP, with a secret in the Authorization header. Off without a secret.
// A page in the operator's browser must not be able to use it: the Host must be one that the operator named (or an
// address, which no other site can point at us), and a request that carries an Origin is refused.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fromHex } from '../../core/bytes/bytes.ts';
import { ProtocolError, SwarmpressError, UsageError } from '../../core/errors.ts';
import type { Log } from '../../ports/log.ts';

export interface SwarmSummary {
  /** Hex. */
  readonly infoHash: string;
  readonly seeders: number;
  readonly leechers: number;
  readonly downloads: number;
}

/** What the API does; each may reject with an error of the three families. */
export interface AdminActions {
  statistics(): object;
  /** Swarms from a position on, `limit` positions; `next` is undefined at the end. */
  swarms(
    from: number,
    limit: number,
  ): { readonly swarms: readonly SwarmSummary[]; readonly next: number | undefined };
  swarm(infoHash: Uint8Array): SwarmSummary;
  /** Forgets the peers of a swarm; answers how many. */
  drop(infoHash: Uint8Array): number;
  bans(): { readonly torrents: readonly string[]; readonly addresses: readonly string[] };
  /** `what`: an info hash in hex, an address, or a range of addresses. */
  ban(what: string): Promise<void>;
  unban(what: string): Promise<void>;
  revoke(tokenId: string): Promise<void>;
  reload(): Promise<void>;
}

export interface AdminApiOptions {
  readonly secret: string;
  /** Names that the operator's tools call us by; addresses and localhost always pass. */
  readonly hosts: readonly string[];
}

type Handler = (args: readonly string[], query: URLSearchParams) => object | Promise<object>;

const PREFIX = '/admin/';
const MAX_PAGE = 1000;

/** Requests under /admin/; everything else goes on to `next`. */
export function createAdminApi(
  options: AdminApiOptions,
  deps: { readonly actions: AdminActions; readonly next: RequestListener; readonly log: Log },
): RequestListener {
  const routes = routesOf(deps.actions);
  const isSecret = secretCheck(options.secret);
  const serve = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const refusal = refusalOf(request, options, isSecret);
    if (refusal !== undefined) {
      deps.log.warn('admin request refused', { reason: refusal[1], from: request.socket.remoteAddress });
      answer(response, refusal[0], { error: refusal[1] });
      return;
    }
    const url = new URL(request.url ?? '', 'http://admin');
    const [name = '', ...args] = path.slice(PREFIX.length).split('/').map(decodePart);
    const handler = routes.get(`${request.method ?? ''} ${name}${args.length === 0 ? '' : '/*'}`);
    if (handler === undefined) {
      answer(response, 404, { error: 'no such action: see docs/tracker.md' });
      return;
    }
    try {
      const result = await handler(args, url.searchParams);
      if (request.method !== 'GET')
        deps.log.info('admin', { action: `${request.method ?? ''} ${name}`, what: args.join('/') });
      answer(response, 200, result);
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      const fault = error instanceof UsageError || error instanceof ProtocolError;
      answer(response, fault ? 400 : 500, { error: error.message, code: error.code });
    }
  };
  return (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    if (!path.startsWith(PREFIX)) {
      deps.next(request, response);
      return;
    }
    // Bodies mean nothing here, and a large one is not waited for.
    request.resume();
    serve(request, response, path).catch((error: unknown) => {
      deps.log.error('admin request failed', { reason: error instanceof Error ? error.message : '' });
      if (!response.headersSent) answer(response, 500, { error: 'it failed: see the log' });
    });
  };
}

function routesOf(actions: AdminActions): ReadonlyMap<string, Handler> {
  const done = async (work: Promise<void>): Promise<object> => {
    await work;
    return { ok: true };
  };
  return new Map<string, Handler>([
    ['GET stats', () => actions.statistics()],
    [
      'GET swarms',
      (_, query) =>
        actions.swarms(count(query.get('from'), 0), Math.min(MAX_PAGE, count(query.get('limit'), 100))),
    ],
    ['GET swarms/*', ([hash]) => actions.swarm(infoHashOf(hash))],
    ['DELETE swarms/*', ([hash]) => ({ dropped: actions.drop(infoHashOf(hash)) })],
    ['GET bans', () => actions.bans()],
    // Ranges have a slash of their own.
    ['PUT bans/*', (args) => done(actions.ban(args.join('/')))],
    ['DELETE bans/*', (args) => done(actions.unban(args.join('/')))],
    ['DELETE tokens/*', ([id = '']) => done(actions.revoke(id))],
    ['POST reload', () => done(actions.reload())],
  ]);
}

function refusalOf(
  request: IncomingMessage,
  options: AdminApiOptions,
  isSecret: (text: string) => boolean,
): readonly [status: number, reason: string] | undefined {
  if (request.headers.origin !== undefined) return [403, 'not for pages'];
  const host = (request.headers.host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  if (isIP(host) === 0 && host !== 'localhost' && !options.hosts.includes(host))
    return [403, 'not for this host name'];
  const [scheme = '', secret = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !isSecret(secret))
    return [401, 'Authorization: Bearer SECRET is needed'];
  return undefined;
}

/** Digests have one length, so the comparison's time says nothing about the secret. */
function secretCheck(secret: string): (text: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(secret);
  return (text) => timingSafeEqual(digest(text), wanted);
}

function infoHashOf(text = ''): Uint8Array {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) {
    throw new UsageError('ADMIN_BAD_HASH', 'an info hash has 40 hex digits, or 64 of a v2 one');
  }
  return fromHex(text).slice(0, 20);
}

function count(text: string | null, fallback: number): number {
  if (text === null) return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError('ADMIN_BAD_NUMBER', 'from and limit are whole numbers');
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function answer(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(body);
}
