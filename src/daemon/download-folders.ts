// Where downloads may go: whoever has the token chooses a folder, but only below those the daemon was started with.
import { isAbsolute, relative, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';

export class DownloadFolders {
  /** Absolute. */
  readonly base: string;
  readonly #roots: readonly string[];

  constructor(base: string, others: readonly string[]) {
    this.base = base;
    this.#roots = [base, ...others];
  }

  /** Throws UsageError FOLDER_FORBIDDEN. */
  resolve(given: string | undefined): string {
    const folder = resolve(this.base, given ?? '.');
    if (!folder.includes('\0') && this.#roots.some((root) => isInside(root, folder))) return folder;
    throw new UsageError(
      'FOLDER_FORBIDDEN',
      'downloads go below the download folder, or below an --allow-dir',
    );
  }
}

function isInside(root: string, folder: string): boolean {
  const path = relative(root, folder);
  return path !== '..' && !path.startsWith('../') && !path.startsWith('..\\') && !isAbsolute(path);
}
