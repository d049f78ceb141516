// An item that is being published: its current version, and earlier ones as far as their files are still there.
import { toHex, utf8Encode } from '../core/bytes/bytes.ts';
import { editTorrent } from '../core/metainfo/edit.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { signTorrent } from '../core/metainfo/signature.ts';
import { nodeDigests } from '../node/digests.ts';
import type { SigningKey } from '../node/signing-key.ts';
import type { StateStore } from '../ports/storage.ts';
import type { Assets } from '../local-http/assets.ts';
import type { PublishHost } from '../publish/host.ts';
import { hashesOf, openItem, type Offer, type PublishedItem } from '../publish/item.ts';
import { hostNameOf, type PublicLinks } from '../publish/links.ts';
import type { PageExtras } from '../publish/page-model.ts';
import type { Prepared } from '../publish/prepare.ts';
import type { Access } from './access.ts';
import { itemLinks, itemPath, type AddressBook } from './item-links.ts';
import type { ItemCounts, ItemRecord, VersionRecord } from './records.ts';

/** What live items have in common. */
export interface ShelfDeps {
  readonly host: PublishHost;
  readonly access: Access;
  readonly book: AddressBook;
  readonly key: SigningKey;
  readonly fingerprint: string;
  readonly assets: Assets;
  readonly store: StateStore;
  /** Of the catalogue, for the way back. */
  readonly title: string;
  readonly onTrouble: (slug: string, path: string, reason: 'missing' | 'changed') => void;
}

/** A version that has been made, and its torrent. */
export interface MadeVersion {
  readonly record: VersionRecord;
  readonly prepared: Prepared;
  /** BEP 38: hashes of the other versions. */
  readonly similar?: readonly Uint8Array[] | undefined;
}

/** Different visitors of a private item hold different tokens; so many sites are kept. */
const MAX_OFFERS = 64;

export class LiveItem {
  record: ItemRecord;
  readonly version: VersionRecord;
  readonly item: PublishedItem;
  /** Earlier versions, newest first: those that are seeded have an item. */
  readonly earlier: readonly { readonly record: VersionRecord; readonly item: PublishedItem | undefined }[];
  /** For the search: lower-case text of all names. */
  readonly words: string;
  readonly #deps: ShelfDeps;
  readonly #offers = new Map<string, Offer>();
  #counted: ItemCounts;

  constructor(parts: Pick<LiveItem, 'record' | 'version' | 'item' | 'earlier'>, deps: ShelfDeps) {
    this.record = parts.record;
    this.version = parts.version;
    this.item = parts.item;
    this.earlier = parts.earlier;
    this.#deps = deps;
    this.words = searchText([
      parts.item.metainfo.name,
      ...parts.item.publication.files.map((file) => file.path.join(' ')),
    ]);
    this.#counted = this.#now();
  }

  get slug(): string {
    return this.record.slug;
  }

  get title(): string {
    return this.record.title ?? this.item.metainfo.name;
  }

  get isPrivate(): boolean {
    return this.record.access === 'private';
  }

  matches(words: readonly string[]): boolean {
    const own = searchText([this.record.title ?? '', this.record.comment ?? '', this.slug]);
    return words.every((word) => this.words.includes(word) || own.includes(word));
  }

  /** Site and .torrent of a private item for the holder of a token that was checked. */
  offerFor(token: string): Offer {
    const known = this.#offers.get(token);
    if (known !== undefined) return known;
    const offer = this.item.offerAt(itemLinks(this.#deps.book, this.#addressed(), { token }));
    const [oldest] = this.#offers.keys();
    if (this.#offers.size >= MAX_OFFERS && oldest !== undefined) this.#offers.delete(oldest);
    this.#offers.set(token, offer);
    return offer;
  }

  /** What was moved since the last call. */
  takeCounts(): ItemCounts {
    const before = this.#counted;
    const now = (this.#counted = this.#now());
    return {
      downloads: Math.max(0, now.downloads - before.downloads),
      uploaded: Math.max(0, now.uploaded - before.uploaded),
      sentDirectly: Math.max(0, now.sentDirectly - before.sentDirectly),
    };
  }

  async close(): Promise<void> {
    this.#deps.access.unguard(this.slug);
    const earlier = this.earlier.flatMap(({ item }) => (item === undefined ? [] : [item]));
    await Promise.all([this.item, ...earlier].map((item) => item.close()));
  }

  #now(): ItemCounts {
    const all = [this.item, ...this.earlier.map(({ item }) => item)];
    const statuses = all.flatMap((item) => (item === undefined ? [] : [item.status()]));
    const sum = (field: 'completed' | 'uploaded' | 'sentDirectly'): number =>
      statuses.reduce((total, status) => total + status[field], 0);
    return { downloads: sum('completed'), uploaded: sum('uploaded'), sentDirectly: sum('sentDirectly') };
  }

  #addressed(): { readonly slug: string; readonly name: string; readonly isSingleFile: boolean } {
    const { name, isSingleFile } = this.item.metainfo;
    return { slug: this.slug, name, isSingleFile };
  }
}

/** Tracks and seeds a version and those before it. `earlier`: newest first, undefined where only the name is left. */
export async function openLiveItem(
  record: ItemRecord,
  versions: { readonly current: MadeVersion; readonly earlier: readonly (MadeVersion | VersionRecord)[] },
  deps: ShelfDeps,
): Promise<LiveItem> {
  const item = await openVersion(record, versions.current, {
    deps,
    isCurrent: true,
    numbers: numbersOf(versions),
  });
  const earlier: { record: VersionRecord; item: PublishedItem | undefined }[] = [];
  for (const version of versions.earlier) {
    if (!('prepared' in version)) earlier.push({ record: version, item: undefined });
    else {
      const opened = await openVersion(record, version, {
        deps,
        isCurrent: false,
        numbers: numbersOf(versions),
      });
      earlier.push({ record: version.record, item: opened });
    }
  }
  return new LiveItem({ record, version: versions.current.record, item, earlier }, deps);
}

interface VersionPlace {
  readonly deps: ShelfDeps;
  readonly isCurrent: boolean;
  /** Of all versions, newest first. */
  readonly numbers: readonly number[];
}

async function openVersion(
  record: ItemRecord,
  made: MadeVersion,
  place: VersionPlace,
): Promise<PublishedItem> {
  const { deps, isCurrent } = place;
  const { slug } = record;
  const { name, isSingleFile } = made.prepared.metainfo;
  if (record.access === 'private') deps.access.guard(slug, hashesOf(made.prepared.metainfo));
  const version = isCurrent ? undefined : made.record.version;
  const links = itemLinks(
    deps.book,
    { slug, name, isSingleFile },
    { version, credential: ownCredential(record, deps) },
  );
  const { webSeed } = deps.book;
  return openItem(made.prepared, links, {
    host: deps.host,
    options: {
      ...{ webSeed, publicHost: hostNameOf(deps.book.base), assets: deps.assets, store: deps.store },
      seal: (bytes, at) => seal(bytes, { record, made, links: at, deps }),
      extras: (at) => extrasOf(record, { made, links: at, place }),
      onTrouble: (path, reason) => {
        deps.onTrouble(slug, path, reason);
      },
    },
  });
}

/** We announce to our own tracker as everybody does, so for private items we need a token as well. */
function ownCredential(record: ItemRecord, { access }: ShelfDeps): string | undefined {
  const id = toHex(nodeDigests.sha256(utf8Encode(`own ${record.slug}`))).slice(0, 16);
  return record.access === 'private' ? access.sign(id, { slug: record.slug, right: 'read' }) : undefined;
}

/** What of a .torrent is not its content: comment, kinship (BEP 38), signature (BEP 35) with update-url (BEP 39). */
function seal(
  bytes: Uint8Array,
  parts: {
    readonly record: ItemRecord;
    readonly made: MadeVersion;
    readonly links: PublicLinks;
    readonly deps: Pick<ShelfDeps, 'key' | 'book'>;
  },
): Uint8Array {
  const { record, made, links, deps } = parts;
  const similar = made.similar ?? [];
  const edited = editTorrent(bytes, {
    ...(record.comment === undefined ? {} : { comment: record.comment }),
    similar: similar.length === 0 ? null : similar,
    collections: [`${deps.book.base.hostname}/${record.slug}`],
  });
  const statement = {
    key: deps.key.publicKey,
    item: record.slug,
    version: made.record.version,
    updateUrl: new URL('update', links.page).href,
  };
  return signTorrent(edited, statement, deps.key.sign);
}

function extrasOf(
  record: ItemRecord,
  {
    made,
    links,
    place,
  }: { readonly made: MadeVersion; readonly links: PublicLinks; readonly place: VersionPlace },
): PageExtras {
  const { deps, isCurrent, numbers } = place;
  const depth = links.page.slice(deps.book.base.href.length).split('/').length - 1;
  const root = '../'.repeat(depth);
  const newest = `${root}${itemPath(record.slug)}`;
  return {
    back: { href: root === '' ? './' : root, text: deps.title },
    key: deps.fingerprint,
    notice: isCurrent
      ? undefined
      : { text: 'There is a newer version of this.', href: newest, link: 'Show the newest one' },
    versions:
      record.access === 'private'
        ? undefined
        : numbers.map((number, i) => ({
            text: `Version ${String(number)}`,
            href:
              number === made.record.version
                ? undefined
                : i === 0
                  ? newest
                  : `${root}${itemPath(record.slug, { version: number })}`,
          })),
  };
}

function numbersOf(versions: {
  readonly current: MadeVersion;
  readonly earlier: readonly (MadeVersion | VersionRecord)[];
}): number[] {
  return [
    versions.current.record.version,
    ...versions.earlier.map((version) => ('prepared' in version ? version.record.version : version.version)),
  ];
}

/** As texts are compared in a search: without case and marks. */
export function searchText(texts: readonly string[]): string {
  return texts.join('\n').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The metainfo of a version's torrent as it was made. */
export function readVersion(bytes: Uint8Array): Metainfo {
  return parseTorrent(bytes, nodeDigests);
}
