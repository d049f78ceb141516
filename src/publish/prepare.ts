// From a path to a torrent: makes a torrent of it, or takes the one made earlier if nothing has changed since.
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { ProtocolError } from '../core/errors.ts';
import {
  createFromPlan,
  planContent,
  type CreatedTorrent,
  type CreateOptions,
  type PlannedContent,
} from '../node/create-torrent.ts';
import { nodeDigests } from '../node/digests.ts';
import type { WalkedFile } from '../node/fs-walk.ts';
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
  /** Of a file or a folder. */
  readonly path: string;
  readonly version: MetainfoVersion;
  readonly private: boolean;
  /** Globs of what to leave out; names that start with a dot are left out unless `hidden`. */
  readonly exclude: readonly string[];
  readonly hidden: boolean;
  readonly comment: string | undefined;
  readonly createdBy: string;
  /** BEP 39: where a newer version is asked for; a part of the info hash. */
  readonly updateUrl?: string | undefined;
  /** Bytes; chosen by the content's size if undefined. */
  readonly pieceLength?: number | undefined;
  /** Files whose hashes are known from an earlier torrent with the same length of pieces. */
  readonly known?: CreateOptions['known'];
  /** Seconds since 1970; becomes the creation date of a new torrent. */
  readonly now: number;
}

export interface PrepareDeps {
  readonly hasher: Hasher;
  readonly store: StateStore;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Prepared {
  /** Without our trackers and web seeds: those depend on where it is published. */
  readonly torrentBytes: Uint8Array;
  readonly metainfo: Metainfo;
  /** Folder that holds the published path. */
  readonly folder: string;
  /** In the order of the metainfo, padding left out. */
  readonly files: readonly WalkedFile[];
  /** The torrent was made earlier: nothing was read. */
  readonly isReused: boolean;
  readonly warnings: readonly string[];
  /** Where the record is kept in the store. */
  readonly key: string;
  readonly record: PublicationRecord;
}

/** Rejects with UsageError WALK_*, PLAN_*, SystemError FILE_*, DISK_*, or the signal's reason. */
export async function preparePublication(options: PrepareOptions, deps: PrepareDeps): Promise<Prepared> {
  const { version, exclude, hidden, private: isPrivate } = options;
  const { pieceLength, updateUrl } = options;
  const content = await planContent([options.path], {
    ...{ version, exclude, hidden, pieceLength, signal: deps.signal },
  });
  const path = await realpath(options.path);
  const key = stateKey({ path, version, private: isPrivate, exclude, hidden, updateUrl });
  const found = { folder: dirname(path), files: content.files, key };
  const known = await loadRecord(deps.store, key);
  if (known !== undefined && isSameContent(known.files, content.files)) {
    const torrentBytes = new Uint8Array(Buffer.from(known.torrent, 'base64'));
    const metainfo = readTorrent(torrentBytes);
    if (metainfo !== undefined) {
      return { ...found, torrentBytes, metainfo, isReused: true, warnings: content.warnings, record: known };
    }
  }
  const created = await create(content, options, deps);
  const record: PublicationRecord = {
    format: 1,
    torrent: Buffer.from(created.bytes).toString('base64'),
    files: content.files.map((file) => ({
      path: file.path.join('/'),
      length: file.length,
      modifiedMs: file.modifiedMs,
    })),
  };
  await saveRecord(deps.store, key, record);
  const { bytes: torrentBytes, metainfo, warnings } = created;
  return { ...found, torrentBytes, metainfo, isReused: false, warnings, record };
}

function create(
  content: PlannedContent,
  options: PrepareOptions,
  deps: PrepareDeps,
): Promise<CreatedTorrent> {
  return createFromPlan(content, {
    private: options.private ? true : undefined,
    comment: options.comment,
    createdBy: options.createdBy,
    creationDate: options.now,
    updateUrl: options.updateUrl,
    known: options.known,
    ...{ hasher: deps.hasher, signal: deps.signal, onProgress: deps.onProgress },
  });
}

/** Undefined for a torrent that an older version kept and this one refuses. */
function readTorrent(bytes: Uint8Array): Metainfo | undefined {
  try {
    return parseTorrent(bytes, nodeDigests);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
