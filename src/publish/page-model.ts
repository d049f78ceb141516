// What the page shows, as plain data: made from a publication here, turned into HTML by page.ts.
import type { PublicationStatus } from './status.ts';

export interface PageFile {
  /** Path below the publication's folder, elements joined by slashes; text of unknown origin. */
  readonly path: string;
  readonly length: number;
  /** Relative URL of the direct download; undefined where there is none (symlinks, direct download off). */
  readonly href: string | undefined;
  /** Lower-case hex; undefined until it has been computed. */
  readonly sha256: string | undefined;
}

/** What a page says besides the publication itself, where it is one of many. */
export interface PageExtras {
  /** To where the page is listed. */
  readonly back?: { readonly href: string; readonly text: string } | undefined;
  /** A remark above everything, such as that there is a newer version. */
  readonly notice?: { readonly text: string; readonly href: string; readonly link: string } | undefined;
  /** Who signed the torrent. */
  readonly key?: string | undefined;
  /** Which version this is, from 1, and where the others are. */
  readonly versions?: readonly { readonly text: string; readonly href: string | undefined }[] | undefined;
}

export interface PageModel {
  readonly name: string;
  readonly comment: string | undefined;
  /** Seconds since 1970. */
  readonly createdSeconds: number | undefined;
  readonly length: number;
  readonly isSingleFile: boolean;
  readonly isPrivate: boolean;
  readonly fileCount: number;
  /** The files of this page of the list, and which page it is, from 1. */
  readonly files: readonly PageFile[];
  readonly listPage: number;
  readonly listPages: number;
  readonly magnet: string;
  readonly pageUrl: string;
  readonly torrentHref: string;
  /** Relative URL of the whole content over plain HTTP: a single file's. */
  readonly directHref: string | undefined;
  readonly trackers: readonly string[];
  readonly status: PublicationStatus;
  readonly extras: PageExtras;
}
