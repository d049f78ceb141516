// Makes the versions of items: a torrent of the content as it is now, with what an earlier version knows of its files;
// and earlier versions whose files are still as they were.
import { basename, dirname } from 'node:path';
import { equalBytes } from '../core/bytes/bytes.ts';
import type { Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { StateStore } from '../ports/storage.ts';
import { preparePublication, type Prepared, type PrepareOptions } from '../publish/prepare.ts';
import { updateUrl } from './item-links.ts';
import { areUnchanged, knownFiles, toVersionFiles } from './known-files.ts';
import { readVersion, type MadeVersion } from './live-item.ts';
import type { ItemRecord, VersionRecord } from './records.ts';
import type { CatalogueState } from './state.ts';

export interface VersionOptions {
  readonly base: URL;
  /** The base was named by the publisher: it may become a part of info hashes (BEP 39). */
  readonly isBaseStable: boolean;
  readonly mode: MetainfoVersion;
  readonly exclude: readonly string[];
  readonly hidden: boolean;
  readonly createdBy: string;
}

export interface VersionDeps {
  readonly state: CatalogueState;
  readonly store: StateStore;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

export interface MadeVersions {
  readonly current: MadeVersion;
  readonly earlier: readonly (MadeVersion | VersionRecord)[];
  /** The content is not what it was: there is a new version. */
  readonly isNew: boolean;
}

const EARLIER_KEPT = 5;

/** Rejects as `preparePublication` does. */
export async function makeVersions(
  record: ItemRecord,
  options: VersionOptions,
  deps: VersionDeps,
): Promise<MadeVersions> {
  const { state } = deps;
  const records = state.versions(record.slug).reverse();
  const newest = records[0];
  const bytes = newest === undefined ? undefined : state.torrent(record.slug, newest.version);
  const before =
    newest === undefined || bytes === undefined
      ? undefined
      : { record: newest, metainfo: readVersion(bytes) };
  const prepared = await preparePublication(prepareOptions(record, options, before), deps);
  const isNew = before === undefined || !isSameTorrent(before.metainfo, prepared.metainfo);
  const current = isNew ? await addVersion(record, prepared, deps) : before.record;
  const others = (isNew ? records : records.slice(1)).slice(0, EARLIER_KEPT);
  const similar = others.flatMap((other) => hashOf(state.torrent(record.slug, other.version)));
  return {
    current: { record: current, prepared, similar },
    earlier: others.map((other) => revive(other, state, prepared)),
    isNew,
  };
}

function prepareOptions(
  record: ItemRecord,
  options: VersionOptions,
  before: { readonly record: VersionRecord; readonly metainfo: Metainfo } | undefined,
): PrepareOptions {
  const { mode, exclude, hidden, createdBy } = options;
  return {
    ...{ path: record.path, version: mode, exclude, hidden, createdBy },
    private: record.access === 'private',
    comment: undefined,
    now: Math.floor(Date.now() / 1000),
    // An address that may change, or carries a token, is told under the signature alone.
    updateUrl:
      record.access === 'private' || !options.isBaseStable ? undefined : updateUrl(options.base, record.slug),
    // The same length of pieces, so that hashes can be taken over and peers find the same pieces.
    pieceLength: before?.metainfo.pieceLength,
    known: before === undefined ? undefined : knownFiles(before.metainfo, before.record.files),
  };
}

function addVersion(record: ItemRecord, prepared: Prepared, { state }: VersionDeps): Promise<VersionRecord> {
  const made = {
    slug: record.slug,
    path: record.path,
    publishedAt: Math.floor(Date.now() / 1000),
    files: toVersionFiles(prepared.files),
  };
  return state.addVersion(made, () => prepared.torrentBytes);
}

/** An earlier version is seeded on as long as none of its files has changed. */
function revive(
  record: VersionRecord,
  state: CatalogueState,
  current: Prepared,
): MadeVersion | VersionRecord {
  const torrentBytes = state.torrent(record.slug, record.version);
  if (torrentBytes === undefined || !areUnchanged(record.files)) return record;
  const metainfo = readVersion(torrentBytes);
  if (isSameTorrent(metainfo, current.metainfo)) return record;
  const root = basename(record.path);
  const paths = metainfo.files.filter((file) => !file.pad).map((file) => file.path);
  const files = record.files.map(({ location, length, modifiedMs }, i) => ({
    path: metainfo.isSingleFile ? [root] : (paths[i] ?? []).slice(1),
    ...{ location, length, modifiedMs },
  }));
  const recorded = files.map(({ path, length, modifiedMs }) => ({
    path: path.join('/'),
    length,
    modifiedMs,
  }));
  return {
    record,
    prepared: {
      ...{ torrentBytes, metainfo, files, isReused: true, warnings: [] },
      folder: dirname(record.path),
      key: `${current.key}${String(record.version)}`,
      record: { format: 1, torrent: '', files: recorded },
    },
  };
}

function hashOf(bytes: Uint8Array | undefined): Uint8Array[] {
  if (bytes === undefined) return [];
  const { infoHash, infoHashV2 } = readVersion(bytes);
  const hash = infoHash ?? infoHashV2;
  return hash === undefined ? [] : [hash];
}

function isSameTorrent(a: Metainfo, b: Metainfo): boolean {
  return isSameHash(a.infoHash, b.infoHash) && isSameHash(a.infoHashV2, b.infoHashV2);
}

function isSameHash(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
