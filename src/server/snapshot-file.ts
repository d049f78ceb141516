// The tracker's snapshot on disk: read at the start, written now and then and at the end, always whole.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { encodeSnapshot, restoreSnapshot } from '../core/tracker/snapshot.ts';
import type { SwarmTable } from '../core/tracker/swarm-table.ts';
import { toFileError } from '../node/file-error.ts';
import { errnoOf } from '../node/os-error.ts';

/** Fills the store from a file; undefined where there is none yet. Rejects with SystemError FILE_* or ProtocolError. */
export async function loadSnapshot(
  path: string,
  store: SwarmTable,
  now: number,
): Promise<{ readonly ageMs: number } | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await readFile(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw toFileError(error, path);
  }
  return restoreSnapshot(bytes, store, { now, unixMs: Date.now() });
}

/** Replaces the file as a whole, letting requests in between chunks. Rejects with SystemError FILE_* or DISK_FULL. */
export async function saveSnapshot(path: string, store: SwarmTable, now: number): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      for (const chunk of encodeSnapshot(store, { now, unixMs: Date.now() })) {
        await file.write(chunk);
        await setImmediate();
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw toFileError(error, path);
  }
}
