// The headers that keep the page to itself: no third party, no framing, no script but our own.
import type { MiddlewareHandler } from 'hono';
import type { PublicLinks } from './links.ts';

const FOR_ALL = { 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' };

/** `connections`: where the page's own download may connect to besides the page itself. */
function pagePolicy(connections: readonly string[]): string {
  return [
    "default-src 'none'",
    ...["script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "media-src 'self' blob:"],
    // Workers of the download, and the frame through which the browser saves what is still coming.
    ...["worker-src 'self'", "frame-src 'self'", `connect-src ${["'self'", ...connections].join(' ')}`],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ].join('; ');
}

const PAGE_POLICY = pagePolicy([]);

/** Published content may be a hostile HTML file: opened in a browser it gets no origin, no script and no network. */
const CONTENT_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

const COMMON: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** For pages of ours and their parts. */
export function setPageHeaders(headers: Headers, policy: string = PAGE_POLICY): void {
  setAll(headers, {
    ...COMMON,
    'content-security-policy': policy,
    'cross-origin-resource-policy': 'same-origin',
  });
}

/** For pages of ours with a form that comes back to us. */
export const formPageHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  setPageHeaders(context.res.headers, PAGE_POLICY.replace("form-action 'none'", "form-action 'self'"));
};

/** For a page that downloads: it reaches the trackers and the web seed of its torrent, and nobody else. */
export function downloadPageHeaders({ page, trackers, webSeed }: PublicLinks): MiddlewareHandler {
  const { protocol, hostname } = new URL(page);
  // Elsewhere browsers ignore the opener policy, and complain of it on every visitor's console.
  const isTrustworthy = protocol === 'https:' || /^(localhost|127\..*|\[::1\])$/.test(hostname);
  const sockets = trackers.filter((url) => /^wss?:/i.test(url));
  const urls = webSeed === undefined ? sockets : [...sockets, webSeed];
  const policy = pagePolicy([...new Set(urls.map((url) => new URL(url).origin))]);
  return async (context, next) => {
    await next();
    setPageHeaders(context.res.headers, policy);
    if (!isTrustworthy) context.res.headers.delete('cross-origin-opener-policy');
  };
}

/** For scripts and styles, which other sites may embed. */
export const assetHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  setAll(context.res.headers, { ...COMMON, ...FOR_ALL });
};

/** For content and what other sites may read: any origin may fetch it, no origin is lent to it. */
export const contentHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  setContentHeaders(context.res.headers);
};

export function setContentHeaders(headers: Headers): void {
  setAll(headers, {
    ...COMMON,
    'content-security-policy': CONTENT_POLICY,
    ...FOR_ALL,
    'access-control-expose-headers': 'accept-ranges, content-range, content-length, etag',
  });
}

function setAll(headers: Headers, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
}
