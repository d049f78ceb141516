import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeStorage } from '../../test/conformance/storage.ts';
import type { Storage, StorageFile } from '../ports/storage.ts';
import { createFsStoragePort } from './fs-storage.ts';

describeStorage('the file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'storage-'));
  return {
    port: createFsStoragePort(),
    folder: join(folder, 'made', 'on', 'demand'),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('the file system storage', () => {
  let folder: string;
  const opened: Storage[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'storage-'));
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((storage) => storage.close()));
    await rm(folder, { recursive: true, force: true });
  });

  async function open(files: readonly StorageFile[]): Promise<Storage> {
    const storage = await createFsStoragePort().open(join(folder, 'root'), files);
    opened.push(storage);
    return storage;
  }

  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
  const range = (
    file: number,
    length: number,
  ): { file: number; offset: number; length: number; pad: boolean } => ({
    file,
    offset: 0,
    length,
    pad: false,
  });

  it('writes through no symlink, neither in the folders nor as the file', async () => {
    await mkdir(join(folder, 'root', 'torrent'), { recursive: true });
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside', 'victim'), 'precious');
    await symlink(join(folder, 'outside'), join(folder, 'root', 'torrent', 'link'));
    await symlink(join(folder, 'outside', 'victim'), join(folder, 'root', 'torrent', 'file'));
    const storage = await open([file(['torrent', 'link', 'victim'], 8), file(['torrent', 'file'], 8)]);
    for (const index of [0, 1]) {
      const write = storage.write([range(index, 8)], bytes(8));
      await expect(write).rejects.toHaveProperty('code', 'DISK_SYMLINK');
      await expect(storage.read([range(index, 8)], [bytes(8)])).rejects.toHaveProperty('name', 'SystemError');
    }
    expect(await storage.stat()).toEqual([undefined, undefined]);
    expect(await readFile(join(folder, 'outside', 'victim'), 'utf8')).toBe('precious');
  });

  it('makes the symlinks of the torrent after its files, and never over one', async () => {
    const storage = await open([
      { ...file(['torrent', 'a', 'link'], 0), symlink: ['b', 'target'] },
      { ...file(['torrent', 'b'], 0), symlink: ['a'] },
      file(['torrent', 'b', 'target'], 4),
    ]);
    await storage.prepare('sparse');
    await storage.write([range(2, 4)], bytes(4));
    expect(await readlink(join(folder, 'root', 'torrent', 'a', 'link'))).toBe('../b/target');
    expect((await lstat(join(folder, 'root', 'torrent', 'b'))).isDirectory()).toBe(true);
    expect(await readFile(join(folder, 'root', 'torrent', 'a', 'link'))).toHaveLength(4);
  });

  it('marks executables', async () => {
    const storage = await open([{ ...file(['run.sh'], 3), executable: true }, file(['data'], 3)]);
    await storage.prepare('none');
    await storage.write([range(0, 3), range(1, 3)], bytes(6));
    const modes = await Promise.all(
      ['run.sh', 'data'].map(async (name) => (await lstat(join(folder, 'root', name))).mode & 0o100),
    );
    expect(modes).toEqual([0o100, 0]);
  });

  it('serves more files than it keeps open', async () => {
    const count = 600;
    const storage = await open(Array.from({ length: count }, (_, i) => file(['many', String(i)], 2)));
    const all = Array.from({ length: count }, (_, i) => i);
    await Promise.all(all.map((i) => storage.write([range(i, 2)], Uint8Array.of(i & 0xff, i >>> 8))));
    await storage.flush();
    const targets = all.map(() => bytes(2));
    await Promise.all(all.map((i) => storage.read([range(i, 2)], targets.slice(i, i + 1))));
    expect(targets.map(([low = 0, high = 0]) => low | (high << 8))).toEqual(all);
  });

  it('reads what it may not write', async () => {
    await mkdir(join(folder, 'root'), { recursive: true });
    await writeFile(join(folder, 'root', 'data'), 'abc', { mode: 0o444 });
    const storage = await open([file(['data'], 3)]);
    const target = bytes(3);
    await storage.read([range(0, 3)], [target]);
    expect(new TextDecoder().decode(target)).toBe('abc');
  });

  it('takes a folder or a pipe in a file’s place for an error', async () => {
    await mkdir(join(folder, 'root', 'data'), { recursive: true });
    const storage = await open([file(['data'], 3)]);
    await expect(storage.write([range(0, 3)], bytes(3))).rejects.toHaveProperty('name', 'SystemError');
    await expect(storage.read([range(0, 3)], [bytes(3)])).rejects.toHaveProperty('name', 'SystemError');
  });

  it('leaves nothing behind of parts that were all wanted in the end', async () => {
    const storage = await open([file(['torrent', 'a'], 3), { ...file(['torrent', 'b'], 3), wanted: false }]);
    await storage.write([range(0, 3), range(1, 3)], bytes(6));
    expect((await lstat(join(folder, 'root', '.torrent.parts', '1'))).size).toBe(3);
    storage.setWanted([true, true]);
    await storage.close();
    await expect(lstat(join(folder, 'root', '.torrent.parts'))).rejects.toHaveProperty('code', 'ENOENT');
    expect((await lstat(join(folder, 'root', 'torrent', 'b'))).size).toBe(3);
  });
});

function file(path: readonly string[], length: number): StorageFile {
  return { path, length, pad: false, executable: false, symlink: undefined, wanted: true };
}
