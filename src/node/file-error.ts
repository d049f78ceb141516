// Errors of the system about a file that was named by the user, in words that need no manual.
import { SystemError } from '../core/errors.ts';
import { errnoOf } from './os-error.ts';

const MEANINGS: Readonly<Record<string, readonly [code: string, words: string]>> = {
  ENOENT: ['FILE_NOT_FOUND', 'does not exist'],
  ENOTDIR: ['FILE_NOT_FOUND', 'does not exist'],
  EISDIR: ['FILE_IS_FOLDER', 'is a folder, not a file'],
  EACCES: ['FILE_ACCESS_DENIED', 'may not be accessed'],
  EPERM: ['FILE_ACCESS_DENIED', 'may not be accessed'],
  ELOOP: ['FILE_SYMLINK_LOOP', 'is a symlink that leads in a circle'],
  ENAMETOOLONG: ['FILE_NAME_TOO_LONG', 'has too long a name'],
  ENOSPC: ['DISK_FULL', 'does not fit on the disk'],
  EDQUOT: ['DISK_FULL', 'does not fit in the disk quota'],
  EROFS: ['DISK_READ_ONLY', 'is on a disk that is read-only'],
  EMFILE: ['DISK_TOO_MANY_OPEN_FILES', 'cannot be opened: too many files are open'],
  ENFILE: ['DISK_TOO_MANY_OPEN_FILES', 'cannot be opened: too many files are open'],
};

/** SystemError FILE_* or DISK_* for what the system said about a path; a SystemError is passed through. */
export function toFileError(error: unknown, path: string): SystemError {
  if (error instanceof SystemError) return error;
  const [code, words] = MEANINGS[errnoOf(error) ?? ''] ?? ['FILE_FAILED', `failed: ${String(error)}`];
  return new SystemError(code, `${path} ${words}`, { cause: error });
}
