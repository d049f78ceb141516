// What a download needs on disk before its first write: folders, empty files, symlinks (BEP 47), preallocation.
import { symlink, truncate } from 'node:fs/promises';
import { ftruncate } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Preallocation, StorageFile } from '../ports/storage.ts';
import { writeFully } from './file-io.ts';
import type { OpenFiles } from './open-files.ts';
import { DISK_CODES, errnoOf, toSystemError } from './os-error.ts';
import type { SafeFolders } from './safe-folders.ts';
import { statFiles } from './stat-files.ts';

const ZEROS = new Uint8Array(1024 * 1024);

export interface PrepareDeps {
  readonly folders: SafeFolders;
  readonly open: OpenFiles;
}

/** Makes everything for the files given. Links come last, so that none of them can stand in a file's way. */
export async function prepareFiles(
  files: readonly StorageFile[],
  deps: PrepareDeps,
  mode: Preallocation,
): Promise<void> {
  const stored = await statFiles(
    deps.folders,
    files.map((file) => file.path),
  );
  for (const [i, file] of files.entries()) {
    if (file.symlink === undefined) await prepareFile(file, deps, { mode, length: stored[i]?.length });
  }
  for (const file of files) {
    if (file.symlink !== undefined) await makeLink(file, file.symlink, deps.folders);
  }
}

/** `length` is what the file has now; undefined where there is none. */
async function prepareFile(
  file: StorageFile,
  { folders, open }: PrepareDeps,
  { mode, length }: { readonly mode: Preallocation; readonly length: number | undefined },
): Promise<void> {
  const path = folders.pathOf(file.path);
  if (length !== undefined && length > file.length) await shorten(path, file.length);
  const isMade = file.length === 0 ? length !== undefined : mode === 'none' || (length ?? 0) >= file.length;
  if (isMade) return;
  await folders.make(file.path);
  await open.use({ path, write: true, executable: file.executable }, async (fd) => {
    if (mode === 'full') await fillWithZeros(fd, length ?? 0, file.length);
    else if ((length ?? 0) < file.length) await extend(fd, file.length);
  });
}

/** The target starts at the torrent's root folder, which is the first element of the link's own path. */
async function makeLink(file: StorageFile, target: readonly string[], folders: SafeFolders): Promise<void> {
  await folders.make(file.path);
  const path = folders.pathOf(file.path);
  const destination = folders.pathOf([...file.path.slice(0, 1), ...target]);
  try {
    await symlink(relative(dirname(path), destination), path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw toSystemError(error, DISK_CODES, path);
  }
}

async function shorten(path: string, length: number): Promise<void> {
  await truncate(path, length).catch((error: unknown) => {
    throw toSystemError(error, DISK_CODES, path);
  });
}

function extend(fd: number, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    ftruncate(fd, length, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

async function fillWithZeros(fd: number, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += ZEROS.length) {
    await writeFully(fd, ZEROS.subarray(0, Math.min(ZEROS.length, to - at)), at);
  }
}
