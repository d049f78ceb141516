// Merkle vectors and a recorded exchange of hash requests between two foreign clients.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/core/bytes/bytes.ts';
import {
  heightOf,
  layerRoot,
  merkleRoot,
  padHash,
  proveSpan,
  rootOfSpan,
} from '../../src/core/metainfo/merkle.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface MerkleVectors {
  readonly eight_leaves: { readonly leaves: readonly string[]; readonly root: string };
  readonly zero_pad_hash_by_level: { readonly values: readonly string[] };
}

interface ProofCapture {
  readonly torrent_hex: string;
  readonly messages: readonly { readonly type: string; readonly hex: string }[];
}

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest());

/** The content of the capture: byte k is ((k mod 251) + 9) & 255. */
function captureLeaves(): Uint8Array {
  const content = Uint8Array.from({ length: 9_437_961 }, (_, k) => ((k % 251) + 9) & 255);
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += 16384) leaves.push(sha256(content.subarray(at, at + 16384)));
  return new Uint8Array(Buffer.concat(leaves));
}

describeCorpus('merkle vectors', () => {
  test('pads and a tree of eight leaves', () => {
    const vectors = readCorpusJson('wire/bep52_merkle.json') as MerkleVectors;
    for (const [level, hex] of vectors.zero_pad_hash_by_level.values.entries()) {
      expect(toHex(padHash(level, sha256))).toBe(hex);
    }
    const leaves = fromHex(vectors.eight_leaves.leaves.join(''));
    expect(toHex(merkleRoot(leaves, 8, sha256))).toBe(vectors.eight_leaves.root);
  });

  test('recorded hash requests get the recorded answers', () => {
    const capture = readCorpusJson('wire/capture_libtorrent_v2_hash_proofs.json') as ProofCapture;
    const layer = captureLeaves();
    const height = heightOf(layer.length / 32);
    const root = layerRoot(layer, 0, sha256);
    const answers = capture.messages.filter((message) => message.type === 'hashes');
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) {
      const view = new DataView(fromHex(answer.hex).buffer);
      const [baseLayer, index, length, proofLayers] = [37, 41, 45, 49].map((at) => view.getUint32(at));
      const span = {
        baseLayer: baseLayer ?? 0,
        index: index ?? 0,
        length: length ?? 0,
        proofLayers: proofLayers ?? 0,
      };
      const hashes = fromHex(answer.hex).subarray(53);
      expect(toHex(fromHex(answer.hex).subarray(5, 37))).toBe(toHex(root));
      expect(toHex(proveSpan({ layer, height }, span, sha256))).toBe(toHex(hashes));
      expect(rootOfSpan({ hashes, height }, span, sha256)).toEqual(root);
    }
  });
});
