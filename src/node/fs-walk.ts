// Lists the files under some paths, as they are to go into a torrent. Law: nothing outside the given roots is listed,
// whatever symlinks say; the order of the list is of no meaning (plan.ts sorts).
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import picomatch from 'picomatch';
import { SystemError, UsageError } from '../core/errors.ts';
import type { SourceFile } from '../core/metainfo/plan.ts';
import { toFileError } from './file-error.ts';
import { errnoOf } from './os-error.ts';

/**
 * What happens to symlinks: `follow` takes what they point to, inside the roots only; `keep` stores them as links
 * (BEP 47), again inside the roots only; `skip` leaves them out.
 */
export type SymlinkPolicy = 'follow' | 'keep' | 'skip';

export interface WalkOptions {
  /** Globs: only files that match one are taken. A glob without a slash is matched against names at any depth. */
  readonly include?: readonly string[] | undefined;
  /** Globs: files and whole folders that match one are left out. */
  readonly exclude?: readonly string[] | undefined;
  /** Take names that start with a dot. Default false. */
  readonly hidden?: boolean | undefined;
  /** Default `follow`. */
  readonly symlinks?: SymlinkPolicy | undefined;
  /** Note which files are executable (BEP 47), which changes the info hash. Default true. */
  readonly executable?: boolean | undefined;
  /** Absolute paths that are left out, like that of the file to be written. */
  readonly omit?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WalkedFile extends SourceFile {
  /** Where the bytes are; symlinks resolved. */
  readonly location: string;
  /** Milliseconds since 1970; with the length it tells whether the file has changed since. */
  readonly modifiedMs: number;
}

export interface Walk {
  readonly files: readonly WalkedFile[];
  /** One file was given, not a folder. */
  readonly isSingleFile: boolean;
  /** Name of the one path given; undefined for several paths and for a file system root. */
  readonly name: string | undefined;
  /** What was left out though nobody asked for it: sockets, devices, names that are no text. One sentence each. */
  readonly warnings: readonly string[];
}

/** Entries between two turns of the event loop. */
const ENTRIES_BY_TURN = 2000;

/**
 * Walks one path (a file or a folder) or several, each of which becomes an entry of a common root folder.
 * Rejects with SystemError FILE_* and UsageError WALK_*.
 *
 * @example
 * const { files } = await walkPaths(['/srv/films'], { exclude: ['*.part'] });
 */
export async function walkPaths(paths: readonly string[], options: WalkOptions = {}): Promise<Walk> {
  const walker = new Walker(options);
  const roots = paths.map((path) => resolve(path));
  const [only] = roots;
  if (only === undefined) throw new UsageError('WALK_NOTHING', 'no path was given');
  if (roots.length > 1) {
    for (const root of roots) await walker.addRoot(root, [basename(root)]);
    return { files: walker.files, isSingleFile: false, name: undefined, warnings: walker.warnings };
  }
  const stats = statOf(only, statSync);
  await walker.addRoot(only, stats.isDirectory() ? [] : [basename(only)]);
  const name = basename(only);
  return {
    files: walker.files,
    isSingleFile: !stats.isDirectory(),
    name: name === '' ? undefined : name,
    warnings: walker.warnings,
  };
}

interface Entry {
  /** Absolute, as reached: may lead through symlinks. */
  readonly location: string;
  /** Elements in the torrent. */
  readonly path: readonly string[];
  readonly root: Root;
}

interface Root {
  /** Absolute path as given, and with symlinks resolved. */
  readonly given: string;
  readonly real: string;
  readonly path: readonly string[];
}

class Walker {
  readonly files: WalkedFile[] = [];
  readonly warnings: string[] = [];
  readonly #options: WalkOptions;
  readonly #included: (path: string) => boolean;
  readonly #excluded: (path: string) => boolean;
  #seen = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#included = createMatcher(options.include, true);
    this.#excluded = createMatcher(options.exclude, false);
  }

  /** A root was named by the user: it is followed if it is a symlink, and taken if it is hidden. */
  async addRoot(given: string, path: readonly string[]): Promise<void> {
    const stats = statOf(given, statSync);
    const root: Root = { given, real: realpathSync(given), path };
    const entry: Entry = { location: root.real, path, root };
    if (stats.isDirectory()) await this.#addFolder(entry, [root.real]);
    else this.#addFile(entry, stats);
  }

  /** `trail`: real paths of the folders above, to find symlinks that lead back into them. */
  async #addFolder(folder: Entry, trail: readonly string[]): Promise<void> {
    for (const name of namesIn(folder.location)) {
      if (++this.#seen % ENTRIES_BY_TURN === 0) await setImmediate();
      this.#options.signal?.throwIfAborted();
      const entry: Entry = {
        location: join(folder.location, name),
        path: [...folder.path, name],
        root: folder.root,
      };
      if (name.startsWith('.') && this.#options.hidden !== true) continue;
      if (this.#excluded(relativePath(entry))) continue;
      await this.#addEntry(entry, trail);
    }
  }

  async #addEntry(entry: Entry, trail: readonly string[]): Promise<void> {
    const stats = this.#lstat(entry);
    if (stats === undefined) return;
    if (stats.isSymbolicLink()) await this.#addSymlink(entry, trail);
    else if (stats.isDirectory()) await this.#addFolder(entry, [...trail, entry.location]);
    else this.#addFile(entry, stats);
  }

  #addFile(entry: Entry, stats: Stats): void {
    if (!this.#included(relativePath(entry)) || this.#options.omit?.includes(entry.location) === true) return;
    if (!stats.isFile()) {
      this.warnings.push(`${entry.location} is no regular file and was left out`);
      return;
    }
    this.files.push({
      path: entry.path,
      length: stats.size,
      executable: this.#options.executable !== false && isExecutable(stats),
      location: entry.location,
      modifiedMs: stats.mtimeMs,
    });
  }

  async #addSymlink(entry: Entry, trail: readonly string[]): Promise<void> {
    const policy = this.#options.symlinks ?? 'follow';
    if (policy === 'skip') return;
    if (policy === 'keep') {
      this.#keepSymlink(entry);
      return;
    }
    const location = realPathOf(entry.location);
    if (!isInside(entry.root.real, location)) throw escapeError(entry, location);
    const stats = statOf(location, statSync);
    if (!stats.isDirectory()) {
      this.#addFile({ ...entry, location }, stats);
      return;
    }
    if (trail.some((folder) => isInside(location, folder))) {
      throw new UsageError(
        'WALK_SYMLINK_LOOP',
        `the symlink ${entry.location} leads back to a folder above it; leave it out with --symlinks skip`,
      );
    }
    await this.#addFolder({ ...entry, location }, [...trail, location]);
  }

  /** BEP 47: the target is given from the torrent's root and has no "..". */
  #keepSymlink(entry: Entry): void {
    if (!this.#included(relativePath(entry))) return;
    const target = resolve(dirname(entry.location), readlinkSync(entry.location));
    const from = isInside(entry.root.real, target) ? entry.root.real : entry.root.given;
    if (!isInside(from, target) || target === from) throw escapeError(entry, target);
    const symlink = [...entry.root.path, ...relative(from, target).split(sep)];
    this.files.push({ path: entry.path, length: 0, symlink, location: entry.location, modifiedMs: 0 });
  }

  #lstat(entry: Entry): Stats | undefined {
    try {
      return lstatSync(entry.location);
    } catch (error) {
      // A name that is no UTF-8 comes with replacement characters and is not found again under that name.
      if (errnoOf(error) !== 'ENOENT' || !entry.location.includes('\ufffd')) {
        throw toFileError(error, entry.location);
      }
      throw new SystemError(
        'FILE_NAME_NOT_UTF8',
        `the name of ${entry.location} is not UTF-8, which torrents require; rename it`,
        { cause: error },
      );
    }
  }
}

/** Windows has no such bit and calls every file executable. */
function isExecutable(stats: Stats): boolean {
  return process.platform !== 'win32' && (stats.mode & 0o100) !== 0;
}

/** A matcher for any of some globs; `otherwise` is the answer when there are none. */
function createMatcher(globs: readonly string[] | undefined, otherwise: boolean): (path: string) => boolean {
  if (globs === undefined || globs.length === 0) return () => otherwise;
  const matchers = globs.map((glob) => {
    const plain = glob.replace(/^\.?\//, '').replace(/\/$/, '');
    return picomatch(plain, { dot: true, basename: !plain.includes('/') && !glob.startsWith('/') });
  });
  return (path) => matchers.some((matches) => matches(path));
}

/** What globs see: the path below the torrent's root folder, with slashes. */
function relativePath(entry: Entry): string {
  return entry.path.join('/');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw toFileError(error, folder);
  }
}

function statOf(path: string, stat: (path: string) => Stats): Stats {
  try {
    return stat(path);
  } catch (error) {
    throw toFileError(error, path);
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw toFileError(error, path);
    throw new SystemError(
      'FILE_SYMLINK_BROKEN',
      `the symlink ${path} leads nowhere; mend it or leave it out with --symlinks skip`,
      { cause: error },
    );
  }
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function escapeError(entry: Entry, target: string): UsageError {
  return new UsageError(
    'WALK_SYMLINK_ESCAPES',
    `the symlink ${entry.location} leads out of the content, to ${target}; leave it out with --exclude or --symlinks skip`,
  );
}
