// How sessions meet and connect: over uTP, under encryption, through the DHT and the local network.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Torrent } from '../../src/engine/api.ts';
import { formatMagnet } from '../../src/core/metainfo/magnet.ts';
import { toMagnet } from '../../src/core/metainfo/to-magnet.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { manifestOf } from '../support/content.ts';
import { addressOf, Ground, type Publication } from './harness.ts';

const HOST = '127.0.0.1';
let ground: Ground;
beforeEach(async () => {
  ground = await Ground.create();
});
afterEach(() => ground.dispose());

type Options = Parameters<Ground['session']>[0];

async function seedOf({ content, torrent }: Publication, options: Options): Promise<number> {
  const session = await ground.session(options);
  const seed = await session.add(torrent.bytes, { folder: content.folder });
  await seed.done();
  return session.port;
}

async function transportsOf(torrent: Torrent): Promise<readonly string[]> {
  await torrent.done();
  return torrent.peers().map(({ transport }) => transport);
}

describe('a session', () => {
  it('connects over TCP where it can', async () => {
    const publication = await ground.publication('single');
    const port = await seedOf(publication, {});
    const session = await ground.session();
    const peers = [{ ip: HOST, port }];
    const leech = await session.add(publication.torrent.bytes, { folder: join(ground.folder, 'in'), peers });
    expect(await transportsOf(leech)).toEqual(['tcp']);
  });

  it.for([
    { seed: 'require', leech: 'allow' },
    { seed: 'require', leech: 'prefer' },
    { seed: 'off', leech: 'prefer' },
    { seed: 'allow', leech: 'require' },
  ] as const)('with encryption $leech gets through to one with $seed', async ({ seed, leech }) => {
    const publication = await ground.publication('single');
    const peers = [{ ip: HOST, port: await seedOf(publication, { encryption: seed }) }];
    const session = await ground.session({ encryption: leech });
    const folder = join(ground.folder, 'in');
    await (await session.add(publication.torrent.bytes, { folder, peers })).done();
    expect(await manifestOf(join(folder, publication.content.name))).toEqual(publication.content.manifest);
  });

  it('neither dials nor lets in whom its filter names', async () => {
    const publication = await ground.publication('single');
    const isBlocked = (ip: string): boolean => ip === HOST;
    const closed = await ground.session({ isBlocked });
    const seed = await closed.add(publication.torrent.bytes, { folder: publication.content.folder });
    await seed.done();
    const open = await ground.session();
    const folder = join(ground.folder, 'in');
    const leech = await open.add(publication.torrent.bytes, { folder, peers: [addressOf(closed)] });
    seed.addPeers([addressOf(open)]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([leech.snapshot().connected, seed.snapshot().connected]).toEqual([0, 0]);
  });

  it('finds peers in the local network', async () => {
    const publication = await ground.publication('single');
    await seedOf(publication, { lsd: true });
    const session = await ground.session({ lsd: true });
    const leech = await session.add(publication.torrent.bytes, { folder: join(ground.folder, 'in') });
    await leech.done();
    expect(leech.snapshot().state).toBe('seeding');
  });
});

describe('the DHT', () => {
  it('leads from a magnet link without trackers to the content, and is entered by saved nodes later', async () => {
    const publication = await ground.publication('folder');
    const hub = await ground.session({ dht: { bootstrap: [] } });
    const bootstrap = [{ host: HOST, port: hub.port }];
    await seedOf(publication, { dht: { bootstrap } });
    const magnet = formatMagnet(toMagnet(publication.torrent.metainfo));
    const first = await ground.session({ dht: { bootstrap }, state: 'kept' });
    await (await first.add(magnet, { folder: join(ground.folder, 'first') })).done();
    await first.close();

    const again = await ground.session({ dht: { bootstrap: [] }, state: 'kept' });
    const folder = join(ground.folder, 'second');
    await (await again.add(magnet, { folder })).done();
    expect(await manifestOf(join(folder, publication.content.name))).toEqual(publication.content.manifest);
  }, 60_000);

  it('knows nothing of a private torrent, and neither does the local network', async () => {
    const { content } = await ground.publication('single');
    const torrent = await createTorrent([content.path], { version: 'v1', private: true });
    const hub = await ground.session({ dht: { bootstrap: [] } });
    const options = { lsd: true, dht: { bootstrap: [{ host: HOST, port: hub.port }] } };
    await seedOf({ content, torrent }, options);
    const session = await ground.session(options);
    const leech = await session.add(torrent.bytes, { folder: join(ground.folder, 'in') });
    const open = await createTorrent([content.path], { version: 'v1', pieceLength: 32_768 });
    // When an open torrent has come the same ways, the private one has had its time.
    await seedOf({ content, torrent: open }, options);
    await (await session.add(open.bytes, { folder: join(ground.folder, 'open') })).done();
    expect(leech.snapshot().connected).toBe(0);
  }, 60_000);
});
