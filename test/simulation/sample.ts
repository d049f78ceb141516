// Content for simulated swarms: pseudo-random bytes and the metainfo over them. Hashes are not real: a simulated
// hasher compares with the content itself.
import { toInfoHash } from '../../src/core/ids.ts';
import type { FileEntry, Metainfo } from '../../src/core/metainfo/metainfo.ts';
import { Rng } from '../../src/core/swarm/rng.ts';

export interface Sample {
  readonly metainfo: Metainfo;
  readonly bytes: Uint8Array;
}

export interface SampleOptions {
  readonly length: number;
  readonly pieceLength: number;
  readonly seed?: number;
  /** Lengths of files, some of them padding; by default one file. */
  readonly files?: readonly { readonly length: number; readonly pad?: boolean }[];
}

export function createSample({ length, pieceLength, seed = 1, files = [{ length }] }: SampleOptions): Sample {
  const rng = new Rng(seed);
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >>> 2);
  for (let i = 0; i < words.length; i++) words[i] = rng.uint32();
  const entries: FileEntry[] = [];
  let offset = 0;
  for (const [i, file] of files.entries()) {
    if (file.pad === true) bytes.fill(0, offset, offset + file.length);
    entries.push({
      path: ['sample', String(i)],
      length: file.length,
      offset,
      pad: file.pad ?? false,
      executable: false,
      hidden: false,
      symlink: undefined,
      piecesRoot: undefined,
    });
    offset += file.length;
  }
  const metainfo: Metainfo = {
    version: 'v1',
    infoHash: toInfoHash(new Uint8Array(20).fill(seed)),
    infoHashV2: undefined,
    name: 'sample',
    pieceLength,
    pieceCount: Math.ceil(length / pieceLength),
    length,
    files: entries,
    isSingleFile: entries.length === 1,
    private: false,
    source: undefined,
    pieceHashes: undefined,
    infoBytes: new Uint8Array(100),
    pieceLayers: new Map(),
    trackers: [],
    webSeeds: [],
    httpSeeds: [],
    nodes: [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    warnings: [],
  };
  return { metainfo, bytes };
}
