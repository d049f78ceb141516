// Every address that a publication hands to strangers, derived from one base URL.
// Law: nothing here comes from a request; a forged Host header changes no link.
import { UsageError } from '../core/errors.ts';

export interface PublicLinks {
  /** The page; ends in a slash. */
  readonly page: string;
  /** `…/name.torrent` */
  readonly torrent: string;
  /** HTTP, UDP and WebSocket announce URLs of our own tracker, then those of others. */
  readonly trackers: readonly string[];
  /** BEP 19: the file itself, or for a folder the URL that its name is appended to. */
  readonly webSeed: string | undefined;
}

export interface LinkOptions {
  /** Of the page. */
  readonly base: URL;
  /** Of the tracker, where it is another; `credential` is what its announce URLs carry. */
  readonly tracker?: { readonly base: URL; readonly credential?: string | undefined } | undefined;
  readonly name: string;
  readonly isSingleFile: boolean;
  readonly udpPort: number;
  readonly extraTrackers: readonly string[];
  readonly webSeed: boolean;
}

export function createLinks(options: LinkOptions): PublicLinks {
  const { base, name } = options;
  const { base: trackerBase, credential } = options.tracker ?? { base };
  const path = credential === undefined ? 'announce' : `announce/${credential}`;
  const announce = new URL(path, trackerBase).href;
  const udp = `udp://${base.hostname}:${String(options.udpPort)}/${path}`;
  // Visitors in browsers find each other, and us, by WebSocket.
  const socket = announce.replace(/^http/, 'ws');
  const files = new URL('files/', base).href;
  const content = options.isSingleFile ? files + encodeURIComponent(name) : files;
  return {
    page: base.href,
    torrent: new URL(torrentPath(name), base).href,
    trackers: [...new Set([announce, udp, socket, ...options.extraTrackers])],
    webSeed: options.webSeed ? content : undefined,
  };
}

/** Where the page serves the .torrent, relative to its base. */
export function torrentPath(name: string): string {
  return `./${encodeURIComponent(name)}.torrent`;
}

/** Where the page serves a file, relative to its base. */
export function filePath(path: readonly string[]): string {
  return `./files/${path.map(encodeURIComponent).join('/')}`;
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostNameOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** The base URL that strangers see: http(s), no query, ends in a slash. Throws UsageError PUBLIC_URL_INVALID. */
export function parsePublicUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError('PUBLIC_URL_INVALID', `not a URL: ${text}`);
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new UsageError('PUBLIC_URL_INVALID', `a public URL is http(s)://host[:port]/[path/], not ${text}`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
