// The public items of a catalogue as data: for the list, the feeds and the API alike.
import { toHex } from '../core/bytes/bytes.ts';
import { itemPath } from './item-links.ts';
import { searchText, type LiveItem } from './live-item.ts';

/** The fields of an item in the API. They are stable: fields may be added, none changes its meaning. */
export interface Entry {
  readonly slug: string;
  readonly title: string;
  /** Of the file or folder. */
  readonly name: string;
  readonly comment: string | undefined;
  /** Bytes of content. */
  readonly length: number;
  readonly files: number;
  /** From 1; counts up when the content changes. */
  readonly version: number;
  /** When this version was published, RFC 3339. */
  readonly published: string;
  readonly infoHash: string | undefined;
  readonly infoHashV2: string | undefined;
  /** Absolute addresses. */
  readonly page: string;
  readonly torrent: string;
  readonly torrentLength: number;
  readonly checksums: string;
  readonly magnet: string;
  /** As our tracker counts them. */
  readonly seeders: number;
  readonly leechers: number;
  /** Downloads that were reported as finished, since the start of this process. */
  readonly completed: number;
}

export interface EntryPage {
  readonly items: readonly Entry[];
  readonly total: number;
  readonly page: number;
  readonly pages: number;
}

export interface EntryQuery {
  readonly search: string;
  /** From 1; out of range means the first. */
  readonly page: number;
  readonly pageSize: number;
}

/** What anybody may see, the newest first. */
export function listEntries(live: readonly LiveItem[], query: EntryQuery, base: URL): EntryPage {
  const words = searchText([query.search])
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = live
    .filter((item) => !item.isPrivate && item.matches(words))
    .sort((a, b) => b.version.publishedAt - a.version.publishedAt || (a.slug < b.slug ? -1 : 1));
  const pages = Math.max(1, Math.ceil(found.length / query.pageSize));
  const page = Number.isInteger(query.page) && query.page >= 1 && query.page <= pages ? query.page : 1;
  const shown = found.slice((page - 1) * query.pageSize, page * query.pageSize);
  return { items: shown.map((item) => toEntry(item, base)), total: found.length, page, pages };
}

export function toEntry(live: LiveItem, base: URL): Entry {
  const { slug, title, version, record } = live;
  const { metainfo, offer, publication } = live.item;
  const { seeders, leechers, completed } = live.item.status();
  const at = (ending: string): string => new URL(`items/${slug}${ending}`, base).href;
  return {
    ...{ slug, title, name: metainfo.name, comment: record.comment ?? metainfo.comment },
    ...{ length: metainfo.length, files: publication.files.length, version: version.version },
    published: new Date(version.publishedAt * 1000).toISOString(),
    infoHash: metainfo.infoHash === undefined ? undefined : toHex(metainfo.infoHash),
    infoHashV2: metainfo.infoHashV2 === undefined ? undefined : toHex(metainfo.infoHashV2),
    page: new URL(itemPath(slug), base).href,
    torrent: at('.torrent'),
    torrentLength: offer.torrentBytes.length,
    checksums: at('.sha256'),
    magnet: offer.magnet,
    ...{ seeders, leechers, completed },
  };
}
