// Files of an earlier version that a new one still has: known by place or inode, length and time, so that their hashes
// are taken over (BEP 52: a file's root depends on nothing but its content) and nothing of them is read.
import { statSync } from 'node:fs';
import { toHex } from '../core/bytes/bytes.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { KnownFile } from '../engine/hash-content.ts';
import type { WalkedFile } from '../node/fs-walk.ts';
import type { VersionFile } from './records.ts';

/** What is known of a file on disk; undefined if it has to be hashed. */
export function knownFiles(
  metainfo: Metainfo,
  files: readonly VersionFile[],
): (file: WalkedFile) => KnownFile | undefined {
  const geometry = new Geometry(metainfo);
  const indices = metainfo.files.flatMap((file, index) => (file.pad ? [] : [index]));
  const byPlace = new Map(files.map((file, i) => [file.location, { file, index: indices[i] }]));
  const byInode = new Map(files.map((file, i) => [file.inode, { file, index: indices[i] }]));
  return (walked) => {
    const found = byPlace.get(walked.location) ?? byInode.get(inodeOf(walked.location));
    if (found?.index === undefined || !isSame(found.file, walked)) return undefined;
    return hashesOf(metainfo, geometry, found.index);
  };
}

/** As a version remembers its files. */
export function toVersionFiles(files: readonly WalkedFile[]): VersionFile[] {
  return files.map(({ location, length, modifiedMs }) => ({
    ...{ location, length, modifiedMs },
    inode: inodeOf(location),
  }));
}

/** True if the files are still there as they were. */
export function areUnchanged(files: readonly VersionFile[]): boolean {
  return files.every((file) => {
    const stats = statSync(file.location, { throwIfNoEntry: false });
    return stats?.size === file.length && stats.mtimeMs === file.modifiedMs;
  });
}

function isSame(before: VersionFile, now: WalkedFile): boolean {
  return before.length === now.length && before.modifiedMs === now.modifiedMs;
}

function inodeOf(location: string): number {
  return statSync(location, { throwIfNoEntry: false })?.ino ?? 0;
}

function hashesOf(metainfo: Metainfo, geometry: Geometry, index: number): KnownFile | undefined {
  const piecesRoot = metainfo.files[index]?.piecesRoot;
  if (piecesRoot === undefined) return undefined;
  const { first, end } = geometry.piecesOf(index);
  return {
    piecesRoot,
    layer: end - first === 1 ? undefined : metainfo.pieceLayers.get(toHex(piecesRoot)),
    pieceHashes: metainfo.pieceHashes?.subarray(first * 20, end * 20),
    isPadded: metainfo.files[index + 1]?.pad === true,
  };
}
