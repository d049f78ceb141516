// Disks that fail in the middle: the download stops with one error, what is there is served, and it goes on later.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemError } from '../../src/core/errors.ts';
import type { Session } from '../../src/engine/api.ts';
import { createSession } from '../../src/engine/session.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import type { Env } from '../../src/engine/env.ts';
import type { Storage } from '../../src/ports/storage.ts';
import { manifestOf } from '../support/content.ts';
import { addressOf, Ground, seed } from './harness.ts';

let ground: Ground;
let env: Env;
let session: Session;
/** Writes that the disk takes before it is full. */
let room = 0;

beforeEach(async () => {
  ground = await Ground.create();
  const real = createNodeEnv({ stateFolder: join(ground.folder, 'state'), workers: 1 });
  const open: Env['storage']['open'] = async (folder, files) =>
    narrow(await real.storage.open(folder, files));
  env = { ...real, storage: { open } };
  session = await createSession({ host: '127.0.0.1' }, env);
});

afterEach(async () => {
  await session.close();
  await env.close();
  await ground.dispose();
});

/** The same storage, as long as there is room. */
function narrow(storage: Storage): Storage {
  return {
    stat: () => storage.stat(),
    prepare: (preallocation) => storage.prepare(preallocation),
    read: (ranges, targets) => storage.read(ranges, targets),
    write: (ranges, data) =>
      room-- > 0
        ? storage.write(ranges, data)
        : Promise.reject(new SystemError('DISK_FULL', 'no space left on the device')),
    pathOf: (file) => storage.pathOf(file),
    setWanted: (wanted) => {
      storage.setWanted(wanted);
    },
    flush: () => storage.flush(),
    close: () => storage.close(),
  };
}

describe('a disk that is full', () => {
  it('fails the torrent with one error, leaves what is there to others, and goes on when there is room', async () => {
    room = 10;
    const publication = await ground.publication('single');
    const { content, torrent } = publication;
    const first = await ground.session();
    await seed(first, publication);
    const target = join(ground.folder, 'target');
    const download = await session.add(torrent.bytes, { folder: target, peers: [addressOf(first)] });
    const errors: string[] = [];
    download.on('error', ({ code }) => errors.push(code));
    await expect(download.done()).rejects.toHaveProperty('code', 'DISK_FULL');
    expect(download.snapshot()).toMatchObject({ state: 'failed', error: { code: 'DISK_FULL' } });
    expect(download.snapshot().completed).toBeGreaterThan(0);

    const other = await ground.session();
    const fed = await other.add(torrent.bytes, {
      folder: join(ground.folder, 'other'),
      peers: [addressOf(session)],
    });
    await expect.poll(() => download.snapshot().uploaded, { timeout: 10_000 }).toBeGreaterThan(0);
    await fed.close();

    room = Number.POSITIVE_INFINITY;
    download.resume();
    await download.done();
    expect(await manifestOf(join(target, content.name))).toEqual(content.manifest);
    expect(errors).toEqual(['DISK_FULL']);
  });
});
