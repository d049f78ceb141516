// What every HTTP port for the user alone refuses: requests that a foreign web page made the browser send.
// Threats: DNS rebinding (a stranger's name made to point here: the Host header gives it away), cross-site requests
// (Origin and Sec-Fetch-Site give them away) and framing. An address as Host is safe: no name was resolved.
import type { MiddlewareHandler } from 'hono';
import { parseIp } from '../core/address.ts';

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'",
    "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; '),
};

/** Answers 421 to a Host that is neither an address, `localhost`, nor in `names`; 403 to another site's request. */
export function hostGuard(names: readonly string[] = []): MiddlewareHandler {
  const known = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (!isKnown(host, known)) {
      return context.json(
        { code: 'HOST_FORBIDDEN', error: 'this name is not one of the server; see --allow-host' },
        421,
      );
    }
    if (isForeign(context.req.raw.headers, host)) {
      return context.json({ code: 'ORIGIN_FORBIDDEN', error: 'requests of other sites are refused' }, 403);
    }
    await next();
    // An answer that carries a stranger's content has a stricter policy of its own.
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
    return undefined;
  };
}

function isKnown(host: string, names: ReadonlySet<string>): boolean {
  const name = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host);
  const bare = (name?.[1] ?? name?.[2] ?? '').toLowerCase();
  return names.has(bare) || parseIp(bare) !== undefined;
}

/** A browser says where a request comes from; programs say nothing and are not meant. */
function isForeign(headers: Headers, host: string): boolean {
  const origin = headers.get('origin');
  if (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host)) return true;
  const site = headers.get('sec-fetch-site');
  // Following a link from another site to the page itself is harmless: it carries no cookie and changes nothing.
  const isVisit =
    headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document';
  return site !== null && site !== 'same-origin' && site !== 'none' && !isVisit;
}
