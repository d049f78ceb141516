// Writes a file whole or not at all: beside its place first, synced, then moved there.
import { link, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { SystemError } from '../core/errors.ts';
import { toFileError } from './file-error.ts';
import { errnoOf } from './os-error.ts';

export interface AtomicWriteOptions {
  /** Replace a file that is there. Default false: SystemError OUTPUT_EXISTS. */
  readonly overwrite?: boolean | undefined;
  /** Permissions of a new file, less the user's mask. Default 0o666; secrets take 0o600. */
  readonly mode?: number | undefined;
}

/** Rejects with SystemError OUTPUT_EXISTS, FILE_*, DISK_*; the place then is as it was. */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', options.mode ?? 0o666);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.overwrite === true) await rename(temporary, path);
    else await moveNew(temporary, path);
  } catch (error) {
    throw toFileError(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** No write takes this long, so that a temporary file this old, in milliseconds, has lost its program. */
const ABANDONED_AFTER = 3_600_000;

/** Removes what programs that were killed in the middle of a write left in a folder. Never rejects. */
export async function removeAbandoned(folder: string, now: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => /^\..+\.[0-9a-f]{12}\.tmp$/.test(each))) {
    const path = join(folder, name);
    const changed = await lstat(path).catch(() => undefined);
    if (changed !== undefined && now - changed.mtimeMs > ABANDONED_AFTER)
      await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Rejects with SystemError OUTPUT_EXISTS if something is at the path: a check before long work. */
export async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw toFileError(error, path);
  }
  throw existsError(path);
}

/** A hard link fails if the name is taken, so no file of another program is lost between a check and the move. */
async function moveNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw existsError(path);
    // File systems without hard links (FAT, some network mounts).
    await refuseExisting(path);
    await rename(temporary, path);
  }
}

function existsError(path: string): SystemError {
  return new SystemError('OUTPUT_EXISTS', `${path} exists already`);
}
