// Hashes the content of a plan and puts the digests where build.ts wants them.
import { toHex } from '../core/bytes/bytes.ts';
import { SystemError } from '../core/errors.ts';
import { invariant } from '../core/invariant.ts';
import type { Digests } from '../core/digests.ts';
import type { ContentHashes } from '../core/metainfo/build.ts';
import { BLOCK_LENGTH, Geometry } from '../core/metainfo/geometry.ts';
import { HASH_LENGTH, heightOf, layerRoot } from '../core/metainfo/merkle.ts';
import type { Plan } from '../core/metainfo/plan.ts';
import { hashPieces, type HashDeps } from './hash-files.ts';

/** The hashes of a file that was hashed before, with pieces of the same length and in a version that has merkle roots. */
export interface KnownFile {
  readonly piecesRoot: Uint8Array;
  /** The file's piece layer; undefined where one piece holds it all. */
  readonly layer: Uint8Array | undefined;
  /** SHA-1 of its pieces, where the torrent had them. */
  readonly pieceHashes: Uint8Array | undefined;
  /** Padding stood behind it, which counts in the SHA-1 of its last piece. */
  readonly isPadded: boolean;
}

export interface HashContentDeps extends HashDeps {
  readonly digests: Digests;
  /** By index in the plan: what need not be read. */
  readonly known?: ((file: number) => KnownFile | undefined) | undefined;
}

/** Rejects with the first SystemError of a file, or with the signal's reason. `onBytes` counts what is hashed. */
export async function hashContent(
  plan: Plan,
  deps: HashContentDeps,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<ContentHashes> {
  const geometry = new Geometry(plan);
  const pieceHashes = plan.version === 'v2' ? undefined : new Uint8Array(plan.pieceCount * 20);
  const roots = plan.version === 'v1' ? undefined : new Uint8Array(plan.pieceCount * HASH_LENGTH);
  const reused = new Set<number>();
  if (deps.known !== undefined && roots !== undefined) {
    reuse(plan, { known: deps.known, geometry, pieceHashes, roots, reused });
  }
  for (const piece of reused) onBytes(geometry.pieceSize(piece));
  await hashPieces(
    plan,
    { ...deps, skips: (piece) => reused.has(piece) },
    {
      onPiece: (piece, result) => {
        invariant(!(result instanceof SystemError), 'creating tolerates no error');
        if (result.sha1 !== undefined) pieceHashes?.set(result.sha1, piece * 20);
        if (result.merkleRoot !== undefined) roots?.set(result.merkleRoot, piece * HASH_LENGTH);
        onBytes(geometry.pieceSize(piece));
      },
    },
  );
  return { pieceHashes, ...fileTrees(geometry, roots, deps.digests) };
}

interface Reuse {
  readonly known: (file: number) => KnownFile | undefined;
  readonly geometry: Geometry;
  readonly pieceHashes: Uint8Array | undefined;
  readonly roots: Uint8Array;
  readonly reused: Set<number>;
}

/** Puts the hashes of known files in their places. With merkle roots each file begins a piece of its own (BEP 52). */
function reuse(plan: Plan, { known, geometry, pieceHashes, roots, reused }: Reuse): void {
  for (const [index, file] of plan.files.entries()) {
    const before = file.pad || file.length === 0 ? undefined : known(index);
    if (before === undefined) continue;
    const { first, end } = geometry.piecesOf(index);
    const count = end - first;
    const layer = count === 1 ? before.piecesRoot : before.layer;
    if (layer?.length !== count * HASH_LENGTH) continue;
    if (pieceHashes !== undefined && before.pieceHashes?.length !== count * 20) continue;
    roots.set(layer, first * HASH_LENGTH);
    if (before.pieceHashes !== undefined) pieceHashes?.set(before.pieceHashes, first * 20);
    const isPadded = plan.files[index + 1]?.pad === true;
    const isLastKept =
      pieceHashes === undefined || file.length % geometry.pieceLength === 0 || isPadded === before.isPadded;
    for (let piece = first; piece < (isLastKept ? end : end - 1); piece++) reused.add(piece);
  }
}

/** BEP 52: the roots of a file's pieces are its piece layer; a file of one piece has no layer. */
function fileTrees(
  geometry: Geometry,
  roots: Uint8Array | undefined,
  digests: Digests,
): Pick<ContentHashes, 'piecesRoots' | 'pieceLayers'> {
  const pieceLayers = new Map<string, Uint8Array>();
  const level = heightOf(geometry.pieceLength / BLOCK_LENGTH);
  const piecesRoots = geometry.files.map((file, index) => {
    if (roots === undefined || file.pad || file.length === 0) return undefined;
    const { first, end } = geometry.piecesOf(index);
    const layer = roots.subarray(first * HASH_LENGTH, end * HASH_LENGTH);
    if (end - first === 1) return layer;
    const root = layerRoot(layer, level, digests.sha256);
    pieceLayers.set(toHex(root), layer);
    return root;
  });
  return { piecesRoots, pieceLayers };
}
