import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { toHex, utf8Encode } from '../core/bytes/bytes.ts';
import { createHashPool } from '../node/hash-pool.ts';
import { createStateStore } from '../node/state-store.ts';
import type { Hasher } from '../ports/hasher.ts';
import { preparePublication, type Prepared } from './prepare.ts';

let folder = '';
let hasher: Hasher;

beforeAll(() => {
  hasher = createHashPool({ workers: 1 });
});

afterAll(() => hasher.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-prepare-'));
  await mkdir(join(folder, 'stuff', 'sub'), { recursive: true });
  await writeFile(join(folder, 'stuff', 'b.txt'), 'bbb');
  await writeFile(join(folder, 'stuff', 'sub', 'a.txt'), 'a');
});

afterEach(() => rm(folder, { recursive: true }));

function prepare(options: { readonly private?: boolean } = {}): Promise<Prepared> {
  return preparePublication(
    {
      ...{ path: join(folder, 'stuff'), comment: undefined, createdBy: 'test', now: 1_700_000_000 },
      ...{ version: 'hybrid', private: options.private ?? false, exclude: [], hidden: false },
    },
    {
      hasher,
      store: createStateStore(join(folder, 'state')),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
  );
}

function hashOf(prepared: Prepared): string {
  return toHex(prepared.metainfo.infoHash ?? new Uint8Array(0));
}

it('makes a hybrid torrent with the files in its order', async () => {
  const prepared = await prepare();
  expect(prepared.metainfo).toMatchObject({ version: 'hybrid', name: 'stuff', private: false });
  expect(prepared.files.map((file) => file.path.join('/'))).toEqual(['b.txt', 'sub/a.txt']);
  expect(prepared.folder).toBe(folder);
});

it('takes the torrent made earlier while nothing has changed', async () => {
  const first = await prepare();
  const second = await prepare();
  expect([first.isReused, second.isReused]).toEqual([false, true]);
  expect(second.torrentBytes).toEqual(first.torrentBytes);
});

it('hashes again when a file changed, came or went', async () => {
  const first = await prepare();
  await utimes(join(folder, 'stuff', 'b.txt'), 1, 1);
  const touched = await prepare();
  expect(touched.isReused).toBe(false);
  expect(hashOf(touched)).toBe(hashOf(first));
  await writeFile(join(folder, 'stuff', 'c.txt'), 'c');
  expect(hashOf(await prepare())).not.toBe(hashOf(first));
  await rm(join(folder, 'stuff', 'c.txt'));
  expect((await prepare()).isReused).toBe(false);
});

it('keeps private and public torrents of the same path apart', async () => {
  const open = await prepare();
  const closed = await prepare({ private: true });
  expect(closed.metainfo.private).toBe(true);
  expect(hashOf(closed)).not.toBe(hashOf(open));
  expect((await prepare()).isReused).toBe(true);
});

it('hashes again when what it remembers cannot be understood', async () => {
  const { key } = await prepare();
  for (const damaged of ['', '{', '{"format":2}', '{"format":1,"torrent":"AAAA","files":[]}']) {
    await createStateStore(join(folder, 'state')).save(key, utf8Encode(damaged));
    expect((await prepare()).isReused).toBe(false);
  }
});
