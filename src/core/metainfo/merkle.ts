// BEP 52 merkle trees: SHA-256, two children a node, leaves of 16 KiB, 32 zero bytes for leaves behind the end.
// A layer is the concatenation of its hashes, level 0 being the leaves; the padding on its right is left out and stands
// for padHash(level). All functions are pure.
import type { Digests } from '../digests.ts';
import { ProtocolError } from '../errors.ts';
import { invariant } from '../invariant.ts';

/** Bytes of a node. */
export const HASH_LENGTH = 32;

type Sha256 = Digests['sha256'];

/** Root of a subtree of 2^level leaves behind the end of the file. */
export function padHash(level: number, sha256: Sha256): Uint8Array {
  let pad: Uint8Array = new Uint8Array(HASH_LENGTH);
  for (let i = 0; i < level; i++) pad = parent(pad, pad, sha256);
  return pad;
}

/** Root over leaf hashes, padded with zero hashes to `leafCount` leaves, a power of two. */
export function merkleRoot(leaves: Uint8Array, leafCount: number, sha256: Sha256): Uint8Array {
  return raiseLayer(leaves, { from: 0, to: heightOf(leafCount) }, sha256);
}

/** Levels above the layer at which `count` hashes have a single ancestor: 0 for one, 1 for two, 2 for three or four. */
export function heightOf(count: number): number {
  let height = 0;
  for (let width = 1; width < count; width *= 2) height++;
  return height;
}

/** The layer some levels further up. An empty layer becomes one pad hash. */
export function raiseLayer(
  layer: Uint8Array,
  levels: { readonly from: number; readonly to: number },
  sha256: Sha256,
): Uint8Array {
  let pad = padHash(levels.from, sha256);
  let current = layer.length === 0 ? pad : layer;
  for (let level = levels.from; level < levels.to; level++) {
    current = parentLayer(current, pad, sha256);
    pad = parent(pad, pad, sha256);
  }
  return current;
}

/** Root of a file from its piece layer, `level` being log2(piece length / 16 KiB). */
export function layerRoot(layer: Uint8Array, level: number, sha256: Sha256): Uint8Array {
  return raiseLayer(layer, { from: level, to: level + heightOf(layer.length / HASH_LENGTH) }, sha256);
}

/** A run of hashes of one layer and the way from it to the root: what BEP 52 hash requests speak of. */
export interface HashSpan {
  /** Levels above the leaves. */
  readonly baseLayer: number;
  /** First hash of the run; a multiple of `length`. */
  readonly index: number;
  /** Hashes in the run: a power of two, at least 2. */
  readonly length: number;
  /** Ancestor layers asked for, counted from the one above the base layer. */
  readonly proofLayers: number;
}

/**
 * Answers a hash request: the run of hashes, pads included, then one uncle for each proof layer from the run's own
 * subtree root up. `layer` is the whole base layer of the file; `height` is the number of levels from it to the root.
 * Throws ProtocolError HASH_REQUEST_INVALID where the tree has no such run.
 */
export function proveSpan(
  tree: { readonly layer: Uint8Array; readonly height: number },
  span: HashSpan,
  sha256: Sha256,
): Uint8Array {
  const { layer, height } = tree;
  const subtree = checkSpan(span, height);
  const uncles = Math.min(uncleCount(span, subtree), height - subtree);
  const answer = new Uint8Array((span.length + uncles) * HASH_LENGTH);
  let pad = padHash(span.baseLayer, sha256);
  for (let i = 0; i < span.length; i++) answer.set(nodeAt(layer, span.index + i, pad), i * HASH_LENGTH);
  let current = layer;
  for (let level = 0; level < subtree + uncles; level++) {
    const uncle = level - subtree;
    if (uncle >= 0) {
      const sibling = Math.floor(span.index / 2 ** level) ^ 1;
      answer.set(nodeAt(current, sibling, pad), (span.length + uncle) * HASH_LENGTH);
    }
    current = parentLayer(current, pad, sha256);
    pad = parent(pad, pad, sha256);
  }
  return answer;
}

/**
 * The root that a `hashes` message leads to: equal to the file's root if the hashes are right. `height` is the number
 * of levels from the base layer to the root. Throws ProtocolError HASHES_BAD_LENGTH or HASH_REQUEST_INVALID.
 */
export function rootOfSpan(
  answer: { readonly hashes: Uint8Array; readonly height: number },
  span: HashSpan,
  sha256: Sha256,
): Uint8Array {
  const { hashes, height } = answer;
  const subtree = checkSpan(span, height);
  const uncles = height - subtree;
  if (hashes.length !== (span.length + uncles) * HASH_LENGTH) {
    throw new ProtocolError(
      'HASHES_BAD_LENGTH',
      'the hashes do not reach from the layer to the root (BEP 52)',
      {
        expected: (span.length + uncles) * HASH_LENGTH,
        received: hashes.length,
      },
    );
  }
  let root = hashes.subarray(0, span.length * HASH_LENGTH);
  for (let level = 0; level < subtree; level++) root = parentLayer(root, root, sha256);
  for (let uncle = 0; uncle < uncles; uncle++) {
    const sibling = hashAt(hashes, span.length + uncle);
    const isRight = Math.floor(span.index / 2 ** (subtree + uncle)) % 2 === 1;
    root = isRight ? parent(sibling, root, sha256) : parent(root, sibling, sha256);
  }
  return root;
}

/** BEP 52: index is a multiple of length, length a power of two of at least 2. Returns log2(length). */
function checkSpan(span: HashSpan, height: number): number {
  const subtree = heightOf(span.length);
  const fits = span.length >= 2 && 2 ** subtree === span.length && subtree <= height;
  if (!fits || span.index % span.length !== 0 || span.index + span.length > 2 ** height) {
    throw new ProtocolError('HASH_REQUEST_INVALID', 'the tree has no such run of hashes (BEP 52)', {
      received: { ...span },
    });
  }
  return subtree;
}

/** BEP 52: the first log2(length) - 1 proof layers are left out, the run implies them. */
function uncleCount(span: HashSpan, subtree: number): number {
  return Math.max(0, span.proofLayers - (subtree - 1));
}

function parentLayer(layer: Uint8Array, pad: Uint8Array, sha256: Sha256): Uint8Array {
  const count = layer.length / HASH_LENGTH;
  invariant(Number.isInteger(count), 'a layer is a sequence of whole hashes');
  const parents = new Uint8Array(Math.ceil(count / 2) * HASH_LENGTH);
  for (let i = 0; i + 1 < count; i += 2) {
    parents.set(sha256(layer.subarray(i * HASH_LENGTH, (i + 2) * HASH_LENGTH)), (i / 2) * HASH_LENGTH);
  }
  if (count % 2 === 1) {
    parents.set(parent(hashAt(layer, count - 1), pad, sha256), parents.length - HASH_LENGTH);
  }
  return parents;
}

function parent(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const pair = new Uint8Array(2 * HASH_LENGTH);
  pair.set(left);
  pair.set(right, HASH_LENGTH);
  return sha256(pair);
}

function nodeAt(layer: Uint8Array, index: number, pad: Uint8Array): Uint8Array {
  return index * HASH_LENGTH < layer.length ? hashAt(layer, index) : pad;
}

function hashAt(layer: Uint8Array, index: number): Uint8Array {
  return layer.subarray(index * HASH_LENGTH, (index + 1) * HASH_LENGTH);
}
