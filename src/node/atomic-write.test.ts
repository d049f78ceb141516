import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseExisting, removeAbandoned, writeFileAtomic } from './atomic-write.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-write-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('writes a new file and leaves nothing else behind', async () => {
  await writeFileAtomic(join(folder, 'a'), Buffer.from('new'));
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['a']);
});

test('keeps a file that is there unless told to replace it', async () => {
  const path = join(folder, 'a');
  await writeFile(path, 'old');
  await expect(writeFileAtomic(path, Buffer.from('new'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  expect(await readFile(path, 'utf8')).toBe('old');
  await writeFileAtomic(path, Buffer.from('new'), { overwrite: true });
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['a']);
});

test('of two writers to one new name one wins and the other is told', async () => {
  const path = join(folder, 'a');
  const results = await Promise.allSettled(
    ['one', 'two'].map((text) => writeFileAtomic(path, Buffer.from(text))),
  );
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['a']);
});

test('a missing folder is an error', async () => {
  await expect(writeFileAtomic(join(folder, 'no/a'), Buffer.from('x'))).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  });
});

test('refuseExisting only minds what is there', async () => {
  await refuseExisting(join(folder, 'a'));
  await writeFile(join(folder, 'a'), '');
  await expect(refuseExisting(join(folder, 'a'))).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
});

test('what a killed program left is removed when it is old, and nothing else', async () => {
  const names = ['.a.0123456789ab.tmp', '.b.0123456789ab.tmp', '.c.tmp', 'd.0123456789ab.tmp'];
  for (const name of names) await writeFile(join(folder, name), '');
  const old = new Date(Date.now() - 7_200_000);
  for (const name of names.slice(1)) await utimes(join(folder, name), old, old);
  await removeAbandoned(folder, Date.now());
  expect((await readdir(folder)).toSorted()).toEqual(['.a.0123456789ab.tmp', '.c.tmp', 'd.0123456789ab.tmp']);
  await removeAbandoned(join(folder, 'missing'), Date.now());
});
