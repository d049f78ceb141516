// Resume data in IndexedDB: each value is replaced in one transaction. Where the browser refuses a database (private
// windows), it lives as long as the page.
import type { StateStore } from '../ports/storage.ts';

const DATABASE = 'swarmpress';
const STORE = 'state';

export async function openStateStore(): Promise<StateStore> {
  try {
    return new DatabaseStore(await openDatabase());
  } catch {
    return memoryStore();
  }
}

class DatabaseStore implements StateStore {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  async load(key: string): Promise<Uint8Array | undefined> {
    const value = await settled<unknown>(this.#store('readonly').get(key));
    return value instanceof Uint8Array ? value : undefined;
  }

  async save(key: string, value: Uint8Array): Promise<void> {
    await settled(this.#store('readwrite').put(value, key));
  }

  async remove(key: string): Promise<void> {
    await settled(this.#store('readwrite').delete(key));
  }

  #store(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }
}

function memoryStore(): StateStore {
  const values = new Map<string, Uint8Array>();
  return {
    load: (key) => Promise.resolve(values.get(key)),
    save: (key, value) => {
      values.set(key, value);
      return Promise.resolve();
    },
    remove: (key) => {
      values.delete(key);
      return Promise.resolve();
    },
  };
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(STORE);
  });
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      resolve(request.result);
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the database gave no reason'));
    });
  });
}
