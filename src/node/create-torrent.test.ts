import { appendFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Hasher } from '../ports/hasher.ts';
import { checkContent } from './content-check.ts';
import { createFromPlan, createTorrent, planContent, type CreateOptions } from './create-torrent.ts';
import { createHashPool } from './hash-pool.ts';

let folder = '';
let hasher: Hasher;

beforeAll(() => {
  hasher = createHashPool({ workers: 2 });
});

afterAll(() => hasher.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-create-'));
  await put('root/a.bin', 40_000);
  await put('root/sub/b.bin', 16_384);
  await put('root/sub/empty', 0);
  await put('root/z.bin', 1);
});

afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, length: number): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(
    join(folder, name),
    Uint8Array.from({ length }, (_, k) => (k * 7) & 255),
  );
}

function create(options: CreateOptions = {}): ReturnType<typeof createTorrent> {
  return createTorrent([join(folder, 'root')], { hasher, ...options });
}

describe('createTorrent', () => {
  test.each(['v1', 'v2', 'hybrid'] as const)(
    'makes a %s torrent that its own content matches',
    async (version) => {
      const { metainfo, warnings } = await create({ version });
      expect(metainfo.version).toBe(version);
      expect(warnings).toEqual([]);
      const check = await checkContent(metainfo, folder, { hasher, signal: new AbortController().signal });
      expect(check.isWhole).toBe(true);
    },
  );

  test('the same content gives the same bytes', async () => {
    const first = await create({ trackers: [['http://t/']], comment: 'c' });
    await utimes(join(folder, 'root/a.bin'), 1, 1);
    const second = await create({ trackers: [['http://t/']], comment: 'c' });
    expect(second.bytes).toEqual(first.bytes);
  });

  test('writes every field it is given', async () => {
    const { metainfo } = await create({
      trackers: [['http://a/', 'http://b/'], ['wss://c/']],
      webSeeds: ['https://w/'],
      nodes: [{ host: 'n', port: 1 }],
      comment: 'comment',
      createdBy: 'me',
      creationDate: 5,
      private: true,
      source: 'S',
      name: 'other',
    });
    expect(metainfo).toMatchObject({
      trackers: [['http://a/', 'http://b/'], ['wss://c/']],
      webSeeds: ['https://w/'],
      nodes: [{ host: 'n', port: 1 }],
      comment: 'comment',
      createdBy: 'me',
      creationDate: 5,
      private: true,
      source: 'S',
      name: 'other',
    });
    expect(metainfo.files[0]?.path).toEqual(['other', 'a.bin']);
  });

  test('counts the bytes it has hashed up to the total', async () => {
    const seen: number[] = [];
    let sum = 0;
    await create({
      onProgress: (done, total) => {
        seen.push(done);
        sum = total;
      },
    });
    expect(seen.at(-1)).toBe(sum);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  test.each(['v1', 'v2', 'hybrid'] as const)('keeps symlinks and executables (%s)', async (version) => {
    await symlink('sub/b.bin', join(folder, 'root/link'));
    const { metainfo } = await create({ version, symlinks: 'keep' });
    const link = metainfo.files.find((file) => file.path.at(-1) === 'link');
    expect(link).toMatchObject({ length: 0, symlink: ['sub', 'b.bin'] });
  });

  test('a file that grows while it is hashed is an error', async () => {
    const content = await planContent([join(folder, 'root')]);
    await appendFile(join(folder, 'root/a.bin'), 'more');
    await expect(createFromPlan(content, { hasher })).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  test('a file that shrinks or goes while it is hashed is an error', async () => {
    const content = await planContent([join(folder, 'root')]);
    await writeFile(join(folder, 'root/a.bin'), 'less');
    await expect(createFromPlan(content, { hasher })).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await rm(join(folder, 'root/sub/empty'));
    await expect(createFromPlan(content, { hasher })).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  test('a file that is rewritten with the same length is an error', async () => {
    const content = await planContent([join(folder, 'root')]);
    await put('root/z.bin', 1);
    await utimes(join(folder, 'root/z.bin'), 5, 5);
    await expect(createFromPlan(content, { hasher })).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  test('stops when it is told to', async () => {
    await expect(create({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('several paths need a name', async () => {
    const paths = ['a.bin', 'sub'].map((name) => join(folder, 'root', name));
    await expect(createTorrent(paths, { hasher })).rejects.toMatchObject({ code: 'PLAN_NO_NAME' });
    const { metainfo } = await createTorrent(paths, { hasher, name: 'two' });
    const listed = metainfo.files.filter((file) => !file.pad).map((file) => file.path.join('/'));
    expect(listed).toEqual(['two/a.bin', 'two/sub/b.bin', 'two/sub/empty']);
  });
});

describe('checkContent', () => {
  async function states(
    place = folder,
    version: 'v1' | 'hybrid' = 'hybrid',
  ): Promise<Record<string, string>> {
    const { metainfo } = await create({ version });
    await damage();
    const check = await checkContent(metainfo, place, { hasher, signal: new AbortController().signal });
    return Object.fromEntries(
      check.files.map((file) => [metainfo.files[file.index]?.path.at(-1) ?? '', file.state]),
    );
  }

  let damage = (): Promise<void> => Promise.resolve();

  test('says of each file what is wrong with it', async () => {
    damage = async () => {
      await put('root/a.bin', 39_999);
      await writeFile(join(folder, 'root/sub/b.bin'), new Uint8Array(16_384));
      await rm(join(folder, 'root/sub/empty'));
      await appendFile(join(folder, 'root/z.bin'), 'x');
    };
    expect(await states()).toEqual({
      'a.bin': 'short',
      'b.bin': 'damaged',
      empty: 'missing',
      'z.bin': 'long',
    });
  });

  test('v1 pieces shared with a missing file leave a doubt', async () => {
    damage = () => rm(join(folder, 'root/a.bin'));
    expect(await states(folder, 'v1')).toEqual({
      'a.bin': 'missing',
      'b.bin': 'unknown',
      empty: 'ok',
      'z.bin': 'ok',
    });
  });

  test('takes the content itself for a place as well', async () => {
    damage = () => Promise.resolve();
    const all = { 'a.bin': 'ok', 'b.bin': 'ok', empty: 'ok', 'z.bin': 'ok' };
    expect(await states(join(folder, 'root'))).toEqual(all);
    expect(await states(folder)).toEqual(all);
  });

  test('a single file is found in its folder or as itself', async () => {
    const place = join(folder, 'root/a.bin');
    const { metainfo } = await createTorrent([place], { hasher });
    for (const where of [place, dirname(place)]) {
      const check = await checkContent(metainfo, where, { hasher, signal: new AbortController().signal });
      expect(check.isWhole).toBe(true);
    }
  });
});
