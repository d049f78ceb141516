// Walks and makes folders below a root without ever passing through a symlink: content named by a torrent stays
// inside its download folder whatever links lie there (a link made by one torrent must not lead another one out).
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SystemError } from '../core/errors.ts';
import { DISK_CODES, errnoOf, toSystemError } from './os-error.ts';

/** One download folder. What was found to be a real folder is not looked at again. */
export class SafeFolders {
  /** Absolute, links resolved. */
  readonly root: string;
  readonly #known = new Set<string>();

  private constructor(root: string) {
    this.root = root;
  }

  /** Makes the root if it is missing. The root itself may be reached through links: the user named it. */
  static async open(folder: string): Promise<SafeFolders> {
    try {
      await mkdir(folder, { recursive: true });
      return new SafeFolders(await realpath(folder));
    } catch (error) {
      throw toSystemError(error, DISK_CODES, folder);
    }
  }

  /** The path of an entry, without looking at the disk. */
  pathOf(elements: readonly string[]): string {
    return join(this.root, ...elements);
  }

  /** Makes the folders above an entry. Rejects with SystemError DISK_SYMLINK, DISK_NOT_A_FOLDER, … */
  async make(elements: readonly string[]): Promise<void> {
    await this.#walk(elements, true);
  }

  /** True if the folders above an entry are there and none of them is a link. */
  async exist(elements: readonly string[]): Promise<boolean> {
    try {
      await this.#walk(elements, false);
      return true;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  async #walk(elements: readonly string[], make: boolean): Promise<void> {
    let path = this.root;
    for (const element of elements.slice(0, -1)) {
      path = join(path, element);
      if (this.#known.has(path)) continue;
      if (make) await makeFolder(path);
      await checkFolder(path);
      this.#known.add(path);
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw toSystemError(error, DISK_CODES, path);
  }
}

async function checkFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch((error: unknown) => {
    throw toSystemError(error, DISK_CODES, path);
  });
  if (stats.isSymbolicLink()) throw new SystemError('DISK_SYMLINK', `${path} is a symlink`);
  if (!stats.isDirectory()) throw new SystemError('DISK_NOT_A_FOLDER', `${path} is not a folder`);
}
