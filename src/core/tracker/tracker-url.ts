// Announce URLs: which are usable, what they point to, and what is added to them. Core has no URL class, so the
// few rules that trackers need are here: a scheme, a host that is a name or an IP, a port, printable ASCII only.

export type TrackerScheme = 'http' | 'https' | 'udp' | 'ws' | 'wss';

export interface TrackerUrl {
  readonly scheme: TrackerScheme;
  /** Lower case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query as written, with the leading slash (or empty); never a fragment. */
  readonly target: string;
}

const PORTS: Readonly<Record<TrackerScheme, number>> = { http: 80, https: 443, udp: 80, ws: 80, wss: 443 };
const SHAPE = /^(https?|udp|wss?):\/\/(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(?::([0-9]{1,5}))?([/?][!-~]*)?$/i;

/** Takes an announce URL apart; undefined for what no tracker can be reached by. */
export function parseTrackerUrl(text: string): TrackerUrl | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const scheme = (match[1] ?? '').toLowerCase() as TrackerScheme;
  const host = (match[2] ?? '').toLowerCase().replace(/^\[|\]$/g, '');
  const port = match[3] === undefined ? PORTS[scheme] : Number(match[3]);
  if (port < 1 || port > 65535) return undefined;
  return { scheme, host, port, target: (match[4] ?? '').replace(/#.*$/, '') };
}

/** One text for all spellings of the same tracker: default ports and letter case do not count. */
export function canonicalTrackerUrl(url: TrackerUrl): string {
  const host = url.host.includes(':') ? `[${url.host}]` : url.host;
  return `${url.scheme}://${host}:${String(url.port)}${url.target === '' ? '/' : url.target}`;
}

/** BEP 48: the last path component must begin with `announce`, which becomes `scrape`; UDP needs no change. */
export function toScrapeUrl(announceUrl: string): string | undefined {
  const url = parseTrackerUrl(announceUrl);
  if (url === undefined) return undefined;
  if (url.scheme === 'udp') return announceUrl;
  const pathEnd = announceUrl.search(/[?#]|$/);
  const slash = announceUrl.lastIndexOf('/', pathEnd);
  if (!announceUrl.startsWith('announce', slash + 1)) return undefined;
  return `${announceUrl.slice(0, slash + 1)}scrape${announceUrl.slice(slash + 1 + 'announce'.length)}`;
}

/** Adds query parameters (already escaped) behind those that the URL has. */
export function appendQuery(url: string, query: string): string {
  const bare = url.replace(/#.*$/, '');
  return `${bare}${bare.includes('?') ? '&' : '?'}${query}`;
}

/** Escapes raw bytes for a query: only unreserved characters of RFC 3986 stay as they are. */
export function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += ESCAPES[byte] ?? '';
  return text;
}

const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});
