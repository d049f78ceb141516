// Whoever makes a torrent chooses its names. None of them may lead out of the download folder, be a device, or be
// another file's name on a disk that does not tell cases apart.
import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwarmpressError } from '../../src/core/errors.ts';
import type { Metainfo } from '../../src/core/metainfo/metainfo.ts';
import { parseTorrent as parseWithRules } from '../../src/core/metainfo/parse.ts';
import { createFsStoragePort } from '../../src/node/fs-storage.ts';
import { nodeDigests } from '../../src/node/digests.ts';
import { parseTorrent } from '../../src/node/parse-torrent.ts';
import { fileTree, v1Torrent, v2Torrent, type Members } from '../support/torrents.ts';

const LEAVING = [
  '..',
  '../..',
  '../../../../../../tmp/x',
  '/etc/passwd',
  '..\\..\\x',
  'C:\\x',
  '\\\\host\\x',
];
const HIDDEN = ['..\0', '.\u200b.', '\u202e..', '..%2f..', '%2e%2e', '....//', '．．', '..\u2215'];

let folder: string;
let root: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attack-'));
  root = join(folder, 'downloads');
  await mkdir(root);
  await writeFile(join(folder, 'victim'), 'precious');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The torrent as we read it, or undefined where it is refused. */
function read(torrent: Uint8Array): Metainfo | undefined {
  try {
    return parseTorrent(torrent);
  } catch (error) {
    if (error instanceof SwarmpressError) return undefined;
    throw error;
  }
}

/** Writes every file of a torrent, symlinks too, and tells what lies in `folder` then, symlinks followed nowhere. */
async function download(metainfo: Metainfo): Promise<string[]> {
  const files = metainfo.files.map((file) => ({ ...file, wanted: true }));
  const storage = await createFsStoragePort().open(root, files);
  try {
    await storage.prepare('none');
    for (const [file, { length, pad }] of files.entries()) {
      if (length > 0 && !pad) await storage.write([{ file, offset: 0, length: 1, pad }], Uint8Array.of(1));
    }
    await storage.flush();
  } catch (error) {
    if (!(error instanceof SwarmpressError)) throw error;
  } finally {
    await storage.close();
  }
  return (await readdir(folder, { recursive: true })).sort();
}

async function expectInside(metainfo: Metainfo): Promise<void> {
  for (const { path } of metainfo.files) {
    const place = relative(root, resolve(root, ...path));
    expect(place === '' || place.startsWith(`..${sep}`) || place === '..').toBe(false);
  }
  const outside = (await download(metainfo)).filter((path) => !path.startsWith('downloads'));
  expect(outside).toEqual(['victim']);
  expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
}

function withPaths(paths: readonly (readonly string[])[], outer: Members = {}): Uint8Array {
  const files = paths.map((path) => ({ length: 1, path: [...path] }));
  return v1Torrent({ files, pieces: new Uint8Array(20), ...outer });
}

describe('path traversal', () => {
  it.each([...LEAVING, ...HIDDEN])('by the file name %j writes nothing outside', async (name) => {
    for (const path of [
      [name],
      [name, name, 'victim'],
      ['a', name, name, '..', 'victim'],
      [`${name}/victim`],
    ]) {
      const metainfo = read(withPaths([path, ['plain']]));
      if (metainfo !== undefined) await expectInside(metainfo);
    }
  });

  it.each([...LEAVING, ...HIDDEN])('by the name of the torrent %j writes nothing outside', async (name) => {
    const single = { files: undefined, length: 1, pieces: new Uint8Array(20) };
    for (const torrent of [v1Torrent({ name }), v1Torrent({ name, ...single }), v2Torrent({ name })]) {
      const metainfo = read(torrent);
      if (metainfo !== undefined) await expectInside(metainfo);
    }
  });

  it.each([...LEAVING, ...HIDDEN])(
    'by the file tree of a v2 torrent %j writes nothing outside',
    async (name) => {
      const leaf = { length: 1, 'pieces root': new Uint8Array(32).fill(1) };
      for (const tree of [{ [name]: { '': leaf } }, { a: { [name]: { [name]: { '': leaf } } } }]) {
        const metainfo = read(
          v2Torrent({ 'file tree': { ...fileTree({ plain: leaf }), ...tree } }, { 'piece layers': {} }),
        );
        if (metainfo !== undefined) await expectInside(metainfo);
      }
    },
  );

  it('by the keys that other programs read first (name.utf-8, path.utf-8) writes nothing outside', async () => {
    const files = [{ length: 1, path: ['good'], 'path.utf-8': ['..', '..', 'victim'] }];
    const metainfo = read(v1Torrent({ files, 'name.utf-8': '../..', pieces: new Uint8Array(20) }));
    expect(metainfo).toBeDefined();
    if (metainfo !== undefined) await expectInside(metainfo);
  });
});

describe('symlink escape', () => {
  it('by a symlink of BEP 47 that leads out, and a file below it: nothing is written through it', async () => {
    const link = (target: readonly string[]): Members => ({
      attr: 'l',
      length: 0,
      path: ['l'],
      'symlink path': [...target],
    });
    const targets = [
      ['..', '..'],
      ['..'],
      ['/'],
      ['/etc'],
      ['..\\..'],
      ['a', '..', '..', '..'],
      ['.', '..', '..'],
    ];
    for (const target of targets) {
      const files = [link(target), { length: 1, path: ['l', 'victim'] }, { length: 1, path: ['x'] }];
      const metainfo = read(v1Torrent({ files, pieces: new Uint8Array(20) }));
      if (metainfo !== undefined) await expectInside(metainfo);
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        if (!entry.isSymbolicLink()) continue;
        const target = resolve(entry.parentPath, await readlink(join(entry.parentPath, entry.name)));
        expect(`${target}${sep}`.startsWith(`${root}${sep}`)).toBe(true);
      }
    }
  });

  it('by a symlink of the torrent to a folder of its own, which a later file goes through: it stays inside', async () => {
    const files = [
      { attr: 'l', length: 0, path: ['a', 'l'], 'symlink path': ['b'] },
      { length: 1, path: ['b', 'file'] },
      { length: 1, path: ['a', 'l', 'file'] },
    ];
    const metainfo = read(v1Torrent({ files, pieces: new Uint8Array(20) }));
    if (metainfo !== undefined) await expectInside(metainfo);
  });

  it('by a link that lies in the folder already: refused, and the target keeps its bytes', async () => {
    await symlink(folder, join(root, 'n'));
    const metainfo = read(withPaths([['victim']]));
    expect(metainfo).toBeDefined();
    if (metainfo !== undefined) await download(metainfo);
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
    expect((await lstat(join(root, 'n'))).isSymbolicLink()).toBe(true);
  });
});

/** As in a browser, or for a disk of Windows. */
function parsePortable(names: readonly string[]): Metainfo {
  const torrent = withPaths(names.map((name) => [name]));
  return parseWithRules(torrent, nodeDigests, { names: 'portable', foldCase: true });
}

describe('reserved names', () => {
  it('of Windows become plain ones for a browser or a portable disk', () => {
    const names = [
      'CON',
      'nul.txt',
      'Aux',
      'com1.tar.gz',
      'LPT9',
      'COM¹',
      'conout$',
      'prn .x',
      'a:b',
      'x.',
      'y ',
    ];
    const parsed = parsePortable(names);
    for (const { path } of parsed.files) {
      const name = path.at(-1) ?? '';
      expect(name).not.toMatch(/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)/i);
      expect(name).not.toMatch(/[:*?"<>|]|[. ]$/);
    }
  });
});

describe('case-colliding names', () => {
  it('are files of their own, whatever they differ in', () => {
    const names = [
      'readme',
      'README',
      'ReadMe',
      'e\u0301',
      '\u00e9',
      '\u00c9',
      'ß',
      'ẞ',
      'ſ',
      's',
      'K',
      '\u212a',
      'i',
      'İ',
    ];
    const { files } = parsePortable(names);
    const seen = new Set(
      files.map(({ path }) => path.join('/').normalize('NFC').toUpperCase().toLowerCase()),
    );
    expect(seen.size).toBe(names.length);
  });

  it('a file in the place of a folder is moved aside', async () => {
    const metainfo = parseTorrent(withPaths([['a'], ['a', 'b'], ['a', 'b', 'c']]));
    await expectInside(metainfo);
    const paths = metainfo.files.map(({ path }) => path.join('/'));
    for (const path of paths) expect(paths.some((other) => other.startsWith(`${path}/`))).toBe(false);
  });
});
