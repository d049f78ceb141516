// A Database that is gone with the process: for tests of what stands on one.
import type { Database, DatabaseWriter } from '../../src/ports/database.ts';

export class MemoryDatabase implements Database {
  #entries = new Map<string, Uint8Array>();

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key)?.slice();
  }

  entries(prefix: string): readonly (readonly [string, Uint8Array])[] {
    return entriesOf(this.#entries, prefix);
  }

  transact<T>(work: (writer: DatabaseWriter) => T): Promise<T> {
    return Promise.resolve().then(() => {
      const draft = new Map(this.#entries);
      const value = work({
        get: (key) => draft.get(key)?.slice(),
        entries: (prefix) => entriesOf(draft, prefix),
        put: (key, bytes) => draft.set(checked(key), bytes.slice()),
        remove: (key) => draft.delete(checked(key)),
      });
      this.#entries = draft;
      return value;
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function entriesOf(
  entries: ReadonlyMap<string, Uint8Array>,
  prefix: string,
): readonly (readonly [string, Uint8Array])[] {
  return [...entries]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key, value.slice()] as const)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function checked(key: string): string {
  if (key === '' || Buffer.byteLength(key) > 500 || key.includes('\0'))
    throw new Error('DATABASE_KEY_INVALID');
  return key;
}
