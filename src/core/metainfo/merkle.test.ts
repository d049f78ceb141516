import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromHex, toHex } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import {
  HASH_LENGTH,
  heightOf,
  layerRoot,
  merkleRoot,
  padHash,
  proveSpan,
  raiseLayer,
  rootOfSpan,
} from './merkle.ts';

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest());
const leaf = (index: number): Uint8Array => sha256(Buffer.from(`leaf-${String(index)}`));
const leaves = (count: number): Uint8Array => concatBytes(Array.from({ length: count }, (_, i) => leaf(i)));

describe('merkle trees (BEP 52)', () => {
  test('pad hashes are roots of trees of zero hashes', () => {
    expect(toHex(padHash(1, sha256))).toBe(
      'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b',
    );
    expect(toHex(padHash(12, sha256))).toBe(
      'b7d05f875f140027ef5118a2247bbb84ce8f2f0f1123623085daf7960c329f5f',
    );
  });

  test.each([
    [1, 'd2dbf006f96dd05044a8f63d8f118f23925ba4cc5750f8b6c8e287fd506c8188'],
    [2, '8b0f563106070048a1057926820c7118dec20b8a73715544f4528487c16dc0d7'],
    [8, '6e421edd382a1e4504a4857be5298412253e3d30f8a560b7c4c69029e58fdbec'],
    [1024, '58998fd7f2db18b31b73bb4af44e444466d166a51d6b21969865e7de69eca549'],
  ])('root of %i leaves', (count, root) => {
    expect(toHex(merkleRoot(leaves(count), count, sha256))).toBe(root);
  });

  test('a short layer is padded with zero hashes', () => {
    const padded = concatBytes([leaves(3), new Uint8Array(5 * HASH_LENGTH)]);
    expect(merkleRoot(leaves(3), 8, sha256)).toEqual(merkleRoot(padded, 8, sha256));
    expect(merkleRoot(new Uint8Array(0), 4, sha256)).toEqual(padHash(2, sha256));
  });

  test('the root from a piece layer is the root from the leaves', () => {
    const all = leaves(13);
    const layer = raiseLayer(all, { from: 0, to: 2 }, sha256);
    expect(layer.length).toBe(4 * HASH_LENGTH);
    expect(layerRoot(layer, 2, sha256)).toEqual(merkleRoot(all, 16, sha256));
  });

  test('heights', () => {
    expect([1, 2, 3, 4, 5, 8, 9].map(heightOf)).toEqual([0, 1, 2, 2, 3, 3, 4]);
  });
});

describe('hash requests (BEP 52)', () => {
  const layer = leaves(11);
  const tree = { layer, height: 4 };
  const root = merkleRoot(layer, 16, sha256);

  test.each([
    [0, 2, 3],
    [2, 2, 3],
    [4, 4, 3],
    [8, 4, 3],
    [8, 8, 3],
    [0, 16, 3],
    [10, 2, 9],
  ])('the answer for %i + %i leads to the root', (index, length, proofLayers) => {
    const span = { baseLayer: 0, index, length, proofLayers };
    const hashes = proveSpan(tree, span, sha256);
    expect(rootOfSpan({ hashes, height: 4 }, span, sha256)).toEqual(root);
  });

  test('a changed hash leads to another root', () => {
    const span = { baseLayer: 0, index: 4, length: 4, proofLayers: 3 };
    const hashes = proveSpan(tree, span, sha256);
    for (const at of [0, 4 * HASH_LENGTH, hashes.length - 1]) {
      const changed = hashes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(rootOfSpan({ hashes: changed, height: 4 }, span, sha256)).not.toEqual(root);
    }
  });

  test('uncles stop at the proof layers that were asked for', () => {
    const ask = (proofLayers: number): number =>
      proveSpan(tree, { baseLayer: 0, index: 0, length: 4, proofLayers }, sha256).length / HASH_LENGTH;
    expect([0, 1, 2, 3, 4].map(ask)).toEqual([4, 4, 5, 6, 6]);
  });

  test('a piece layer is proved with its own pads', () => {
    const pieces = raiseLayer(leaves(21), { from: 0, to: 2 }, sha256);
    const span = { baseLayer: 2, index: 4, length: 4, proofLayers: 2 };
    const hashes = proveSpan({ layer: pieces, height: 3 }, span, sha256);
    expect(hashes.subarray(3 * HASH_LENGTH, 4 * HASH_LENGTH)).toEqual(padHash(2, sha256));
    expect(rootOfSpan({ hashes, height: 3 }, span, sha256)).toEqual(merkleRoot(leaves(21), 32, sha256));
  });

  test.each([
    [1, 2],
    [0, 3],
    [0, 1],
    [16, 4],
    [0, 32],
  ])('no run of %i + %i in a tree of 16', (index, length) => {
    const span = { baseLayer: 0, index, length, proofLayers: 3 };
    expect(() => proveSpan(tree, span, sha256)).toThrow(ProtocolError);
    expect(() => rootOfSpan({ hashes: fromHex(''), height: 4 }, span, sha256)).toThrow(ProtocolError);
  });

  test('too few hashes are refused', () => {
    const span = { baseLayer: 0, index: 4, length: 4, proofLayers: 3 };
    const hashes = proveSpan(tree, span, sha256);
    expect(() => rootOfSpan({ hashes: hashes.subarray(HASH_LENGTH), height: 4 }, span, sha256)).toThrow(
      expect.objectContaining({ code: 'HASHES_BAD_LENGTH' }),
    );
  });
});
