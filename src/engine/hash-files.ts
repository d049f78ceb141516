// Hashes content piece by piece through the Hasher port: for creating a torrent, and for checking what is on disk.
// Law: one piece is one HashJob; at most `lanes` of them are under way, whatever the size of the content.
import { equalBytes, toHex } from '../core/bytes/bytes.ts';
import { Bitfield } from '../core/bytes/bitfield.ts';
import { SystemError } from '../core/errors.ts';
import { BLOCK_LENGTH, Geometry } from '../core/metainfo/geometry.ts';
import type { Info, Metainfo } from '../core/metainfo/metainfo.ts';
import { HASH_LENGTH, heightOf } from '../core/metainfo/merkle.ts';
import type { HashDigests, HashJob, Hasher, HashResult } from '../ports/hasher.ts';
import type { Storage } from '../ports/storage.ts';

/** What is needed of a torrent to hash it: a plan will do. */
export type HashedContent = Pick<Info, 'version' | 'pieceLength' | 'pieceCount' | 'files'>;

/** Where the bytes are; paths are preferred, as workers then read by themselves. */
export type ContentSource = Pick<Storage, 'pathOf' | 'read'>;

export interface HashDeps {
  readonly hasher: Hasher;
  readonly source: ContentSource;
  readonly signal: AbortSignal;
  /** Pieces that need no look; all are hashed by default. */
  readonly skips?: ((piece: number) => boolean) | undefined;
}

/** Bytes on their way for each thread: enough for two batches of the pool and the messages between. */
const BYTES_BY_THREAD = 16 * 1024 * 1024;

/** Errors of a single piece that mean that the content is not there; all others end a check. */
const ABSENT = new Set(['FILE_NOT_FOUND', 'FILE_IS_FOLDER', 'DISK_SHORT_READ', 'DISK_MISSING']);

/**
 * Hashes all pieces, in any order of results. Rejects with the first error of a piece, or with the signal's reason.
 * `onPiece` gets an error instead of a result where `tolerates` says so.
 */
export async function hashPieces(
  content: HashedContent,
  deps: HashDeps,
  handlers: {
    readonly onPiece: (piece: number, result: HashResult | SystemError) => void;
    readonly tolerates?: ((error: SystemError) => boolean) | undefined;
  },
): Promise<void> {
  const geometry = new Geometry(content);
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < content.pieceCount && !failed) {
      deps.signal.throwIfAborted();
      const piece = next++;
      if (deps.skips?.(piece) === true) continue;
      try {
        handlers.onPiece(
          piece,
          await deps.hasher.hash(await filePieceJob(geometry, piece, { content, deps })),
        );
      } catch (error) {
        if (!(error instanceof SystemError) || handlers.tolerates?.(error) !== true) {
          failed = true;
          throw error;
        }
        handlers.onPiece(piece, error);
      }
    }
  };
  const { parallelism } = deps.hasher;
  const lanes = Math.max(3 * parallelism, Math.ceil((parallelism * BYTES_BY_THREAD) / content.pieceLength));
  await Promise.all(Array.from({ length: Math.min(lanes, content.pieceCount) }, lane));
}

/** Which pieces on disk are right. Missing and short files are no error; see `hashPieces` for what is. */
export async function checkPieces(
  metainfo: Metainfo,
  deps: HashDeps,
  onPiece: (piece: number, isRight: boolean) => void = () => undefined,
): Promise<Bitfield> {
  const geometry = new Geometry(metainfo);
  const have = new Bitfield(metainfo.pieceCount);
  await hashPieces(metainfo, deps, {
    onPiece: (piece, result) => {
      const isRight = !(result instanceof SystemError) && isPieceRight({ metainfo, geometry }, piece, result);
      if (isRight) have.add(piece);
      onPiece(piece, isRight);
    },
    tolerates: (error) => ABSENT.has(error.code),
  });
  return have;
}

/** The job that hashes a piece as its version wants: SHA-1, merkle tree, or both (BEP 3, BEP 52). */
export function pieceJob(
  content: Pick<Info, 'version'>,
  { geometry, piece }: { readonly geometry: Geometry; readonly piece: number },
  source: HashJob['source'],
): HashJob {
  return {
    source,
    sha1: content.version !== 'v2',
    merkle: content.version === 'v1' ? undefined : merkleOf(geometry, piece),
  };
}

/**
 * True if the hashes of a piece are those of the torrent; a hybrid's piece has to match both (BEP 52). Where a v2 piece
 * layer is missing the v1 hash alone decides, and without that nothing is right.
 */
export function isPieceRight(
  { metainfo, geometry }: { readonly metainfo: Metainfo; readonly geometry: Geometry },
  piece: number,
  result: HashResult,
): boolean {
  const expected = expectedDigests({ metainfo, geometry }, piece);
  if (expected === undefined) return false;
  return isSame(expected.merkleRoot, result.merkleRoot) && isSame(expected.sha1, result.sha1);
}

/** What the hashes of a piece have to be, in memory of their own; undefined where nothing is known of them. */
export function expectedDigests(
  { metainfo, geometry }: { readonly metainfo: Metainfo; readonly geometry: Geometry },
  piece: number,
): HashDigests | undefined {
  const merkleRoot = metainfo.version === 'v1' ? undefined : pieceRoot(metainfo, geometry, piece)?.slice();
  const sha1 = metainfo.pieceHashes?.slice(piece * 20, piece * 20 + 20);
  return merkleRoot === undefined && sha1 === undefined ? undefined : { sha1, merkleRoot };
}

/** The v2 hash of a piece: of the piece layer, or the file's root where one piece holds it all. */
function pieceRoot(metainfo: Metainfo, geometry: Geometry, piece: number): Uint8Array | undefined {
  const range = geometry.ranges(piece)[0];
  const file = range === undefined ? undefined : metainfo.files[range.file];
  if (range === undefined || file?.piecesRoot === undefined) return undefined;
  if (file.length <= metainfo.pieceLength) return file.piecesRoot;
  const layer = metainfo.pieceLayers.get(toHex(file.piecesRoot));
  const at = (piece - geometry.piecesOf(range.file).first) * HASH_LENGTH;
  return layer?.subarray(at, at + HASH_LENGTH);
}

/** BEP 52: a file of one piece has a tree of its own size, other pieces are padded to the whole piece length. */
function merkleOf(geometry: Geometry, piece: number): HashJob['merkle'] {
  const range = geometry.ranges(piece)[0];
  const file = range === undefined ? undefined : geometry.files[range.file];
  if (range === undefined || file === undefined) return undefined;
  const tree = Math.min(file.length, geometry.pieceLength);
  return { leaves: 2 ** heightOf(Math.ceil(tree / BLOCK_LENGTH)), length: range.length };
}

async function filePieceJob(
  geometry: Geometry,
  piece: number,
  { content, deps }: { readonly content: HashedContent; readonly deps: HashDeps },
): Promise<HashJob> {
  const ranges = geometry.ranges(piece);
  const parts = ranges.map((range) => ({
    path: range.pad ? undefined : deps.source.pathOf(range.file),
    offset: range.offset,
    length: range.length,
  }));
  const isOnDisk = parts.every((part, i) => part.path !== undefined || ranges[i]?.pad === true);
  if (isOnDisk) return pieceJob(content, { geometry, piece }, { kind: 'files', parts });
  const data = new Uint8Array(geometry.pieceSize(piece));
  await deps.source.read(ranges, [data]);
  return pieceJob(content, { geometry, piece }, { kind: 'memory', data });
}

function isSame(expected: Uint8Array | undefined, actual: Uint8Array | undefined): boolean {
  return expected === undefined || (actual !== undefined && equalBytes(expected, actual));
}
