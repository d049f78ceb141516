// Looks at many files at once: thousands of them are looked at each time resume data is saved. Folders that are not
// there are found out once, not for each of their files.
import { lstat } from 'node:fs';
import type { StoredFile } from '../ports/storage.ts';
import { DISK_CODES, toSystemError } from './os-error.ts';
import type { SafeFolders } from './safe-folders.ts';

/** The thread pool has four threads; some more are on their way to it. */
const LANES = 16;

/** Undefined for what is no regular file, or not reached without links. Rejects with SystemError DISK_*. */
export async function statFiles(
  folders: SafeFolders,
  paths: readonly (readonly string[])[],
): Promise<(StoredFile | undefined)[]> {
  const found: (StoredFile | undefined)[] = new Array<undefined>(paths.length).fill(undefined);
  const isThere = new Map<string, Promise<boolean>>();
  const folderExists = (elements: readonly string[]): Promise<boolean> => {
    const folder = folders.pathOf(elements.slice(0, -1));
    const known = isThere.get(folder) ?? folders.exist(elements);
    isThere.set(folder, known);
    return known;
  };
  const entries = paths.entries();
  const lane = async (): Promise<void> => {
    for (const [index, elements] of entries) {
      if (await folderExists(elements)) found[index] = await statFile(folders.pathOf(elements));
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, paths.length) }, lane));
  return found;
}

function statFile(path: string): Promise<StoredFile | undefined> {
  return new Promise((resolve, reject) => {
    lstat(path, (error, stats) => {
      if (error === null) {
        resolve(stats.isFile() ? { length: stats.size, modifiedMs: stats.mtimeMs } : undefined);
      } else if (error.code === 'ENOENT') resolve(undefined);
      else reject(toSystemError(error, DISK_CODES, path));
    });
  });
}
