// The catalogue's state in its database. Each method is one transaction: whoever is killed in between leaves the state
// before or after it. Several processes may use one state: the publisher, and commands that change it.
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { toHex, utf8Decode, utf8Encode } from '../core/bytes/bytes.ts';
import { UsageError } from '../core/errors.ts';
import type { Database, DatabaseReader, DatabaseWriter } from '../ports/database.ts';
import {
  COUNTS,
  ITEM,
  KEYS,
  TOKEN,
  VERSION,
  type ItemCounts,
  type ItemRecord,
  type TokenRecord,
  type VersionRecord,
} from './records.ts';
import { makeSlug } from './slug.ts';

/** What of an item may be changed after it was made; null takes a value away. */
export interface ItemChanges {
  readonly path?: string | undefined;
  readonly source?: ItemRecord['source'] | undefined;
  readonly title?: string | null | undefined;
  readonly comment?: string | null | undefined;
  readonly access?: ItemRecord['access'] | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly maxDownloads?: number | null | undefined;
  readonly down?: ItemRecord['down'] | null | undefined;
  readonly look?: number | undefined;
}

const NO_COUNTS: ItemCounts = { downloads: 0, uploaded: 0, sentDirectly: 0 };
const SECRET_BYTES = 32;

export class CatalogueState {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Changes whenever items or tokens have changed, whichever process did it. */
  revision(): string {
    return readText(this.#database, KEYS.revision);
  }

  items(): ItemRecord[] {
    return this.#database.entries(KEYS.items).map(([, bytes]) => ITEM.decode(bytes));
  }

  item(slug: string): ItemRecord | undefined {
    return readItem(this.#database, slug);
  }

  versions(slug: string): VersionRecord[] {
    return this.#database.entries(KEYS.versions(slug)).map(([, bytes]) => VERSION.decode(bytes));
  }

  /** The .torrent of a version as it was made. */
  torrent(slug: string, version: number): Uint8Array | undefined {
    return this.#database.get(KEYS.torrent(slug, version));
  }

  counts(slug: string): ItemCounts {
    return readCounts(this.#database, slug);
  }

  tokens(): TokenRecord[] {
    return this.#database.entries(KEYS.tokens).map(([, bytes]) => TOKEN.decode(bytes));
  }

  /** The items of some paths, in that order; those that are new are made, all in one transaction. */
  ensure(
    paths: readonly string[],
    fresh: Pick<ItemRecord, 'source' | 'createdAt'> &
      Partial<Pick<ItemRecord, 'access' | 'title' | 'comment'>>,
  ): Promise<ItemRecord[]> {
    return this.#database.transact((writer) => {
      const items = writer.entries(KEYS.items).map(([, bytes]) => ITEM.decode(bytes));
      const byPath = new Map(items.map((item) => [item.path, item]));
      const slugs = new Set(items.map((item) => item.slug));
      const found = paths.map((path) => {
        const known = byPath.get(path);
        const slug = known?.slug ?? makeSlug(basename(path), (taken) => slugs.has(taken));
        const item: ItemRecord = known ?? { access: 'public', ...fresh, slug, path, version: 0 };
        const kept = { ...item, source: fresh.source };
        if (known?.source !== fresh.source) {
          writer.put(KEYS.item(slug), ITEM.encode(kept));
        }
        slugs.add(slug);
        byPath.set(path, kept);
        return kept;
      });
      touch(writer);
      return found;
    });
  }

  /** Rejects with UsageError ITEM_UNKNOWN. */
  change(slug: string, changes: ItemChanges): Promise<ItemRecord> {
    return this.#database.transact((writer) => {
      const item = readItem(writer, slug);
      if (item === undefined) throw unknown(slug);
      const given = Object.entries(changes).filter(([, value]) => value !== undefined);
      const changed: ItemRecord = ITEM.decode(
        utf8Encode(
          JSON.stringify({
            ...item,
            ...Object.fromEntries(given.map(([key, value]) => [key, value ?? undefined])),
          }),
        ),
      );
      writer.put(KEYS.item(slug), ITEM.encode(changed));
      touch(writer);
      return changed;
    });
  }

  /** A version that has been made becomes the current one, with its number. */
  addVersion(
    made: Omit<VersionRecord, 'version'>,
    torrent: (version: number) => Uint8Array,
  ): Promise<VersionRecord> {
    return this.#database.transact((writer) => {
      const item = readItem(writer, made.slug);
      if (item === undefined) throw unknown(made.slug);
      const record: VersionRecord = { ...made, version: item.version + 1 };
      const { slug, version } = record;
      writer.put(KEYS.version(slug, version), VERSION.encode(record));
      writer.put(KEYS.torrent(slug, version), torrent(version));
      writer.put(KEYS.item(slug), ITEM.encode({ ...item, version }));
      return record;
    });
  }

  /** Adds what has been moved since the last call, for many items at once. */
  count(moved: ReadonlyMap<string, ItemCounts>): Promise<void> {
    return this.#database.transact((writer) => {
      for (const [slug, { downloads, uploaded, sentDirectly }] of moved) {
        const before = readCounts(writer, slug);
        const counts: ItemCounts = {
          downloads: before.downloads + downloads,
          uploaded: before.uploaded + uploaded,
          sentDirectly: before.sentDirectly + sentDirectly,
        };
        writer.put(KEYS.counts(slug), COUNTS.encode(counts));
      }
    });
  }

  noteToken(token: TokenRecord): Promise<void> {
    return this.#database.transact((writer) => {
      writer.put(KEYS.token(token.id), TOKEN.encode(token));
      touch(writer);
    });
  }

  /** Rejects with UsageError TOKEN_UNKNOWN. */
  revokeToken(id: string, now: number): Promise<TokenRecord> {
    return this.#database.transact((writer) => {
      const bytes = writer.get(KEYS.token(id));
      if (bytes === undefined) {
        throw new UsageError(
          'TOKEN_UNKNOWN',
          `no token ${id}; "catalogue tokens" shows those that were issued`,
        );
      }
      const token: TokenRecord = { revokedAt: now, ...TOKEN.decode(bytes) };
      writer.put(KEYS.token(id), TOKEN.encode(token));
      touch(writer);
      return token;
    });
  }

  /** The secret that signs tokens, made on first use. */
  async secret(): Promise<Uint8Array> {
    return (
      this.#database.get(KEYS.secret) ??
      (await this.#database.transact((writer) => {
        const secret = writer.get(KEYS.secret) ?? new Uint8Array(randomBytes(SECRET_BYTES));
        writer.put(KEYS.secret, secret);
        return secret;
      }))
    );
  }
}

function touch(writer: DatabaseWriter): void {
  const next = Number(readText(writer, KEYS.revision)) + 1;
  writer.put(KEYS.revision, utf8Encode(String(next)));
}

function readText(reader: DatabaseReader, key: string): string {
  return utf8Decode(reader.get(key) ?? new Uint8Array());
}

function readItem(reader: DatabaseReader, slug: string): ItemRecord | undefined {
  const bytes = reader.get(KEYS.item(slug));
  return bytes === undefined ? undefined : ITEM.decode(bytes);
}

function readCounts(reader: DatabaseReader, slug: string): ItemCounts {
  const bytes = reader.get(KEYS.counts(slug));
  return bytes === undefined ? NO_COUNTS : COUNTS.decode(bytes);
}

function unknown(slug: string): UsageError {
  return new UsageError('ITEM_UNKNOWN', `no item ${slug}; "catalogue list" shows them`);
}

/** A random name for a token, in lower-case hex. */
export function newTokenId(): string {
  return toHex(new Uint8Array(randomBytes(8)));
}
