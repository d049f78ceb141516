// What a catalogue remembers, as JSON in its database; read back through schemas, since another version may have written
// it. Keys are built here and nowhere else.
import * as v from 'valibot';
import { utf8Decode, utf8Encode } from '../core/bytes/bytes.ts';
import { SystemError } from '../core/errors.ts';

/** An entry of the catalogue, whichever version of its content is current. */
export interface ItemRecord {
  /** Its name in addresses: never changed, never given to another item. */
  readonly slug: string;
  /** Absolute path of the content. */
  readonly path: string;
  /** `given` at a start, found in a `watched` folder, or `added` to the running catalogue. */
  readonly source: 'given' | 'watched' | 'added';
  /** The content's own name if undefined. */
  readonly title?: string | undefined;
  readonly comment?: string | undefined;
  readonly access: 'public' | 'private';
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
  /** Ends the publication when so many have downloaded it. */
  readonly maxDownloads?: number | undefined;
  /** Taken down, with a word for visitors. */
  readonly down?: { readonly since: number; readonly word: string } | undefined;
  /** When somebody asked for the content to be looked at again. */
  readonly look?: number | undefined;
  /** Number of the current version; 0 before the first was made. */
  readonly version: number;
}

/** A file as it was when its version was made: by this it is known again without being read. */
export interface VersionFile {
  readonly location: string;
  readonly length: number;
  readonly modifiedMs: number;
  readonly inode: number;
}

export interface VersionRecord {
  readonly slug: string;
  readonly version: number;
  readonly path: string;
  readonly publishedAt: number;
  /** In the order of the metainfo, padding left out. */
  readonly files: readonly VersionFile[];
}

/** What has been moved for an item since it was first published, over all starts. */
export interface ItemCounts {
  /** Downloads that were reported to the tracker as finished. */
  readonly downloads: number;
  /** Bytes to peers, and over HTTP. */
  readonly uploaded: number;
  readonly sentDirectly: number;
}

export interface TokenRecord {
  /** Lower-case hex. */
  readonly id: string;
  /** Undefined for one that opens everything. */
  readonly slug?: string | undefined;
  readonly right: 'read' | 'operate';
  readonly issuedAt: number;
  readonly expiresAt?: number | undefined;
  /** Whom it was given to, as the publisher noted. */
  readonly note?: string | undefined;
  readonly revokedAt?: number | undefined;
}

const seconds = v.pipe(v.number(), v.minValue(0));

const ItemSchema: v.GenericSchema<unknown, ItemRecord> = v.object({
  slug: v.string(),
  path: v.string(),
  source: v.picklist(['given', 'watched', 'added']),
  title: v.optional(v.string()),
  comment: v.optional(v.string()),
  access: v.picklist(['public', 'private']),
  createdAt: seconds,
  expiresAt: v.optional(seconds),
  maxDownloads: v.optional(v.number()),
  down: v.optional(v.object({ since: seconds, word: v.string() })),
  look: v.optional(seconds),
  version: v.number(),
});

const VersionSchema: v.GenericSchema<unknown, VersionRecord> = v.object({
  slug: v.string(),
  version: v.number(),
  path: v.string(),
  publishedAt: seconds,
  files: v.array(
    v.object({ location: v.string(), length: v.number(), modifiedMs: v.number(), inode: v.number() }),
  ),
});

const CountsSchema: v.GenericSchema<unknown, ItemCounts> = v.object({
  downloads: v.number(),
  uploaded: v.number(),
  sentDirectly: v.number(),
});

const TokenSchema: v.GenericSchema<unknown, TokenRecord> = v.object({
  id: v.string(),
  slug: v.optional(v.string()),
  right: v.picklist(['read', 'operate']),
  issuedAt: seconds,
  expiresAt: v.optional(seconds),
  note: v.optional(v.string()),
  revokedAt: v.optional(seconds),
});

/** Turns a record into bytes and back; what cannot be read back is a SystemError CATALOGUE_DAMAGED. */
export interface RecordCodec<T> {
  encode(record: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export const ITEM: RecordCodec<ItemRecord> = codec(ItemSchema);
export const VERSION: RecordCodec<VersionRecord> = codec(VersionSchema);
export const COUNTS: RecordCodec<ItemCounts> = codec(CountsSchema);
export const TOKEN: RecordCodec<TokenRecord> = codec(TokenSchema);

/** Where each kind of record is kept. */
export const KEYS = {
  /** Counts up with every change that a running catalogue has to look at. */
  revision: 'revision',
  /** Signs tokens. */
  secret: 'secret',
  items: 'item/',
  item: (slug: string): string => `item/${slug}`,
  versions: (slug: string): string => `version/${slug}/`,
  version: (slug: string, version: number): string => `version/${slug}/${padded(version)}`,
  /** The .torrent of a version, without trackers and web seeds. */
  torrent: (slug: string, version: number): string => `torrent/${slug}/${padded(version)}`,
  counts: (slug: string): string => `counts/${slug}`,
  tokens: 'token/',
  token: (id: string): string => `token/${id}`,
  state: (key: string): string => `state/${key}`,
} as const;

function padded(version: number): string {
  return String(version).padStart(6, '0');
}

function codec<T>(schema: v.GenericSchema<unknown, T>): RecordCodec<T> {
  return {
    encode: (record) => utf8Encode(JSON.stringify(record)),
    decode: (bytes) => {
      try {
        return v.parse(schema, JSON.parse(utf8Decode(bytes)));
      } catch (cause) {
        throw new SystemError('CATALOGUE_DAMAGED', 'a record of the catalogue cannot be read', { cause });
      }
    },
  };
}
