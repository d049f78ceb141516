// A StateStore inside a Database: what is made of each path is kept with the catalogue, in the same file.
import type { Database } from '../ports/database.ts';
import type { StateStore } from '../ports/storage.ts';
import { KEYS } from './records.ts';

export function createDatabaseStateStore(database: Database): StateStore {
  return {
    load: (key) => Promise.resolve(database.get(KEYS.state(key))),
    save: (key, value) =>
      database.transact((writer) => {
        writer.put(KEYS.state(key), value);
      }),
    remove: (key) =>
      database.transact((writer) => {
        writer.remove(KEYS.state(key));
      }),
  };
}
