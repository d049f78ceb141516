// What is on disk is found again: after a close, after a crash, after somebody touched the files.
import { cp, open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Torrent } from '../../src/engine/api.ts';
import { manifestOf } from '../support/content.ts';
import { addressOf, Ground, seed, type Publication } from './harness.ts';

let ground: Ground;
let publication: Publication;
let target: string;

beforeEach(async () => {
  ground = await Ground.create();
  publication = await ground.publication('crossing', { version: 'hybrid' });
  target = join(ground.folder, 'target');
});

afterEach(async () => {
  await ground.dispose();
});

/** Downloads until some pieces are there, then ends as `end` says. Returns the bytes that were complete. */
async function begin(state: string, end: 'close' | 'crash'): Promise<number> {
  const from = await ground.session({ uploadLimit: 200_000 });
  await seed(from, publication);
  const to = await ground.session({ state });
  const { bytes } = publication.torrent;
  const torrent = await to.add(bytes, { folder: target, peers: [addressOf(from)] });
  await new Promise<void>((resolve) => {
    torrent.on('piece', () => {
      if (torrent.snapshot().completed > 150_000) resolve();
    });
  });
  if (end === 'crash') {
    // What a killed process leaves: the files as they are, and no resume data but old one.
    await cp(target, join(ground.folder, 'crashed'), { recursive: true, preserveTimestamps: true });
    const { completed } = torrent.snapshot();
    await to.close();
    await rm(target, { recursive: true });
    await cp(join(ground.folder, 'crashed'), target, { recursive: true, preserveTimestamps: true });
    await rm(join(ground.folder, state), { recursive: true, force: true });
    return completed;
  }
  await to.close();
  await from.close();
  return torrent.snapshot().completed;
}

async function reopen(state: string, check?: 'resume' | 'full' | 'trust'): Promise<Torrent> {
  const session = await ground.session({ state });
  const torrent = await session.add(publication.torrent.bytes, { folder: target, check });
  await new Promise((resolve) => torrent.on('checked', resolve));
  return torrent;
}

describe('a download that was interrupted', () => {
  it('has all its pieces again after a close, without hashing', async () => {
    const completed = await begin('leech', 'close');
    // Nothing is hashed: bad bytes of the same length and time go unnoticed.
    const torrent = await reopen('leech');
    expect(torrent.snapshot().completed).toBe(completed);
    expect(torrent.snapshot().downloaded).toBeGreaterThanOrEqual(completed);
  });

  it('finds its pieces by hashing after a crash', async () => {
    const completed = await begin('leech', 'crash');
    const torrent = await reopen('leech');
    expect(torrent.snapshot().completed).toBeGreaterThanOrEqual(completed);
  });

  it('is brought to its end', async () => {
    await begin('leech', 'close');
    const from = await ground.session();
    await seed(from, publication);
    const torrent = await reopen('leech');
    torrent.addPeers([addressOf(from)]);
    await torrent.done();
    expect(await manifestOf(join(target, publication.content.name))).toEqual(publication.content.manifest);
  });
});

describe('content that was changed between two sessions', () => {
  const { a, big } = { a: 'a.bin', big: 'e.bin' };

  async function whole(): Promise<void> {
    await cp(publication.content.folder, target, { recursive: true });
    const session = await ground.session({ state: 'state' });
    const torrent = await session.add(publication.torrent.bytes, { folder: target });
    await torrent.done();
    await session.close();
  }

  const path = (name: string): string => join(target, publication.content.name, name);

  it('is hashed again, and only what is wrong is missing', async () => {
    await whole();
    const file = await open(path(big), 'r+');
    await file.write(new Uint8Array(10), 0, 10, 100_000);
    await file.close();
    const torrent = await reopen('state');
    const { completed } = torrent.snapshot();
    expect(completed).toBeLessThan(publication.content.bytes);
    expect(completed).toBeGreaterThan(publication.content.bytes - 2 * 65536);
    expect(torrent.snapshot().state).toBe('downloading');
  });

  it('is missing where a file was removed or cut', async () => {
    await whole();
    await rm(path(a));
    await truncate(path(big), 1000);
    const torrent = await reopen('state');
    expect(torrent.snapshot().completed).toBeLessThan(publication.content.bytes - 300_000);
    expect((await readdir(join(target, publication.content.name))).length).toBeGreaterThan(4);
  });

  it('is hashed on demand', async () => {
    await whole();
    const torrent = await reopen('state');
    expect(torrent.snapshot().state).toBe('seeding');
    const file = await open(path(big), 'r+');
    await file.write(new Uint8Array(10), 0, 10, 100_000);
    await file.close();
    await torrent.recheck();
    expect(torrent.snapshot().state).toBe('downloading');
    expect(torrent.snapshot().completed).toBeLessThan(publication.content.bytes);
  });

  it('is taken as it is where the publisher says so', async () => {
    await whole();
    const file = await open(path(big), 'r+');
    await file.write(new Uint8Array(10), 0, 10, 100_000);
    await file.close();
    expect((await reopen('other', 'trust')).snapshot().completed).toBe(publication.content.bytes);
    expect((await reopen('third', 'full')).snapshot().completed).toBeLessThan(publication.content.bytes);
  });
});
