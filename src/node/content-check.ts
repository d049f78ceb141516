// Compares content on disk with a torrent: which pieces are right, and what that says of each file.
import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bitfield } from '../core/bytes/bitfield.ts';
import { SystemError } from '../core/errors.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { FileEntry, Metainfo } from '../core/metainfo/metainfo.ts';
import { checkPieces } from '../engine/hash-files.ts';
import type { Hasher } from '../ports/hasher.ts';
import { toFileError } from './file-error.ts';
import { errnoOf } from './os-error.ts';

/**
 * `ok`: all its bytes are right. `missing`: not there. `short` and `long`: too few or too many bytes; a long one has
 * all the right bytes in front. `damaged`: the length is right, the bytes are not. `unknown`: its doubtful pieces are
 * shared with a file that is not whole.
 */
export type FileState = 'ok' | 'missing' | 'short' | 'long' | 'damaged' | 'unknown';

export interface CheckedFile {
  /** Index in `Metainfo.files`. */
  readonly index: number;
  readonly state: FileState;
  /** Bytes on disk; undefined when missing. */
  readonly actualLength: number | undefined;
}

export interface ContentCheck {
  readonly pieces: Bitfield;
  /** Padding is left out. */
  readonly files: readonly CheckedFile[];
  /** Every piece is right and no file has another length. */
  readonly isWhole: boolean;
}

export interface ContentCheckDeps {
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  /** Bytes of pieces looked at. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Checks content at a place: the folder that holds it, or the content itself (see `locateContent`). Rejects with
 * SystemError FILE_* where something is there and cannot be read.
 *
 * @example
 * const { isWhole, files } = await checkContent(metainfo, '/srv', { hasher, signal });
 */
export async function checkContent(
  metainfo: Metainfo,
  place: string,
  deps: ContentCheckDeps,
): Promise<ContentCheck> {
  const geometry = new Geometry(metainfo);
  const paths = await locateContent(metainfo, place);
  const lengths = await Promise.all(metainfo.files.map((file, i) => lengthOf(file, paths[i])));
  const pieces = await checkPieces(
    metainfo,
    {
      hasher: deps.hasher,
      signal: deps.signal,
      source: {
        pathOf: (file) => paths[file],
        read: () => Promise.reject(new SystemError('FILE_NOT_FOUND', 'content without a path')),
      },
    },
    (piece) => deps.onBytes?.(geometry.pieceSize(piece)),
  );
  const files = metainfo.files.flatMap((file, index): CheckedFile[] => {
    if (file.pad) return [];
    const state = stateOf({ metainfo, geometry, pieces, lengths }, index);
    return [{ index, state, actualLength: lengths[index] }];
  });
  return { pieces, files, isWhole: pieces.isFull && files.every((file) => file.state === 'ok') };
}

/**
 * The path of each file: below `place/<name>` if any of it is there, else below `place` as the root folder itself if
 * any of it is there; a single file is in `place`, or is `place`.
 */
async function locateContent(metainfo: Metainfo, place: string): Promise<string[]> {
  const stats = await statOf(place);
  if (stats === undefined) throw new SystemError('FILE_NOT_FOUND', `${place} does not exist`);
  if (metainfo.isSingleFile) return [stats.isDirectory() ? join(place, metainfo.name) : place];
  const below = join(place, metainfo.name);
  const isRootItself = !(await holdsAny(metainfo, below)) && (await holdsAny(metainfo, place));
  const root = isRootItself ? place : below;
  return metainfo.files.map((file) => join(root, ...file.path.slice(1)));
}

async function holdsAny(metainfo: Metainfo, root: string): Promise<boolean> {
  const tops = new Set(metainfo.files.filter((file) => !file.pad).map((file) => file.path[1] ?? ''));
  for (const name of tops) if ((await statOf(join(root, name))) !== undefined) return true;
  return false;
}

interface Findings {
  readonly metainfo: Metainfo;
  readonly geometry: Geometry;
  readonly pieces: Bitfield;
  readonly lengths: readonly (number | undefined)[];
}

function stateOf(findings: Findings, index: number): FileState {
  const { metainfo, lengths } = findings;
  const expected = metainfo.files[index]?.length ?? 0;
  const actual = lengths[index];
  if (actual === undefined) return 'missing';
  if (actual < expected) return 'short';
  const pieces = judgePieces(findings, index);
  if (pieces !== 'ok') return pieces;
  return actual > expected ? 'long' : 'ok';
}

function judgePieces(
  { metainfo, geometry, pieces, lengths }: Findings,
  index: number,
): 'ok' | 'damaged' | 'unknown' {
  const { first, end } = geometry.piecesOf(index);
  let verdict: 'ok' | 'unknown' = 'ok';
  for (let piece = first; piece < end; piece++) {
    if (pieces.has(piece)) continue;
    const others = geometry.ranges(piece).filter((range) => range.file !== index && !range.pad);
    const isShared = others.some(({ file }) => (lengths[file] ?? 0) < (metainfo.files[file]?.length ?? 0));
    if (!isShared) return 'damaged';
    verdict = 'unknown';
  }
  return verdict;
}

/** Bytes on disk; a symlink of the torrent (BEP 47) counts as there with length 0. */
async function lengthOf(file: FileEntry, path: string | undefined): Promise<number | undefined> {
  if (file.pad || path === undefined) return undefined;
  if (file.symlink !== undefined) return (await linkExists(path)) ? 0 : undefined;
  const stats = await statOf(path);
  return stats?.isFile() === true ? stats.size : undefined;
}

async function linkExists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw toFileError(error, path);
  }
}
