// A .torrent from a web address: of the .torrent itself, or of a page that links to one.
// A page names it as <link rel="alternate" type="application/x-bittorrent" href="…">, which `publish` does.
import { concatBytes, utf8Decode } from '../core/bytes/bytes.ts';
import { ProtocolError, SystemError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../ports/http.ts';

const TORRENT_TYPE = 'application/x-bittorrent';
/** The head of a page is far smaller. */
const PAGE_BYTES = 1024 * 1024;
const TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;

/** Bytes of the .torrent; rejects with SystemError HTTP_* or ProtocolError HTTP_*, NO_TORRENT_LINK, TORRENT_TOO_BIG. */
export async function fetchTorrent(url: string, http: HttpPort, signal: AbortSignal): Promise<Uint8Array> {
  const first = await request({ url, signal, local: 'any' }, http);
  if (!isPage(first)) return readBody(first, LIMITS.torrentFileBytes.value);
  const link = findTorrentLink(utf8Decode(await readBody(first, PAGE_BYTES)), first.url);
  if (link === undefined) {
    throw new ProtocolError('NO_TORRENT_LINK', `${url} is a page without a link to a .torrent`);
  }
  // The page says where it is: that may be anywhere.
  const second = await request({ url: link, signal, local: 'files' }, http);
  if (isPage(second)) throw new ProtocolError('NO_TORRENT_LINK', `${link} is a page, not a .torrent`);
  return readBody(second, LIMITS.torrentFileBytes.value);
}

/** The .torrent that a page names for machines, as an absolute http(s) URL. */
export function findTorrentLink(html: string, base: string): string | undefined {
  for (const [tag] of html.matchAll(/<link\b[^<>]*>/gi)) {
    const relations = (attribute(tag, 'rel') ?? '').toLowerCase().split(/\s+/);
    const href = attribute(tag, 'href');
    if (!relations.includes('alternate') || attribute(tag, 'type')?.toLowerCase() !== TORRENT_TYPE) continue;
    if (href === undefined || !URL.canParse(href, base)) continue;
    const url = new URL(href, base);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url.href;
  }
  return undefined;
}

async function request(
  { url, signal, local }: Pick<HttpRequest, 'url' | 'signal' | 'local'>,
  http: HttpPort,
): Promise<HttpResponse> {
  const headers = { accept: `${TORRENT_TYPE}, text/html;q=0.5, */*;q=0.1` };
  const response = await http.request({
    ...{ url, headers, signal, local, timeoutMs: TIMEOUT_MS, maxRedirects: MAX_REDIRECTS },
  });
  if (response.status !== 200) {
    throw new SystemError('HTTP_STATUS', `${url} answered with status ${String(response.status)}`, {
      expected: 200,
      received: response.status,
    });
  }
  return response;
}

function isPage(response: HttpResponse): boolean {
  return /^\s*(text\/html|application\/xhtml\+xml)\b/i.test(response.headers['content-type'] ?? '');
}

async function readBody(response: HttpResponse, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > limit) {
      throw new ProtocolError('TORRENT_TOO_BIG', `${response.url} is longer than ${String(limit)} bytes`);
    }
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(String.raw`\s${name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+))`, 'i').exec(tag);
  const value = match?.[1] ?? match?.[2] ?? match?.[3];
  return value === undefined ? undefined : decodeEntities(value.trim());
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,5});/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity.toLowerCase()] ?? whole;
    const code = Number(/^#x/i.test(entity) ? `0x${entity.slice(2)}` : entity.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
