// From a path to a torrent: walks it, makes a hybrid torrent of it, or takes the one made earlier if nothing changed.
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Digests } from '../core/digests.ts';
import { UsageError } from '../core/errors.ts';
import { buildTorrent } from '../core/metainfo/build.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { planTorrent } from '../core/metainfo/plan.ts';
import { hashContent } from '../engine/hash-content.ts';
import { walkPaths, type Walk, type WalkedFile } from '../node/fs-walk.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { StateStore } from '../ports/storage.ts';
import {
  isSameContent,
  loadRecord,
  saveRecord,
  stateKey,
  type PublicationRecord,
} from './publication-state.ts';

export interface PrepareOptions {
  readonly path: string;
  readonly private: boolean;
  readonly comment: string | undefined;
  readonly createdBy: string;
  /** Seconds since 1970. */
  readonly now: number;
}

export interface PrepareDeps {
  readonly hasher: Hasher;
  readonly digests: Digests;
  readonly store: StateStore;
  readonly signal: AbortSignal;
  readonly onProgress: (hashed: number, total: number) => void;
}

export interface Prepared {
  /** Without our trackers and web seeds: those depend on where it is published. */
  readonly torrentBytes: Uint8Array;
  /** Folder that holds the published path. */
  readonly folder: string;
  readonly files: readonly WalkedFile[];
  /** Made earlier, nothing was hashed. */
  readonly isReused: boolean;
  readonly warnings: readonly string[];
  readonly key: string;
  readonly record: PublicationRecord;
}

/** Rejects with UsageError WALK_*, PLAN_*, SystemError FILE_*, DISK_*, or the signal's reason. */
export async function preparePublication(options: PrepareOptions, deps: PrepareDeps): Promise<Prepared> {
  const walk = await walkPaths([options.path], { signal: deps.signal });
  const path = await realpath(options.path);
  const key = stateKey({ path, private: options.private });
  const known = await loadRecord(deps.store, key);
  const common = { folder: dirname(path), files: walk.files, warnings: walk.warnings, key };
  if (known !== undefined && isSameContent(known.files, walk.files)) {
    const torrentBytes = new Uint8Array(Buffer.from(known.torrent, 'base64'));
    if (isReadable(torrentBytes, deps.digests))
      return { ...common, torrentBytes, isReused: true, record: known };
  }
  const torrentBytes = await createTorrent(walk, options, deps);
  const record: PublicationRecord = {
    format: 1,
    torrent: Buffer.from(torrentBytes).toString('base64'),
    files: walk.files.map(({ path: elements, length, modifiedMs }) => ({
      ...{ path: elements.join('/'), length, modifiedMs },
    })),
  };
  await saveRecord(deps.store, key, record);
  return { ...common, torrentBytes, isReused: false, record };
}

async function createTorrent(walk: Walk, options: PrepareOptions, deps: PrepareDeps): Promise<Uint8Array> {
  const { name, isSingleFile, files } = walk;
  if (name === undefined) throw new UsageError('PUBLISH_NO_NAME', 'publish a folder that has a name');
  const plan = planTorrent(files, { version: 'hybrid', name, isSingleFile });
  const locations = plan.origins.map((origin) =>
    origin === undefined ? undefined : files[origin]?.location,
  );
  const source = {
    pathOf: (file: number) => locations[file],
    read: () => Promise.reject(new UsageError('PUBLISH_NO_PATH', 'content without a path')),
  };
  let hashed = 0;
  const total = plan.files.reduce((sum, file) => sum + file.length, 0);
  const hashes = await hashContent(plan, { ...deps, source }, (bytes) => {
    hashed += bytes;
    deps.onProgress(hashed, total);
  });
  return buildTorrent(plan, hashes, {
    private: options.private ? true : undefined,
    comment: options.comment,
    createdBy: options.createdBy,
    creationDate: options.now,
  });
}

function isReadable(torrent: Uint8Array, digests: Digests): boolean {
  try {
    parseTorrent(torrent, digests);
    return true;
  } catch {
    return false;
  }
}
