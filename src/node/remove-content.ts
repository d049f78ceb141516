// Removes a torrent's content from its download folder. Law: only files that the metainfo names, never through a
// symlink, and of the folders above them only those that are empty then.
import { rm, rmdir } from 'node:fs/promises';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { DISK_CODES, errnoOf, toSystemError } from './os-error.ts';
import { SafeFolders } from './safe-folders.ts';

/** Files that are gone already are no error. Rejects with SystemError DISK_*. */
export async function removeContent(folder: string, { files }: Pick<Metainfo, 'files'>): Promise<void> {
  const folders = await SafeFolders.open(folder);
  const above = new Map<string, readonly string[]>();
  const parts = `.${files[0]?.path[0] ?? ''}.parts`;
  const paths = files.filter((file) => !file.pad).map((file) => file.path);
  const spare = files.map((_, index) => [parts, String(index)]);
  for (const path of [...paths, ...spare]) {
    for (let depth = path.length - 1; depth > 0; depth -= 1) {
      const elements = path.slice(0, depth);
      above.set(elements.join('/'), elements);
    }
    if (!(await folders.exist(path))) continue;
    await rm(folders.pathOf(path), { force: true }).catch((error: unknown) => {
      throw toSystemError(error, DISK_CODES, folders.pathOf(path));
    });
  }
  for (const elements of [...above.values()].sort((a, b) => b.length - a.length)) {
    if (await folders.exist([...elements, ''])) await removeEmpty(folders.pathOf(elements));
  }
}

async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    // Something else is in it, or somebody was faster.
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return;
    throw toSystemError(error, DISK_CODES, path);
  }
}
