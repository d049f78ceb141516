import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkPaths, type Walk, type WalkOptions } from './fs-walk.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-walk-'));
  for (const name of ['root/a.txt', 'root/sub/b.txt', 'root/sub/c.log', 'root/.hidden/d', 'outside/secret'])
    await put(name);
});

afterEach(() => rm(folder, { recursive: true }));

async function put(name: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), name);
}

function walk(options: WalkOptions = {}, ...names: readonly string[]): Promise<Walk> {
  return walkPaths(
    (names.length === 0 ? ['root'] : names).map((name) => join(folder, name)),
    options,
  );
}

async function pathsOf(options: WalkOptions = {}, ...names: readonly string[]): Promise<string[]> {
  const { files } = await walk(options, ...names);
  return files.map((file) => file.path.join('/')).sort();
}

describe('walkPaths', () => {
  test('lists a folder with lengths and places, hidden names left out', async () => {
    const { files, name, isSingleFile } = await walk();
    expect(files.map((file) => file.path.join('/')).sort()).toEqual(['a.txt', 'sub/b.txt', 'sub/c.log']);
    expect(files.find((file) => file.path[0] === 'a.txt')).toMatchObject({ length: 10, executable: false });
    expect([name, isSingleFile]).toEqual(['root', false]);
    expect(await pathsOf({ hidden: true })).toContain('.hidden/d');
  });

  test('a single file is itself, hidden or not', async () => {
    expect(await walk({}, 'root/.hidden/d')).toMatchObject({
      isSingleFile: true,
      name: 'd',
      files: [{ path: ['d'] }],
    });
  });

  test('several paths become entries of one folder', async () => {
    expect(await pathsOf({}, 'root/sub', 'root/a.txt')).toEqual(['a.txt', 'sub/b.txt', 'sub/c.log']);
    expect((await walk({}, 'root/sub', 'root/a.txt')).name).toBeUndefined();
  });

  test.each<[WalkOptions, string[]]>([
    [{ include: ['*.txt'] }, ['a.txt', 'sub/b.txt']],
    [{ exclude: ['*.txt'] }, ['sub/c.log']],
    [{ exclude: ['sub'] }, ['a.txt']],
    [{ exclude: ['sub/'] }, ['a.txt']],
    [{ exclude: ['sub/*.log'] }, ['a.txt', 'sub/b.txt']],
    [{ exclude: ['/a.txt'] }, ['sub/b.txt', 'sub/c.log']],
    [{ include: ['sub/**'], exclude: ['*.log'] }, ['sub/b.txt']],
    [{ include: ['**/*.{log,md}'] }, ['sub/c.log']],
  ])('globs %j', async (options, expected) => {
    expect(await pathsOf(options)).toEqual(expected);
  });

  test('leaves out the paths it is told to', async () => {
    expect(await pathsOf({ omit: [join(folder, 'root/a.txt')] })).not.toContain('a.txt');
  });

  test('marks executables', async () => {
    await chmod(join(folder, 'root/a.txt'), 0o755);
    const { files } = await walk();
    expect(files.filter((file) => file.executable === true).map((file) => file.path)).toEqual([['a.txt']]);
    const plain = await walk({ executable: false });
    expect(plain.files.some((file) => file.executable === true)).toBe(false);
  });

  test('sockets and the like are left out with a warning', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'root/socket'), resolve));
    const { warnings } = await walk();
    server.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('socket');
  });

  test('stops when it is told to', async () => {
    const signal = AbortSignal.abort();
    await expect(walk({ signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a missing path is an error with its name', async () => {
    await expect(walk({}, 'nothing')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

describe('symlinks', () => {
  const link = (target: string, name: string): Promise<void> => symlink(target, join(folder, 'root', name));

  test('inside the root are followed, files and folders', async () => {
    await link('a.txt', 'file-link');
    await link('sub', 'folder-link');
    expect(await pathsOf()).toEqual([
      ...['a.txt', 'file-link', 'folder-link/b.txt', 'folder-link/c.log', 'sub/b.txt', 'sub/c.log'],
    ]);
  });

  test('are kept with their target from the torrent root', async () => {
    await link('../a.txt', 'sub/up');
    await symlink(join(folder, 'root/sub'), join(folder, 'root/absolute'));
    const { files } = await walk({ symlinks: 'keep' });
    const links = files.filter((file) => file.symlink !== undefined);
    expect(
      links.map(({ path, symlink: target, length }) => [path.join('/'), target?.join('/'), length]).sort(),
    ).toEqual([
      ['absolute', 'sub', 0],
      ['sub/up', 'a.txt', 0],
    ]);
  });

  test('are skipped', async () => {
    await link('../outside/secret', 'escape');
    expect(await pathsOf({ symlinks: 'skip' })).toEqual(['a.txt', 'sub/b.txt', 'sub/c.log']);
  });

  test.each(['follow', 'keep'] as const)('out of the root are refused (%s)', async (symlinks) => {
    await link('../outside/secret', 'escape');
    await expect(walk({ symlinks })).rejects.toMatchObject({ code: 'WALK_SYMLINK_ESCAPES' });
  });

  test('that reach out by way of another symlink are refused', async () => {
    await symlink('../../outside', join(folder, 'root/sub/door'));
    await link('sub/door/secret', 'through');
    await expect(walk()).rejects.toMatchObject({ code: 'WALK_SYMLINK_ESCAPES' });
  });

  test('that were excluded cause no error', async () => {
    await link('../outside/secret', 'escape');
    expect(await pathsOf({ exclude: ['escape'] })).not.toContain('escape');
  });

  test('in a circle are refused', async () => {
    await link('..', 'sub/up');
    await expect(walk()).rejects.toMatchObject({ code: 'WALK_SYMLINK_LOOP' });
  });

  test('that lead nowhere are refused', async () => {
    await link('nothing', 'broken');
    await expect(walk()).rejects.toMatchObject({ code: 'FILE_SYMLINK_BROKEN' });
  });

  test('as the given path are followed', async () => {
    await symlink(join(folder, 'root'), join(folder, 'alias'));
    expect((await walk({}, 'alias')).name).toBe('alias');
    expect(await pathsOf({}, 'alias')).toContain('a.txt');
  });
});
