import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStateStore } from './state-store.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the state store', () => {
  it('keeps the last value of each key, and makes its folder', async () => {
    const store = createStateStore(join(folder, 'a', 'b'));
    expect(await store.load('ab')).toBeUndefined();
    await store.save('ab', Uint8Array.of(1));
    await store.save('ab', Uint8Array.of(2, 3));
    await store.save('cd', Uint8Array.of(4));
    expect(await store.load('ab')).toEqual(Uint8Array.of(2, 3));
    await store.remove('ab');
    await store.remove('ab');
    expect(await store.load('ab')).toBeUndefined();
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['cd']);
  });

  it('takes no key that could be a path', async () => {
    const store = createStateStore(folder);
    for (const key of ['../x', 'AB', '', 'a/b', 'g']) {
      await expect(store.load(key)).rejects.toHaveProperty('code', 'STATE_KEY_INVALID');
    }
  });
});
