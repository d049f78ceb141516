// Hosts that have no IPv4 at all: tracker, seed and download meet over IPv6 alone (BEP 7, BEP 15), with libtorrent.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWithLibtorrent, LIBTORRENT_WITH } from '../support/clients/libtorrent.ts';
import { finished, PEER_PORT, type PeerClient } from '../support/clients/peer.ts';
import { swarmpress, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { onStage } from '../support/stage.ts';

const BYTES = 2 * 2 ** 20;
const TRACKER_PORT = 6969;

/** Takes the IPv4 address away and gives one of IPv6; that. */
async function toIpv6(host: Host): Promise<string> {
  const address = `fd00:10::${host.address.split('.').at(-1) ?? ''}`;
  await host.run(['ip', '-4', 'addr', 'flush', 'dev', 'eth0']);
  await host.run(['ip', '-6', 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad']);
  expect(await host.run(['ip', '-4', '-oneline', 'addr', 'show', 'dev', 'eth0'])).toBe('');
  return address;
}

/** Listens on IPv6; with neither DHT nor local discovery, so that only the tracker tells of peers. */
const libtorrent: PeerClient = {
  name: 'libtorrent',
  v2: true,
  emptyFiles: true,
  start: async (host, { role, source, folder }) => {
    const settings = JSON.stringify({ listen_interfaces: `[::]:${String(PEER_PORT)}` });
    const process = host.start([...LIBTORRENT_WITH, settings, role, source, folder, String(PEER_PORT)]);
    const whole = process.waitForLine((line) => (/"(done|seeding)"/.test(line) ? true : undefined));
    if (role === 'leech') return { process, done: whole.then(() => undefined) };
    await whole;
    return { process, done: Promise.resolve() };
  },
};

describe.concurrent('without IPv4', () => {
  it.for([
    { name: 'libtorrent gets from us, over an HTTP tracker', scheme: 'http', ours: 'seed' },
    { name: 'we get from libtorrent, over an HTTP tracker', scheme: 'http', ours: 'leech' },
    { name: 'libtorrent gets from us, over a UDP tracker', scheme: 'udp', ours: 'seed' },
    { name: 'we get from libtorrent, over a UDP tracker', scheme: 'udp', ours: 'leech' },
  ])('$name', ({ scheme, ours }) =>
    onStage(async (stage) => {
      const [tracker, seedHost, leechHost] = await createHosts(stage, 3);
      if (tracker === undefined || seedHost === undefined || leechHost === undefined)
        throw new Error('no hosts');
      const address = await toIpv6(tracker);
      for (const host of [seedHost, leechHost]) await toIpv6(host);
      const tracking = tracker.start(swarmpressCommand('track', '--port', String(TRACKER_PORT), '--json'));
      await tracking.waitForLine((line) => (line.startsWith('{') ? true : undefined));

      const content = await makeContent(await stage.makeFolder('content'), 'single', BYTES);
      const torrent = join(await stage.makeFolder('torrent'), 'content.torrent');
      const announce = `${scheme}://[${address}]:${String(TRACKER_PORT)}/announce`;
      await createWithLibtorrent({
        ...{ path: content.path, output: torrent, mode: 'v1', pieceLength: 65_536, trackers: [announce] },
      });

      const [seed, leech] = ours === 'seed' ? [swarmpress, libtorrent] : [libtorrent, swarmpress];
      await seed.start(seedHost, { role: 'seed', source: torrent, folder: content.folder });
      const folder = await stage.makeFolder('arrived');
      await finished(await leech.start(leechHost, { role: 'leech', source: torrent, folder }));
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    }),
  );
});
