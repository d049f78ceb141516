// Finds a torrent's content on disk before it is seeded, so that a wrong folder is one clear line and no download.
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SystemError } from '../core/errors.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { toFileError } from '../node/file-error.ts';
import { errnoOf } from '../node/os-error.ts';

/**
 * The folder that holds the torrent's root: `place` itself, or its parent where `place` is the content.
 * Rejects with SystemError CONTENT_MISSING or CONTENT_WRONG_LENGTH, naming the first file.
 */
export async function findContent(metainfo: Metainfo, place: string): Promise<string> {
  const inside = join(place, metainfo.name);
  const folder = !(await exists(inside)) && basename(place) === metainfo.name ? dirname(place) : place;
  for (const file of metainfo.files) {
    if (file.pad || file.symlink !== undefined) continue;
    const path = join(folder, ...file.path);
    const length = await lengthOf(path);
    if (length === undefined) throw new SystemError('CONTENT_MISSING', `${path} is missing`);
    if (length !== file.length) {
      throw new SystemError(
        'CONTENT_WRONG_LENGTH',
        `${path} has ${String(length)} bytes, the torrent says ${String(file.length)}`,
        { expected: file.length, received: length },
      );
    }
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return (await lengthOf(path)) !== undefined;
}

async function lengthOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw toFileError(error, path);
  }
}
