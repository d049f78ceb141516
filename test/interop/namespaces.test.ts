// The whole journey between machines: one publishes with one command, others download at once, each in another way;
// the publisher's link carries little more than what the swarm needs.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { libtorrent } from '../support/clients/libtorrent.ts';
import { finished } from '../support/clients/peer.ts';
import { isEvent, swarmpress, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { onStage } from '../support/stage.ts';

const BITS_PER_SECOND = 60e6;

/** Publishes a path on a host; resolves with the links it prints. */
async function publish(
  host: Host,
  path: string,
): Promise<Readonly<Record<'page' | 'torrent' | 'magnet', string>>> {
  const options = ['--json', '--port', '8080', '--state', await host.stage.makeFolder('state')];
  const publisher = host.start(swarmpressCommand('publish', path, ...options));
  const line = await publisher.waitForLine((each) =>
    isEvent('published')(each) === true ? each : undefined,
  );
  const link = (name: string): string => new RegExp(`"${name}":"([^"]+)"`).exec(line)?.[1] ?? '';
  return { page: link('page'), torrent: link('torrent'), magnet: link('magnet') };
}

it('one publishes, four download at once: all whole, the publisher sends fewer than 2.5 copies', async () => {
  await onStage(async (stage) => {
    const [origin, ...hosts] = await createHosts(stage, 5);
    if (origin === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'single', 32 * 2 ** 20);
    for (const host of [origin, ...hosts]) await host.shape(BITS_PER_SECOND);
    const links = await publish(origin, content.path);
    const torrentFile = join(stage.folder, 'stock.torrent');
    await hosts[3]?.run(['curl', '--silent', '--fail', '--output', torrentFile, links.torrent]);
    const sentBefore = (await origin.traffic()).sent;

    const downloads = [
      { client: swarmpress, source: links.page },
      { client: swarmpress, source: links.torrent },
      { client: swarmpress, source: links.magnet },
      { client: libtorrent, source: torrentFile },
    ];
    const arrived = await Promise.all(
      hosts.map(async (host, index) => {
        const { client, source } = downloads[index] ?? { client: swarmpress, source: links.page };
        const folder = await stage.makeFolder('arrived');
        await finished(await client.start(host, { role: 'leech', source, folder }));
        return manifestOf(join(folder, content.name));
      }),
    );

    expect(arrived).toEqual(hosts.map(() => content.manifest));
    const copies = ((await origin.traffic()).sent - sentBefore) / content.bytes;
    expect(copies).toBeLessThan(2.5);
  });
});

it('a published folder arrives file by file, empty and oddly named ones too', async () => {
  await onStage(async (stage) => {
    const [origin, host] = await createHosts(stage, 2);
    if (origin === undefined || host === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'folder');
    const { page } = await publish(origin, content.path);
    const folder = await stage.makeFolder('arrived');
    await finished(await swarmpress.start(host, { role: 'leech', source: page, folder }));
    expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
  });
});
