// Files that one torrent has and another needs (BEP 38), known by their merkle roots (BEP 52). What a finished torrent
// left on disk is remembered; a torrent that names it as similar gets its files by hard link, or as a copy, and takes
// them for whole without hashing them. Law: only a file that has not changed since it was verified is taken.
import { constants } from 'node:fs';
import { copyFile, link, lstat, rename, rm, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { Bitfield } from '../core/bytes/bitfield.ts';
import { latin1Encode, toHex, utf8Decode, utf8Encode } from '../core/bytes/bytes.ts';
import { truncateInfoHash, type InfoHash } from '../core/ids.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import { encodeResume, resumeKey } from '../engine/resume.ts';
import type { Env } from '../engine/env.ts';
import { DISK_CODES, toSystemError } from './os-error.ts';
import { SafeFolders } from './safe-folders.ts';
import { statFiles } from './stat-files.ts';

type SharedEnv = Pick<Env, 'state' | 'digests' | 'resolveFolder'>;

interface KeptFile {
  /** Lower-case hex. */
  readonly root: string;
  readonly path: string;
  readonly length: number;
  readonly modifiedMs: number;
}

const KeptSchema: v.GenericSchema<unknown, readonly KeptFile[]> = v.array(
  v.object({ root: v.string(), path: v.string(), length: v.number(), modifiedMs: v.number() }),
);

/** Notes the files of a torrent that is whole, for torrents to come. Rejects with SystemError DISK_*. */
export async function rememberFiles(metainfo: Metainfo, folder: string, env: SharedEnv): Promise<void> {
  const folders = await SafeFolders.open(env.resolveFolder(folder));
  const stored = await statFiles(
    folders,
    metainfo.files.map((file) => file.path),
  );
  const kept = metainfo.files.flatMap(({ piecesRoot, path, length }, index): KeptFile[] => {
    const found = stored[index];
    if (piecesRoot === undefined || found?.length !== length) return [];
    return [{ root: toHex(piecesRoot), path: folders.pathOf(path), length, modifiedMs: found.modifiedMs }];
  });
  const hash = firstHash(metainfo);
  if (kept.length === 0 || hash === undefined) return;
  await env.state.save(keyOf(hash, env), utf8Encode(JSON.stringify(kept)));
}

export interface Sharing {
  /** Bytes that need not be downloaded. */
  readonly reused: number;
  readonly files: number;
}

/**
 * Puts what similar torrents have into a torrent's place before it is added. Does nothing where it was begun already.
 * Rejects with SystemError DISK_*.
 */
export async function shareFiles(
  metainfo: Metainfo,
  place: { readonly folder: string; readonly similar: readonly Uint8Array[] },
  env: SharedEnv,
): Promise<Sharing> {
  const hash = firstHash(metainfo);
  const nothing = { reused: 0, files: 0 };
  if (hash === undefined || metainfo.version === 'v1') return nothing;
  const folder = env.resolveFolder(place.folder);
  const key = resumeKey(hash, folder, env.digests);
  if ((await env.state.load(key)) !== undefined) return nothing;
  const known = await loadKnown(place.similar, env);
  if (known.size === 0) return nothing;
  const folders = await SafeFolders.open(folder);
  const whole = new Set<number>();
  for (const [index, file] of metainfo.files.entries()) {
    const source = file.piecesRoot === undefined ? undefined : known.get(toHex(file.piecesRoot));
    const target = folders.pathOf(file.path);
    if (source?.length === file.length && (await isUnchanged(source))) {
      if (source.path === target || (await putInPlace(source.path, file.path, folders))) whole.add(index);
    } else if (!file.pad) await unshare(target);
  }
  if (whole.size === 0) return nothing;
  await env.state.save(key, await resumeOf(metainfo, folders, whole));
  const reused = [...whole].reduce((sum, index) => sum + (metainfo.files[index]?.length ?? 0), 0);
  return { reused, files: whole.size };
}

async function loadKnown(
  similar: readonly Uint8Array[],
  env: SharedEnv,
): Promise<ReadonlyMap<string, KeptFile>> {
  const known = new Map<string, KeptFile>();
  for (const hash of similar) {
    const bytes = await env.state.load(keyOf(hash.subarray(0, 20), env));
    if (bytes === undefined) continue;
    for (const file of parseKept(bytes)) known.set(file.root, file);
  }
  return known;
}

function parseKept(bytes: Uint8Array): readonly KeptFile[] {
  try {
    const result = v.safeParse(KeptSchema, JSON.parse(utf8Decode(bytes)));
    return result.success ? result.output : [];
  } catch {
    return [];
  }
}

/** True if the file is now at its place. One that is there already is left as it is: it will be hashed. */
async function putInPlace(source: string, path: readonly string[], folders: SafeFolders): Promise<boolean> {
  const target = folders.pathOf(path);
  await folders.make(path);
  if ((await lstat(target).catch(() => undefined)) !== undefined) return false;
  try {
    await link(source, target);
  } catch {
    // Another disk, or a file system without links.
    try {
      await copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    } catch (error) {
      throw toSystemError(error, DISK_CODES, target);
    }
  }
  return true;
}

/** A file that will be written to must not be another torrent's as well. */
async function unshare(target: string): Promise<void> {
  const stats = await lstat(target).catch(() => undefined);
  if (stats?.isFile() !== true || stats.nlink < 2) return;
  const copy = `${target}.unshared`;
  try {
    await copyFile(target, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await rename(copy, target);
  } catch (error) {
    throw toSystemError(error, DISK_CODES, target);
  } finally {
    await rm(copy, { force: true });
  }
}

async function isUnchanged(file: KeptFile): Promise<boolean> {
  const stats = await stat(file.path).catch(() => undefined);
  return stats?.isFile() === true && stats.size === file.length && stats.mtimeMs === file.modifiedMs;
}

/** What is whole counts as verified; everything else on disk is hashed, as after a crash. */
async function resumeOf(
  metainfo: Metainfo,
  folders: SafeFolders,
  whole: ReadonlySet<number>,
): Promise<Uint8Array> {
  const geometry = new Geometry(metainfo);
  const have = new Bitfield(metainfo.pieceCount);
  for (const index of whole) {
    const { first, end } = geometry.piecesOf(index);
    for (let piece = first; piece < end; piece++) have.add(piece);
  }
  const files = await statFiles(
    folders,
    metainfo.files.map((file) => file.path),
  );
  return encodeResume({
    ...{ info: undefined, have: have.toBytes(), files, clean: false, unflushedSince: undefined },
    ...{ downloaded: 0, uploaded: 0 },
  });
}

function firstHash({ infoHash, infoHashV2 }: Metainfo): InfoHash | undefined {
  return infoHash ?? (infoHashV2 === undefined ? undefined : truncateInfoHash(infoHashV2));
}

function keyOf(hash: Uint8Array, { digests }: SharedEnv): string {
  return toHex(digests.sha256(new Uint8Array([...latin1Encode('files of '), ...hash])));
}
