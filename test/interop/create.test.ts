// Torrents of ours in the eyes of stock programs: they read them, and they make the same of the same content.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../src/core/bytes/bytes.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { createTorrent, type CreateOptions } from '../../src/node/create-torrent.ts';
import { createHashPool } from '../../src/node/hash-pool.ts';
import { parseTorrent } from '../../src/node/parse-torrent.ts';
import type { Hasher } from '../../src/ports/hasher.ts';

const run = promisify(execFile);
const PIECE_EXPONENT = 15;
const LIBTORRENT = join(import.meta.dirname, '../support/libtorrent_read.py');

interface ReadBack {
  readonly name: string;
  readonly v1: string;
  readonly v2: string;
  readonly piece_length: number;
  readonly files: readonly { readonly path: string; readonly size: number; readonly symlink: string }[];
  readonly trackers: readonly (readonly [tier: number, url: string])[];
  readonly web_seeds: readonly string[];
}

let folder = '';
let hasher: Hasher;

/** Lengths around blocks and pieces, names that sort differently by folder, by byte and by locale. */
const TREE: Readonly<Record<string, number>> = {
  'Zeta.bin': 70_000,
  'a/one.bin': 16_384,
  'a/two.bin': 20_000,
  'b/deep/three.bin': 100_000,
  'b/empty.bin': 0,
  'b/exact.bin': 65_536,
  'ünï.bin': 33_000,
  'z.bin': 1,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-interop-'));
  hasher = createHashPool({ workers: 2 });
  for (const [name, length] of Object.entries(TREE)) {
    const path = join(folder, 'tree', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(
      path,
      Uint8Array.from({ length }, (_, k) => (k * 11 + length) & 255),
    );
  }
});

afterAll(async () => {
  await hasher.close();
  await rm(folder, { recursive: true });
});

async function create(
  name: string,
  options: CreateOptions,
): Promise<{ path: string; v1: string; v2: string }> {
  const { bytes, metainfo } = await createTorrent([join(folder, name)], {
    pieceLength: 2 ** PIECE_EXPONENT,
    hasher,
    ...options,
  });
  const path = join(folder, 'ours.torrent');
  await writeFile(path, bytes);
  const hex = (hash: Uint8Array | undefined): string => (hash === undefined ? '' : toHex(hash));
  return { path, v1: hex(metainfo.infoHash), v2: hex(metainfo.infoHashV2) };
}

async function readWithLibtorrent(path: string): Promise<ReadBack> {
  const { stdout } = await run('/usr/bin/python3', [LIBTORRENT, path]);
  return JSON.parse(stdout) as ReadBack;
}

async function infoHashOf(path: string): Promise<{ v1: string; v2: string }> {
  const { infoHash, infoHashV2 } = parseTorrent(new Uint8Array(await readFile(path)));
  return {
    v1: infoHash === undefined ? '' : toHex(infoHash),
    v2: infoHashV2 === undefined ? '' : toHex(infoHashV2),
  };
}

describe.each(['tree', 'tree/Zeta.bin'])('%s', (name) => {
  test.each<[string[], CreateOptions]>([
    [[], {}],
    [['-p', '-s', 'SOURCE'], { private: true, source: 'SOURCE' }],
  ])('mktorrent %j makes the same info hash', async (flags, options) => {
    const theirs = join(folder, 'theirs.torrent');
    await rm(theirs, { force: true });
    await run('mktorrent', ['-l', String(PIECE_EXPONENT), ...flags, '-o', theirs, join(folder, name)]);
    const { v1 } = await create(name, { version: 'v1', ...options });
    expect(await infoHashOf(theirs)).toEqual({ v1, v2: '' });
  });

  test('transmission-show reads a v1 torrent', async () => {
    const { path, v1 } = await create(name, {
      version: 'v1',
      trackers: [['http://t.example/'], ['udp://u:1']],
    });
    const { stdout } = await run('transmission-show', [path]);
    expect(stdout).toContain(`Hash: ${v1}`);
    expect(stdout).toContain('http://t.example/');
    expect(stdout).toContain('udp://u:1');
  });

  test.each<MetainfoVersion>(['v1', 'v2', 'hybrid'])('libtorrent reads a %s torrent', async (version) => {
    const { path, v1, v2 } = await create(name, {
      version,
      trackers: [['http://a/', 'http://b/'], ['wss://c/']],
      webSeeds: ['https://w/'],
    });
    const read = await readWithLibtorrent(path);
    expect(read).toMatchObject({
      v1,
      v2,
      piece_length: 2 ** PIECE_EXPONENT,
      trackers: [
        [0, 'http://a/'],
        [0, 'http://b/'],
        [1, 'wss://c/'],
      ],
      web_seeds: ['https://w/'],
    });
    const expected =
      name === 'tree'
        ? Object.entries(TREE).map(([path, size]) => [`tree/${path}`, size])
        : [['Zeta.bin', 70_000]];
    expect(read.files.map((file) => [file.path, file.size]).sort()).toEqual(expected.sort());
  });

  test.each<MetainfoVersion>(['v2', 'hybrid'])('libtorrent makes the same %s info hash', async (version) => {
    const theirs = join(folder, 'theirs.torrent');
    const maker = join(import.meta.dirname, '../../bench/create/libtorrent_create.py');
    await run('/usr/bin/python3', [maker, join(folder, name), theirs, version, String(2 ** PIECE_EXPONENT)]);
    const { v1, v2 } = await create(name, { version });
    expect(await infoHashOf(theirs)).toEqual({ v1, v2 });
  });
});

test.each<MetainfoVersion>(['v1', 'v2', 'hybrid'])(
  'libtorrent sees the symlinks of a %s torrent',
  async (version) => {
    const link = join(folder, 'tree/link');
    await symlink('a/one.bin', link);
    const { path } = await create('tree', { version, symlinks: 'keep' });
    await rm(link);
    const found = (await readWithLibtorrent(path)).files.filter((file) => file.symlink !== '');
    expect(found.map((file) => [file.path, file.symlink])).toEqual([
      ['tree/link', expect.stringContaining('a/one.bin')],
    ]);
  },
);
