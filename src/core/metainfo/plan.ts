// What a torrent will look like before anything is hashed: order, padding, piece length. Pure arithmetic over a list.
// Law: v2 and hybrid files come in the order of the BEP 52 file tree (raw bytes of path elements), and the v1 list of a
// hybrid is the same list with a padding file (BEP 47) behind each file that does not end at a piece boundary.
import { UsageError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { BLOCK_LENGTH } from './geometry.ts';
import type { FileEntry, Info, MetainfoVersion } from './metainfo.ts';
import { choosePieceLength, isPieceLength } from './piece-length.ts';

/** A file to be published. */
export interface SourceFile {
  /** Elements below the torrent's root folder; a single-file torrent has one element, its name. */
  readonly path: readonly string[];
  /** Bytes; 0 for a symlink. */
  readonly length: number;
  readonly executable?: boolean | undefined;
  /** Target, elements below the torrent's root folder (BEP 47). */
  readonly symlink?: readonly string[] | undefined;
}

export interface PlanOptions {
  readonly version: MetainfoVersion;
  /** Name of the root folder, or of the file in a single-file torrent. */
  readonly name: string;
  /** One file without a folder. */
  readonly isSingleFile: boolean;
  /** Bytes; chosen by `choosePieceLength` if undefined. */
  readonly pieceLength?: number | undefined;
  /** v1 only (hybrids always are): pad files to piece boundaries. Default false. */
  readonly padding?: boolean | undefined;
  /** v1 only: `given` keeps the order of the list. Default `sorted`. */
  readonly order?: 'sorted' | 'given' | undefined;
}

/** Shape of a torrent to be made; enough for `Geometry`. Merkle roots are still undefined. */
export interface Plan extends Pick<
  Info,
  'version' | 'name' | 'pieceLength' | 'pieceCount' | 'length' | 'files' | 'isSingleFile'
> {
  /** For each of `files` its index in the list that was given; undefined for padding. */
  readonly origins: readonly (number | undefined)[];
}

/**
 * Orders, pads and cuts a list of files. Throws UsageError PLAN_* for a list that no torrent can hold.
 *
 * @example
 * const plan = planTorrent([{ path: ['a.txt'], length: 5 }], { version: 'v2', name: 'a.txt', isSingleFile: true });
 * plan.pieceCount; // 1
 */
export function planTorrent(sources: readonly SourceFile[], options: PlanOptions): Plan {
  checkOptions(sources, options);
  checkPaths([[options.name]]);
  const order = sources.map((_, index) => index);
  const sorted = order.toSorted((a, b) => comparePaths(pathAt(sources, a), pathAt(sources, b)));
  checkPaths(sorted.map((index) => pathAt(sources, index)));
  // A lone file needs no padding: nothing follows it.
  const padded = (options.version === 'hybrid' || options.padding === true) && sources.length > 1;
  const lengths = sources.map((file) => file.length);
  const pieceLength = options.pieceLength ?? choosePieceLength(lengths, padded);
  const layout = new Layout(options, pieceLength, padded);
  for (const index of options.order === 'given' ? order : sorted) {
    const source = sources[index];
    if (source !== undefined) layout.add(source, index);
  }
  const pieceCount = Math.ceil(layout.end / pieceLength);
  checkSize(pieceCount, options.version);
  return {
    version: options.version,
    name: options.name,
    isSingleFile: options.isSingleFile,
    pieceLength,
    pieceCount,
    length: lengths.reduce((sum, length) => sum + length, 0),
    files: layout.files,
    origins: layout.origins,
  };
}

/** The order of BEP 52: path elements compared as the bytes of their UTF-8 form. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareCodePoints(a[i] ?? '', b[i] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Puts files one behind the other, each at the place its version wants. */
class Layout {
  readonly files: FileEntry[] = [];
  readonly origins: (number | undefined)[] = [];
  /** Stream offset behind the last byte. */
  end = 0;
  readonly #root: readonly string[];
  readonly #isSingleFile: boolean;
  readonly #pieceLength: number;
  readonly #padded: boolean;
  readonly #aligned: boolean;

  constructor(options: PlanOptions, pieceLength: number, padded: boolean) {
    this.#root = [options.name];
    this.#isSingleFile = options.isSingleFile;
    this.#pieceLength = pieceLength;
    this.#padded = padded;
    this.#aligned = options.version === 'v2';
  }

  add(source: SourceFile, origin: number): void {
    if (this.#aligned && source.length > 0) this.end += this.#gap();
    this.#push({ ...source, path: this.#pathOf(source) }, false);
    this.origins.push(origin);
    const gap = this.#padded && source.length > 0 ? this.#gap() : 0;
    if (gap === 0) return;
    // BEP 47 recommends this path; the last file is padded too, as other programs that make hybrids do.
    this.#push({ path: [...this.#root, '.pad', String(gap)], length: gap }, true);
    this.origins.push(undefined);
  }

  #pathOf(source: SourceFile): readonly string[] {
    return this.#isSingleFile ? this.#root : [...this.#root, ...source.path];
  }

  /** Bytes to the next piece boundary. */
  #gap(): number {
    const over = this.end % this.#pieceLength;
    return over === 0 ? 0 : this.#pieceLength - over;
  }

  #push(file: SourceFile, pad: boolean): void {
    this.files.push({
      path: file.path,
      length: file.length,
      offset: this.end,
      pad,
      executable: file.executable === true,
      hidden: false,
      symlink: file.symlink,
      piecesRoot: undefined,
    });
    this.end += file.length;
  }
}

function checkOptions(sources: readonly SourceFile[], options: PlanOptions): void {
  const { version, pieceLength } = options;
  const total = sources.reduce((sum, file) => sum + file.length, 0);
  if (total === 0) throw new UsageError('PLAN_EMPTY', 'there is no content: no file with a byte in it');
  if (!Number.isSafeInteger(total)) throw new UsageError('PLAN_TOO_LONG', 'the files are too long together');
  if (options.isSingleFile && (sources.length !== 1 || sources[0]?.path.length !== 1)) {
    throw new UsageError('PLAN_NOT_SINGLE', 'a single-file torrent has one file with a path of one element');
  }
  if (options.order === 'given' && version !== 'v1') {
    throw new UsageError('PLAN_ORDER', 'only v1 torrents have a free order of files (BEP 52)');
  }
  if (pieceLength === undefined) return;
  const fits =
    version === 'v1' ? Number.isSafeInteger(pieceLength) && pieceLength > 0 : isPieceLength(pieceLength);
  if (fits) return;
  throw new UsageError(
    'PLAN_PIECE_LENGTH',
    `a piece length is a power of two of at least ${String(BLOCK_LENGTH)} bytes (BEP 52)`,
    { received: pieceLength },
  );
}

/** So many hashes that no reader would take the file. */
function checkSize(pieceCount: number, version: MetainfoVersion): void {
  const bytesByPiece = (version === 'v2' ? 0 : 20) + (version === 'v1' ? 0 : 32);
  if (pieceCount * bytesByPiece <= LIMITS.torrentFileBytes.value) return;
  throw new UsageError('PLAN_TOO_MANY_PIECES', `${String(pieceCount)} pieces are too many; make them longer`);
}

/** `paths` are sorted, so a clash of two is a clash of neighbours. */
function checkPaths(paths: readonly (readonly string[])[]): void {
  for (const [i, path] of paths.entries()) {
    if (path.length === 0 || !path.every(isElement)) {
      throw new UsageError('PLAN_PATH_INVALID', `no path for a file: ${JSON.stringify(path.join('/'))}`);
    }
    const before = paths[i - 1];
    if (before?.every((element, at) => element === path[at]) === true) {
      throw new UsageError(
        'PLAN_PATH_CLASH',
        `two entries have the path ${JSON.stringify(before.join('/'))}`,
      );
    }
  }
}

function isElement(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && !/[/\0]/.test(text);
}

function pathAt(sources: readonly SourceFile[], index: number): readonly string[] {
  return sources[index]?.path ?? [];
}

/** Order of UTF-8 bytes, which is the order of code points and not that of UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i >= a.length || i >= b.length) return a.length - b.length;
  const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
  // Surrogates stand for code points above every other unit.
  return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
