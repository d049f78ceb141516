// Small torrents of every version, made by hand for tests of the reader.
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import type { Encodable } from '../../src/core/bencode/encode.ts';
import { latin1Decode } from '../../src/core/bytes/bytes.ts';
import { layerRoot } from '../../src/core/metainfo/merkle.ts';
import { digests } from './digests.ts';

export type Members = Record<string, Encodable | undefined>;

const PIECE = 16384;

/** A file of two pieces whose hashes are made up, and the root that they give. */
export const layer: Uint8Array = new Uint8Array(64).map((_, i) => i + 1);
export const root: Uint8Array = layerRoot(layer, 0, digests.sha256);

/** A v1 torrent of two files, "n/a" and "n/d/b"; `info` and `outer` overwrite members. */
export function v1Torrent(info: Members = {}, outer: Members = {}): Uint8Array {
  const files = [
    { length: 10, path: ['a'] },
    { length: PIECE, path: ['d', 'b'] },
  ];
  const base = { files, name: 'n', 'piece length': PIECE, pieces: new Uint8Array(40) };
  return encodeBencode({ info: { ...base, ...info }, ...outer });
}

/** Entries of a file tree: `path` with "/" between elements. */
export function fileTree(files: Readonly<Record<string, Members>>): Members {
  const tree: Members = {};
  for (const [path, properties] of Object.entries(files)) {
    let folder = tree;
    for (const element of path.split('/')) folder = (folder[element] ??= {}) as Members;
    folder[''] = properties;
  }
  return tree;
}

/** The same content as `fileTree` and piece layers: "n/a" of 10 bytes, "n/d/b" of two pieces. */
export function v2Torrent(info: Members = {}, outer: Members = {}): Uint8Array {
  const tree = fileTree({
    a: { length: 10, 'pieces root': new Uint8Array(32).fill(1) },
    'd/b': { length: 2 * PIECE, 'pieces root': root },
  });
  const base = { 'file tree': tree, 'meta version': 2, name: 'n', 'piece length': PIECE };
  const layers = new Map([[latin1Decode(root), layer]]);
  return encodeBencode({ info: { ...base, ...info }, 'piece layers': layers, ...outer });
}

/** Both at once, aligned by padding (BEP 47). */
export function hybridTorrent(info: Members = {}, outer: Members = {}): Uint8Array {
  const files = [
    { length: 10, path: ['a'] },
    { attr: 'p', length: PIECE - 10, path: ['.pad', String(PIECE - 10)] },
    { length: 2 * PIECE, path: ['d', 'b'] },
  ];
  return v2Torrent({ files, pieces: new Uint8Array(60), ...info }, outer);
}
