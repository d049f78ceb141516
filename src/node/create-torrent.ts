// From paths to the bytes of a .torrent: walk, plan, hash, build, and read back what was built.
import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { SystemError, UsageError } from '../core/errors.ts';
import { invariant } from '../core/invariant.ts';
import { buildTorrent, type InfoFields, type OuterFields } from '../core/metainfo/build.ts';
import type { FileEntry, Metainfo, MetainfoVersion } from '../core/metainfo/metainfo.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { planTorrent, type Plan } from '../core/metainfo/plan.ts';
import { hashContent, type KnownFile } from '../engine/hash-content.ts';
import type { Hasher } from '../ports/hasher.ts';
import { nodeDigests } from './digests.ts';
import { walkPaths, type WalkedFile, type WalkOptions } from './fs-walk.ts';
import { createHashPool } from './hash-pool.ts';
import { toFileError } from './file-error.ts';
import { errnoOf } from './os-error.ts';

/** Files between two turns of the event loop. */
const STATS_BY_TURN = 2000;

/** How the content is chosen and laid out. */
export interface ContentOptions extends WalkOptions {
  /** Default `hybrid`. */
  readonly version?: MetainfoVersion | undefined;
  /** Name of the root folder or file; needed for several paths. Default: the path's own name. */
  readonly name?: string | undefined;
  /** Bytes, a power of two of at least 16 KiB; chosen by `choosePieceLength` if undefined. */
  readonly pieceLength?: number | undefined;
  /** v1 only: padding files (BEP 47). Hybrids always have them. Default false. */
  readonly padding?: boolean | undefined;
}

export interface CreateOptions extends ContentOptions, InfoFields, OuterFields {
  /** Default: a pool of its own with one thread for each core. */
  readonly hasher?: Hasher | undefined;
  /** Called as bytes are hashed; `total` includes padding. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Files whose hashes are known from an earlier torrent with pieces of this length: they are not read. */
  readonly known?: ((file: WalkedFile) => KnownFile | undefined) | undefined;
}

/** What would be made: cheap whatever the size, as no file is read. */
export interface PlannedContent {
  readonly plan: Plan;
  /** The files of the plan without padding, in its order. */
  readonly files: readonly WalkedFile[];
  readonly warnings: readonly string[];
}

export interface CreatedTorrent {
  /** The bytes of the .torrent file. */
  readonly bytes: Uint8Array;
  readonly metainfo: Metainfo;
  readonly warnings: readonly string[];
}

/**
 * Lists and lays out content without reading it. Rejects with UsageError PLAN_*, WALK_* or SystemError FILE_*.
 *
 * @example
 * const { plan } = await planContent(['/srv/films'], { version: 'v2' });
 * console.log(plan.pieceCount, plan.pieceLength);
 */
export async function planContent(
  paths: readonly string[],
  options: ContentOptions = {},
): Promise<PlannedContent> {
  const walk = await walkPaths(paths, options);
  const name = options.name ?? walk.name;
  if (name === undefined) {
    throw new UsageError(
      'PLAN_NO_NAME',
      'several paths (and the root of a disk) have no name of their own; give one with --name',
    );
  }
  const plan = planTorrent(walk.files, {
    version: options.version ?? 'hybrid',
    name,
    isSingleFile: walk.isSingleFile,
    pieceLength: options.pieceLength,
    padding: options.padding,
  });
  const files = plan.origins.flatMap((origin) => {
    const file = origin === undefined ? undefined : walk.files[origin];
    return file === undefined ? [] : [file];
  });
  return { plan, files, warnings: walk.warnings };
}

/**
 * Makes a .torrent from a file, a folder, or several of them. The same content and options give the same bytes: no date
 * and no program name is added unasked. Rejects as `planContent` does, and with SystemError FILE_CHANGED where a file
 * was written to meanwhile.
 *
 * @example
 * const { bytes, metainfo } = await createTorrent(['/srv/films'], {
 *   trackers: [['udp://tracker.example:6969/announce']],
 *   onProgress: (done, total) => console.log(done / total),
 * });
 * await writeFile('films.torrent', bytes);
 */
export async function createTorrent(
  paths: readonly string[],
  options: CreateOptions = {},
): Promise<CreatedTorrent> {
  const content = await planContent(paths, options);
  return createFromPlan(content, options);
}

/**
 * The second half of `createTorrent`, for content that was planned before.
 *
 * @example
 * const content = await planContent(['/srv/films']);
 * const { bytes } = await createFromPlan(content, { comment: `${content.files.length} files` });
 */
export async function createFromPlan(
  content: PlannedContent,
  options: CreateOptions = {},
): Promise<CreatedTorrent> {
  const { plan } = content;
  const placed = placedFiles(content);
  const hasher = options.hasher ?? createHashPool();
  const total = plan.files.reduce((sum, file) => sum + file.length, 0);
  let done = 0;
  try {
    const hashes = await hashContent(
      plan,
      {
        hasher,
        digests: nodeDigests,
        signal: options.signal ?? new AbortController().signal,
        source: { pathOf: (file) => placed[file]?.location, read: refuseRead },
        known: (index) => {
          const file = placed[index];
          return file === undefined ? undefined : options.known?.(file);
        },
      },
      (bytes) => {
        done += bytes;
        options.onProgress?.(done, total);
      },
    );
    await checkUnchanged(content.files);
    const bytes = buildTorrent(plan, hashes, options);
    const metainfo = parseTorrent(bytes, nodeDigests);
    checkReadBack(plan, metainfo);
    return { bytes, metainfo, warnings: [...content.warnings, ...metainfo.warnings] };
  } catch (error) {
    throw explainShortRead(error);
  } finally {
    if (options.hasher === undefined) await hasher.close();
  }
}

/** For each file of the plan that on disk; undefined for padding. */
function placedFiles(content: PlannedContent): (WalkedFile | undefined)[] {
  let next = 0;
  return content.plan.origins.map((origin) => (origin === undefined ? undefined : content.files[next++]));
}

/** All content is on disk, so workers read it. */
function refuseRead(): Promise<void> {
  return Promise.reject(new SystemError('FILE_FAILED', 'content without a path cannot be read'));
}

/** A torrent of half-written files is worth nothing, so length and time must be those that were planned with. */
async function checkUnchanged(files: readonly WalkedFile[]): Promise<void> {
  for (const [i, file] of files.entries()) {
    if (i % STATS_BY_TURN === STATS_BY_TURN - 1) await setImmediate();
    if (file.symlink === undefined) checkFile(file);
  }
}

function checkFile(file: WalkedFile): void {
  try {
    const stats = statSync(file.location);
    if (stats.size === file.length && stats.mtimeMs === file.modifiedMs) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw toFileError(error, file.location);
  }
  throw new SystemError('FILE_CHANGED', `${file.location} changed while it was hashed`);
}

function explainShortRead(error: unknown): unknown {
  if (!(error instanceof SystemError) || error.code !== 'DISK_SHORT_READ') return error;
  return new SystemError('FILE_CHANGED', `${error.message}: it changed while it was hashed`, {
    cause: error,
  });
}

/** What other programs will read must be what was planned; only unsafe names may come back changed. */
function checkReadBack(plan: Plan, metainfo: Metainfo): void {
  const isSame = (a: FileEntry, b: FileEntry | undefined): boolean =>
    a.length === b?.length && a.offset === b.offset && a.pad === b.pad;
  invariant(metainfo.version === plan.version, 'the version reads back');
  invariant(metainfo.pieceLength === plan.pieceLength, 'the piece length reads back');
  invariant(metainfo.pieceCount === plan.pieceCount, 'the number of pieces reads back');
  invariant(metainfo.length === plan.length, 'the length reads back');
  invariant(
    plan.files.every((file, i) => isSame(file, metainfo.files[i])),
    'the files read back',
  );
}
