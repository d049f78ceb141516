// The Database port over LMDB: memory-mapped reads, one writer at a time over all processes, copy-on-write pages, so that
// a process killed at any moment leaves the last whole transaction.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { SystemError, UsageError } from '../core/errors.ts';
import type { Database, DatabaseWriter } from '../ports/database.ts';
import { DISK_CODES, toSystemError } from './os-error.ts';

/** LMDB's own limit is 511 bytes a key on common builds. */
const MAX_KEY_BYTES = 500;

type Root = RootDatabase<Buffer, Buffer>;

/** Opens or makes the file at `path` (and its `-lock` beside it). Rejects with SystemError DATABASE_*, DISK_*. */
export async function openLmdbDatabase(path: string): Promise<Database> {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw toSystemError(error, DISK_CODES, dirname(path));
  });
  let root: Root;
  try {
    root = open<Buffer, Buffer>({ path, noSubdir: true, encoding: 'binary', keyEncoding: 'binary' });
  } catch (cause) {
    throw new SystemError('DATABASE_OPEN_FAILED', `could not open the database ${path}`, { cause });
  }
  return new LmdbDatabase(root);
}

class LmdbDatabase implements Database {
  readonly #root: Root;

  constructor(root: Root) {
    this.#root = root;
  }

  get(key: string): Uint8Array | undefined {
    // Without this a read may still see the state at the last turn of the event loop.
    this.#root.resetReadTxn();
    return read(this.#root, key);
  }

  entries(prefix: string): readonly (readonly [string, Uint8Array])[] {
    this.#root.resetReadTxn();
    return list(this.#root, prefix);
  }

  async transact<T>(work: (writer: DatabaseWriter) => T): Promise<T> {
    let outcome: { readonly value: T } | { readonly thrown: unknown } | undefined;
    try {
      await this.#root.transaction(() => {
        const draft = new Draft(this.#root);
        try {
          outcome = { value: work(draft) };
        } catch (thrown) {
          outcome = { thrown };
          return;
        }
        draft.apply();
      });
      await this.#root.flushed;
    } catch (cause) {
      throw new SystemError('DATABASE_WRITE_FAILED', 'the database could not be written', { cause });
    }
    if (outcome === undefined) throw new SystemError('DATABASE_WRITE_FAILED', 'the transaction did not run');
    if ('thrown' in outcome) throw outcome.thrown;
    return outcome.value;
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

/** The changes of one transaction, kept aside until its work has returned. */
class Draft implements DatabaseWriter {
  readonly #root: Root;
  readonly #changes = new Map<string, Uint8Array | undefined>();

  constructor(root: Root) {
    this.#root = root;
  }

  get(key: string): Uint8Array | undefined {
    return this.#changes.has(key) ? this.#changes.get(key)?.slice() : read(this.#root, key);
  }

  entries(prefix: string): readonly (readonly [string, Uint8Array])[] {
    const merged = new Map(list(this.#root, prefix));
    for (const [key, value] of this.#changes) {
      if (!key.startsWith(prefix)) continue;
      if (value === undefined) merged.delete(key);
      else merged.set(key, value.slice());
    }
    return [...merged].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  put(key: string, value: Uint8Array): void {
    keyBytes(key);
    this.#changes.set(key, value.slice());
  }

  remove(key: string): void {
    keyBytes(key);
    this.#changes.set(key, undefined);
  }

  apply(): void {
    for (const [key, value] of this.#changes) {
      if (value === undefined) this.#root.removeSync(keyBytes(key));
      else this.#root.putSync(keyBytes(key), Buffer.from(value));
    }
  }
}

function read(root: DatabaseReaderRoot, key: string): Uint8Array | undefined {
  const value = root.get(keyBytes(key));
  return value === undefined ? undefined : new Uint8Array(value);
}

function list(root: DatabaseReaderRoot, prefix: string): (readonly [string, Uint8Array])[] {
  const start = Buffer.from(prefix);
  const found: (readonly [string, Uint8Array])[] = [];
  for (const { key, value } of root.getRange({ start })) {
    const text = key.toString();
    if (!text.startsWith(prefix)) break;
    found.push([text, new Uint8Array(value)]);
  }
  return found;
}

type DatabaseReaderRoot = Pick<Root, 'get' | 'getRange'>;

function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES || bytes.includes(0)) {
    throw new UsageError('DATABASE_KEY_INVALID', 'a key is 1 to 500 bytes without NUL');
  }
  return bytes;
}
