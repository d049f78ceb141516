// Resume data as files, one for each key, each replaced whole.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { StateStore } from '../ports/storage.ts';
import { removeAbandoned, writeFileAtomic } from './atomic-write.ts';
import { DISK_CODES, errnoOf, toSystemError } from './os-error.ts';

/** Where a user's programs keep what should outlive them and is no configuration. */
export function defaultStateFolder(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_STATE_HOME ?? LOCALAPPDATA ?? join(homedir(), '.local', 'state');
  return join(base, 'swarmpress', 'resume');
}

/** A StateStore in a folder, which is made on the first save. Rejects with SystemError DISK_*. */
export function createStateStore(folder: string): StateStore {
  const pathOf = (key: string): string => {
    if (!/^[0-9a-f]{1,128}$/.test(key)) throw new UsageError('STATE_KEY_INVALID', 'a key is lower-case hex');
    return join(folder, key);
  };
  let isTidy = false;
  const prepare = async (): Promise<void> => {
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw toSystemError(error, DISK_CODES, folder);
    });
    if (!isTidy) await removeAbandoned(folder, Date.now());
    isTidy = true;
  };
  return {
    load: async (key) => {
      const path = pathOf(key);
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw toSystemError(error, DISK_CODES, `could not load state ${key}`);
      }
    },
    save: async (key, value) => {
      const path = pathOf(key);
      await prepare();
      await writeFileAtomic(path, value, { overwrite: true });
    },
    remove: async (key) => {
      await rm(pathOf(key), { force: true });
    },
  };
}
