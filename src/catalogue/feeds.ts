// The catalogue as feeds: RSS 2.0 (what torrent clients read, BEP 36) and Atom (RFC 4287), each item with its .torrent as
// the enclosure. Law: every value goes through escapeXml.
import { formatBytes, formatCount } from '../core/format.ts';
import type { Entry } from './entries.ts';

export interface Feed {
  readonly title: string;
  readonly description: string;
  /** Of the list, and of the feed itself. */
  readonly page: string;
  readonly self: string;
  /** The newest first. */
  readonly entries: readonly Entry[];
}

/** Minutes after which a reader should look again. */
const TTL_MINUTES = 15;
const TORRENT_TYPE = 'application/x-bittorrent';

export function renderRss(feed: Feed): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>${escapeXml(feed.title)}</title>
<link>${escapeXml(feed.page)}</link>
<description>${escapeXml(feed.description)}</description>
<atom:link href="${escapeXml(feed.self)}" rel="self" type="application/rss+xml"/>
<ttl>${String(TTL_MINUTES)}</ttl>
<generator>Swarmpress</generator>
${feed.entries.map(renderRssItem).join('')}</channel>
</rss>
`;
}

/** BEP 36: the guid is the info hash, so that readers know a torrent again from other feeds. */
function renderRssItem(entry: Entry): string {
  return `<item>
<title>${escapeXml(entry.title)}</title>
<link>${escapeXml(entry.page)}</link>
<description>${escapeXml(describe(entry))}</description>
<guid isPermaLink="false">${escapeXml(entry.infoHash ?? entry.infoHashV2 ?? entry.page)}</guid>
<pubDate>${new Date(entry.published).toUTCString()}</pubDate>
<enclosure url="${escapeXml(entry.torrent)}" length="${String(entry.torrentLength)}" type="${TORRENT_TYPE}"/>
</item>
`;
}

export function renderAtom(feed: Feed): string {
  const updated =
    feed.entries
      .map((entry) => entry.published)
      .sort()
      .at(-1) ?? new Date(0).toISOString();
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${escapeXml(feed.title)}</title>
<subtitle>${escapeXml(feed.description)}</subtitle>
<id>${escapeXml(feed.page)}</id>
<updated>${updated}</updated>
<author><name>${escapeXml(feed.title)}</name></author>
<link rel="self" type="application/atom+xml" href="${escapeXml(feed.self)}"/>
<link rel="alternate" type="text/html" href="${escapeXml(feed.page)}"/>
<generator>Swarmpress</generator>
${feed.entries.map(renderAtomEntry).join('')}</feed>
`;
}

function renderAtomEntry(entry: Entry): string {
  return `<entry>
<title>${escapeXml(entry.title)}</title>
<id>${escapeXml(entry.page)}</id>
<updated>${entry.published}</updated>
<summary>${escapeXml(describe(entry))}</summary>
<link rel="alternate" type="text/html" href="${escapeXml(entry.page)}"/>
<link rel="enclosure" type="${TORRENT_TYPE}" length="${String(entry.torrentLength)}" href="${escapeXml(entry.torrent)}"/>
</entry>
`;
}

function describe(entry: Entry): string {
  const size = `${formatBytes(entry.length)} in ${formatCount(entry.files, 'file')}`;
  return entry.comment === undefined ? size : `${entry.comment} (${size})`;
}

/** Text for elements and attributes; what XML 1.0 cannot hold at all becomes a replacement character. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (char) => `&#${String(char.charCodeAt(0))};`);
}
