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

/** Rejects with the first SystemError of a file, or with the signal's reason. `onBytes` counts what is hashed. */
export async function hashContent(
  plan: Plan,
  deps: HashDeps & { readonly digests: Digests },
  onBytes: (bytes: number) => void = () => undefined,
): Promise<ContentHashes> {
  const geometry = new Geometry(plan);
  const pieceHashes = plan.version === 'v2' ? undefined : new Uint8Array(plan.pieceCount * 20);
  const roots = plan.version === 'v1' ? undefined : new Uint8Array(plan.pieceCount * HASH_LENGTH);
  await hashPieces(plan, deps, {
    onPiece: (piece, result) => {
      invariant(!(result instanceof SystemError), 'creating tolerates no error');
      if (result.sha1 !== undefined) pieceHashes?.set(result.sha1, piece * 20);
      if (result.merkleRoot !== undefined) roots?.set(result.merkleRoot, piece * HASH_LENGTH);
      onBytes(geometry.pieceSize(piece));
    },
  });
  return { pieceHashes, ...fileTrees(geometry, roots, deps.digests) };
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
