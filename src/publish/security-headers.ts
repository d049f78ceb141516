// The headers that keep the page to itself: no third party, no framing, no script but our own.
import type { MiddlewareHandler } from 'hono';

const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/** Published content may be a hostile HTML file: opened in a browser it gets no origin, no script and no network. */
const CONTENT_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

const COMMON: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** For the page and its parts. */
export const pageHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  setPageHeaders(context.res.headers);
};

export function setPageHeaders(headers: Headers): void {
  setAll(headers, {
    ...COMMON,
    'content-security-policy': PAGE_POLICY,
    'cross-origin-resource-policy': 'same-origin',
  });
}

/** For pages of ours with a form that comes back to us. */
export const formPageHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  setPageHeaders(context.res.headers);
  context.res.headers.set(
    'content-security-policy',
    PAGE_POLICY.replace("form-action 'none'", "form-action 'self'"),
  );
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
    'cross-origin-resource-policy': 'cross-origin',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'accept-ranges, content-range, content-length, etag',
  });
}

function setAll(headers: Headers, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
}
