// Measures in a process of its own, on the compiled library: `node bench/parse/measure.mjs ROUNDS`, JSON to stdout.
// Each round times both sides, first one first and then the other, each over as many runs as fill some milliseconds.
import { createHash } from 'node:crypto';
import peer from 'bencode';
import { decodeBencode } from '../../dist/core/bencode/decode.js';
import { encodeBencode } from '../../dist/core/bencode/encode.js';
import { parseTorrent } from '../../dist/core/metainfo/parse.js';

const MINIMUM_MS = 20;
const SIZE = 5_000_000;
const PIECE_LENGTH = 2 ** 20;

const digests = {
  sha1: (data) => createHash('sha1').update(data).digest(),
  sha256: (data) => createHash('sha256').update(data).digest(),
};

/** A large single file: the torrent is nearly all piece hashes. */
function longPieces() {
  const pieces = new Uint8Array(Math.floor(SIZE / 20) * 20).map((_, i) => i * 31);
  const length = (pieces.length / 20) * PIECE_LENGTH;
  return { name: 'image.bin', length, 'piece length': PIECE_LENGTH, pieces };
}

/** Small files in folders: the torrent is nearly all dictionaries. */
function manyFiles() {
  const files = [];
  for (let bytes = 0; bytes < SIZE; bytes += 85) {
    const folder = `folder ${Math.floor(files.length / 100)}`;
    files.push({
      length: 1000 + files.length,
      path: ['photographs', folder, `picture ${files.length}.jpeg`],
    });
  }
  const length = files.reduce((sum, file) => sum + file.length, 0);
  const pieces = new Uint8Array(Math.ceil(length / PIECE_LENGTH) * 20);
  return { name: 'collection', files, 'piece length': PIECE_LENGTH, pieces };
}

/** The same as a v2 file tree: each name a key, each file a root. */
function fileTree() {
  const tree = {};
  for (let i = 0; i * 105 < SIZE; i++) {
    const folder = (tree[`folder ${Math.floor(i / 100)}`] ??= {});
    folder[`picture ${i}.jpeg`] = { '': { length: 1000 + i, 'pieces root': digests.sha256(String(i)) } };
  }
  return { name: 'collection', 'file tree': tree, 'meta version': 2, 'piece length': PIECE_LENGTH };
}

function timeOf(run) {
  let runs = 0;
  const start = performance.now();
  let elapsed = 0;
  for (; elapsed < MINIMUM_MS; elapsed = performance.now() - start) {
    run();
    runs++;
  }
  return elapsed / runs;
}

const cases = [
  ['one file, long pieces', longPieces()],
  ['many files', manyFiles()],
  ['v2 file tree', fileTree()],
].flatMap(([name, info]) => {
  const bytes = encodeBencode({ announce: 'http://tracker.example/announce', info, 'piece layers': {} });
  const ours = decodeBencode(bytes);
  const theirs = peer.decode(bytes);
  return [
    {
      name: `decode ${name}`,
      bytes: bytes.length,
      ours: () => decodeBencode(bytes),
      theirs: () => peer.decode(bytes),
    },
    {
      name: `encode ${name}`,
      bytes: bytes.length,
      ours: () => encodeBencode(ours),
      theirs: () => peer.encode(theirs),
    },
    {
      name: `parse ${name}`,
      bytes: bytes.length,
      ours: () => parseTorrent(bytes, digests),
      theirs: undefined,
    },
  ];
});

const rounds = Number(process.argv[2]);
const results = [];
for (const { name, bytes, ours, theirs } of cases) {
  const times = { ours: [], theirs: [] };
  for (let round = -1; round < rounds; round++) {
    const sides = [
      ['ours', ours],
      ['theirs', theirs],
    ];
    if (round % 2 === 0) sides.reverse();
    for (const [side, run] of sides) {
      if (run === undefined) continue;
      const milliseconds = timeOf(run);
      // The first round warms up.
      if (round >= 0) times[side].push(milliseconds);
    }
  }
  results.push({ name, bytes, ...times });
}
process.stdout.write(JSON.stringify(results));
