// The addresses of an item. They follow from its name alone, and stay the same over restarts and versions.
import { createLinks, type PublicLinks } from '../publish/links.ts';

export interface AddressBook {
  /** Of the catalogue. */
  readonly base: URL;
  readonly udpPort: number;
  readonly extraTrackers: readonly string[];
  readonly webSeed: boolean;
}

export interface Addressed {
  readonly slug: string;
  readonly name: string;
  readonly isSingleFile: boolean;
}

/** `announce` and `read` may be one token: what visitors hold opens both. */
export interface LinkVariant {
  /** In the path of page and files; in that of announces too. */
  readonly token?: string | undefined;
  /** In announces alone: ours. */
  readonly credential?: string | undefined;
  /** An earlier version. */
  readonly version?: number | undefined;
}

export function itemPath(slug: string, { token, version }: LinkVariant = {}): string {
  const door = token === undefined ? '' : `~${token}/`;
  return `items/${slug}/${door}${version === undefined ? '' : `v/${String(version)}/`}`;
}

export function itemLinks(book: AddressBook, item: Addressed, variant: LinkVariant = {}): PublicLinks {
  const { base, udpPort, extraTrackers, webSeed } = book;
  return createLinks({
    base: new URL(itemPath(item.slug, variant), base),
    tracker: { base, credential: variant.credential ?? variant.token },
    ...{ name: item.name, isSingleFile: item.isSingleFile, udpPort, extraTrackers, webSeed },
  });
}

/** BEP 39: where a newer version is asked for. */
export function updateUrl(base: URL, slug: string, token?: string): string {
  return new URL(`${itemPath(slug, { token })}update`, base).href;
}
