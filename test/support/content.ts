// Content to publish, made from a seed, and its manifest: what arrives is compared by SHA-256, file by file.
import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

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
  let total = 0;
  for (const [path, length] of Object.entries(layout)) {
    await writeNoise(join(folder, name, path), length, `${kind}/${path}`);
    total += length;
  }
  const path = join(folder, name);
  return { folder, name, path, bytes: total, manifest: await manifestOf(path) };
}

/** Fills a file with bytes that cannot be guessed or compressed: a key stream. */
async function writeNoise(path: string, length: number, seed: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const stream = createCipheriv('aes-128-ctr', key, new Uint8Array(16));
  const zeros = new Uint8Array(Math.min(length, 1024 * KIB));
  const file = await open(path, 'w');
  for (let written = 0; written < length;) {
    const chunk = stream.update(zeros.subarray(0, Math.min(zeros.length, length - written)));
    await file.write(chunk);
    written += chunk.length;
  }
  await file.close();
}

/** The manifest of a file (one entry, '') or of all files below a folder. Empty folders do not count. */
export async function manifestOf(path: string): Promise<Manifest> {
  const paths = (await stat(path)).isDirectory() ? await filesBelow(path) : [path];
  const entries: [string, string][] = [];
  for (const file of paths.sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    entries.push([relative(path, file), hash.digest('hex')]);
  }
  return new Map(entries);
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
