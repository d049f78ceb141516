// Content to publish, made from a seed, and its manifest: what arrives is compared by SHA-256, file by file.
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Relative path → SHA-256 in hex. */
export type Manifest = ReadonlyMap<string, string>;

export interface Content {
  /** Folder that holds it: what a seed is told. */
  readonly folder: string;
  readonly name: string;
  /** `folder` and `name` joined: what a torrent is made of. */
  readonly path: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

export type ContentKind = 'single' | 'folder' | 'crossing' | 'many';

const KIB = 1024;
const CHUNK = 1024 * KIB;
const ZEROS = new Uint8Array(CHUNK);
const SCRATCH = new Uint8Array(CHUNK);

/** Relative path → length of each kind. */
const LAYOUTS: Readonly<Record<ContentKind, () => Record<string, number>>> = {
  single: () => ({ '': 5_000_000 }),
  folder: () => ({
    'empty.txt': 0,
    'nested/deeply/also empty': 0,
    'nested/deeply/one byte': 1,
    'nested/größe 大きさ 🎬.bin': 700_001,
    "spaces & quotes' % #.dat": 65_536,
    'z-last.bin': 1_234_567,
  }),
  /** With pieces of 64 KiB, the second piece crosses five files. */
  crossing: () => ({
    'a.bin': 80 * KIB,
    'b.bin': 9 * KIB,
    'c.bin': 7 * KIB + 1,
    'd.bin': 11 * KIB,
    'e.bin': 300 * KIB,
    'f.bin': 17,
  }),
  many: () =>
    Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `part-${String(index % 100)}/file-${String(index)}.txt`,
        (index * 37) % 1500,
      ]),
    ),
};

/** Makes content of a kind in a folder; the same every time. `bytes` overrides the length of a single file. */
export async function makeContent(folder: string, kind: ContentKind, bytes?: number): Promise<Content> {
  const name = `${kind} content`;
  const layout = bytes === undefined ? LAYOUTS[kind]() : { '': bytes };
  const path = join(folder, name);
  const folders = new Set(Object.keys(layout).map((file) => dirname(join(path, file))));
  for (const each of folders) mkdirSync(each, { recursive: true });
  let total = 0;
  for (const [file, length] of Object.entries(layout)) {
    writeNoise(join(path, file), length, `${kind}/${file}`);
    total += length;
  }
  return { folder, name, path, bytes: total, manifest: await manifestOf(path) };
}

/** Fills a file with bytes that cannot be guessed or compressed: a key stream. Synchronous: many files are small. */
function writeNoise(path: string, length: number, seed: string): void {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const stream = createCipheriv('aes-128-ctr', key, new Uint8Array(16));
  const file = openSync(path, 'w');
  for (let left = length; left > 0; left -= CHUNK) writeSync(file, stream.update(ZEROS.subarray(0, left)));
  closeSync(file);
}

/** The manifest of a file (one entry, '') or of all files below a folder. Empty folders do not count. */
export async function manifestOf(path: string): Promise<Manifest> {
  const paths = (await stat(path)).isDirectory() ? await filesBelow(path) : [path];
  return new Map(paths.sort().map((file) => [relative(path, file), hashOf(file)]));
}

function hashOf(path: string): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'r');
  for (let read = CHUNK; read === CHUNK;) {
    read = readSync(file, SCRATCH);
    hash.update(SCRATCH.subarray(0, read));
  }
  closeSync(file);
  return hash.digest('hex');
}

/** The manifest without its empty files: not every client makes them. */
export function withoutEmptyFiles(manifest: Manifest): Manifest {
  const empty = createHash('sha256').digest('hex');
  return new Map([...manifest].filter(([, hash]) => hash !== empty));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
