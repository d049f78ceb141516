// From a magnet link alone: metadata from peers, then content; and the metadata is there after a restart.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatMagnet } from '../../src/core/metainfo/magnet.ts';
import type { MagnetLink } from '../../src/core/metainfo/magnet.ts';
import { manifestOf } from '../support/content.ts';
import { addressOf, Ground, seed, type Publication } from './harness.ts';

let ground: Ground;

beforeEach(async () => {
  ground = await Ground.create();
});

afterEach(async () => {
  await ground.dispose();
});

function magnetOf({ torrent }: Publication, changes: Partial<MagnetLink> = {}): string {
  const { infoHash, infoHashV2, name } = torrent.metainfo;
  const rest = { trackers: [], webSeeds: [], nodes: [], sources: [], selected: undefined, peers: [] };
  return formatMagnet({ infoHash, infoHashV2, name, ...rest, ...changes });
}

describe('a magnet link', () => {
  it.each(['v1', 'v2', 'hybrid'] as const)('of a %s torrent brings metadata and content', async (version) => {
    const publication = await ground.publication('folder', { version });
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const { ip, port } = addressOf(from);
    const folder = join(ground.folder, 'target');
    const download = await to.add(magnetOf(publication, { peers: [{ host: ip, port }] }), { folder });
    expect(download.snapshot().name).toBe(publication.torrent.metainfo.name);
    expect(download.metainfo).toBeUndefined();
    await download.done();
    expect(download.metainfo?.infoBytes).toEqual(publication.torrent.metainfo.infoBytes);
    expect(await manifestOf(join(folder, publication.content.name))).toEqual(publication.content.manifest);
  });

  it('of a hybrid torrent works with either hash alone', async () => {
    const publication = await ground.publication('single', { version: 'hybrid' });
    const from = await ground.session();
    await seed(from, publication);
    for (const missing of ['infoHash', 'infoHashV2'] as const) {
      const to = await ground.session();
      const folder = join(ground.folder, missing);
      const magnet = magnetOf(publication, { [missing]: undefined });
      const download = await to.add(magnet, { folder, peers: [addressOf(from)] });
      await download.done();
      expect(await manifestOf(join(folder, publication.content.name))).toEqual(publication.content.manifest);
    }
  });

  it('selects files (BEP 53), and ignores those that are none', async () => {
    const publication = await ground.publication('crossing');
    const [from, to] = [await ground.session(), await ground.session()];
    await seed(from, publication);
    const names = publication.torrent.metainfo.files.map((file) => file.path.at(-1));
    const folder = join(ground.folder, 'target');
    const magnet = magnetOf(publication, { selected: [names.indexOf('b.bin'), 99] });
    const download = await to.add(magnet, { folder, peers: [addressOf(from)] });
    await download.done();
    expect([...(await manifestOf(join(folder, publication.content.name))).keys()]).toEqual(['b.bin']);
  });

  it('needs nobody for its metadata the second time', async () => {
    const publication = await ground.publication('folder', { version: 'v2' });
    const from = await ground.session();
    await seed(from, publication);
    const folder = join(ground.folder, 'target');
    const first = await ground.session({ state: 'state' });
    await (await first.add(magnetOf(publication), { folder, peers: [addressOf(from)] })).done();
    await first.close();
    await from.close();
    const second = await ground.session({ state: 'state' });
    const again = await second.add(magnetOf(publication), { folder });
    await again.done();
    expect(again.snapshot()).toMatchObject({ state: 'seeding', completed: publication.content.bytes });
    // It serves what it has got from others, piece layers included.
    const third = await ground.session();
    const target = join(ground.folder, 'third');
    await (await third.add(magnetOf(publication), { folder: target, peers: [addressOf(second)] })).done();
    expect(await manifestOf(join(target, publication.content.name))).toEqual(publication.content.manifest);
  });
});
