// Ways to peers beyond a tracker and plain TCP, with stock clients: uTP, encryption, the DHT, the local network.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDhtDriver, type DhtDriver } from '../../src/engine/dht-driver.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import { verifySignature } from '../../src/node/signatures.ts';
import { udpPort } from '../../src/node/udp.ts';
import { createWithLibtorrent, LIBTORRENT_WITH } from '../support/clients/libtorrent.ts';
import { finished, PEER_PORT } from '../support/clients/peer.ts';
import { isEvent, swarmpress, swarmpressCommand, swarmpressWith } from '../support/clients/swarmpress.ts';
import { transmissionWith } from '../support/clients/transmission.ts';
import { withoutTcp } from '../support/clients/without-tcp.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { exchange } from '../support/exchange.ts';
import { createHosts } from '../support/network.ts';
import { onStage, type Stage } from '../support/stage.ts';

const LOOPBACK = '127.0.0.1';
/** Our nodes of the DHT that libtorrent and we meet in. */
const NODES = 50;

describe.concurrent('transmission', () => {
  const utp = transmissionWith({ 'utp-enabled': true });
  const encrypted = transmissionWith({ encryption: 2 });

  it.for([
    { name: 'gets from us over uTP', seed: withoutTcp(swarmpress), leech: withoutTcp(utp) },
    { name: 'gives us over uTP', seed: withoutTcp(utp), leech: withoutTcp(swarmpress) },
    { name: 'that requires encryption gets from us', seed: swarmpress, leech: encrypted },
    { name: 'that requires encryption gives us', seed: encrypted, leech: swarmpress },
    {
      name: 'gets from us when we require encryption',
      seed: swarmpressWith('--encryption', 'require'),
      leech: transmissionWith({ encryption: 1 }),
    },
  ])('$name', async ({ seed, leech }) => {
    const { arrived, expected } = await exchange({ seed, leech, kind: 'folder' });
    expect(arrived).toEqual(expected);
  });
});

interface Torrent {
  readonly content: Content;
  readonly path: string;
  readonly hash: string;
}

async function makeTorrent(stage: Stage): Promise<Torrent> {
  const content = await makeContent(await stage.makeFolder('content'), 'folder');
  const path = join(await stage.makeFolder('torrent'), 'content.torrent');
  const { v1 } = await createWithLibtorrent({
    ...{ path: content.path, output: path, mode: 'v1', pieceLength: 65_536, trackers: [] },
  });
  return { content, path, hash: v1 ?? '' };
}

describe('a magnet link without tracker', () => {
  /** Nodes of ours that know each other through the first; its port. */
  async function openNetwork(stage: Stage): Promise<number> {
    const env = createNodeEnv({ workers: 1 });
    const deps = { ...env, verify: verifySignature, resolve: (host: string) => Promise.resolve([host]) };
    const drivers: DhtDriver[] = [];
    const ports: number[] = [];
    for (let i = 0; i < NODES; i++) {
      const socket = await udpPort.bind({ port: 0, host: LOOPBACK });
      const bootstrap = ports.slice(0, 1).map((port) => ({ host: LOOPBACK, port }));
      drivers.push(createDhtDriver({ bootstrap }, { ...deps, socket }));
      ports.push(socket.port);
      stage.onClose(async () => {
        drivers[i]?.close();
        await socket.close();
      });
    }
    stage.onClose(() => env.close());
    return ports[0] ?? 0;
  }

  const dhtOf = (port: number): string =>
    JSON.stringify({
      ...{
        enable_dht: true,
        dht_bootstrap_nodes: `${LOOPBACK}:${String(port)}`,
        dht_restrict_routing_ips: false,
      },
      ...{
        dht_restrict_search_ips: false,
        dht_announce_interval: 5,
        allow_multiple_connections_per_ip: true,
      },
      ...{ listen_interfaces: `${LOOPBACK}:0` },
    });

  it('leads us to what libtorrent announced among 50 nodes', () =>
    onStage(async (stage) => {
      const { content, path, hash } = await makeTorrent(stage);
      const entry = await openNetwork(stage);
      const seed = stage.start([...LIBTORRENT_WITH, dhtOf(entry), 'seed', path, content.folder, '0']);
      await seed.waitForLine((line) => (line.includes('"seeding"') ? true : undefined));
      const folder = await stage.makeFolder('arrived');
      const leech = stage.start(
        swarmpressCommand(
          ...['get', `magnet:?xt=urn:btih:${hash}`, '-d', folder, '--json', '--no-lsd', '--host', LOOPBACK],
          ...['--dht-bootstrap', `${LOOPBACK}:${String(entry)}`, '--state', await stage.makeFolder('state')],
        ),
      );
      await finished({ process: leech, done: leech.waitForLine(isEvent('done')).then(() => undefined) }, 120);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    }));

  it('leads libtorrent to what we announced among 50 nodes', () =>
    onStage(async (stage) => {
      const { content, path, hash } = await makeTorrent(stage);
      const entry = await openNetwork(stage);
      const seed = stage.start(
        swarmpressCommand(
          ...['seed', path, content.folder, '--json', '--port', '0', '--no-lsd', '--host', LOOPBACK],
          ...['--dht-bootstrap', `${LOOPBACK}:${String(entry)}`, '--state', await stage.makeFolder('state')],
        ),
      );
      await seed.waitForLine(isEvent('done'));
      const folder = await stage.makeFolder('arrived');
      const magnet = `magnet:?xt=urn:btih:${hash}`;
      const leech = stage.start([...LIBTORRENT_WITH, dhtOf(entry), 'leech', magnet, folder, '0']);
      const done = leech.waitForLine((line) => (line.includes('"done"') ? true : undefined));
      await finished({ process: leech, done: done.then(() => undefined) }, 120);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    }));
});

describe('the local network', () => {
  const LOCAL = JSON.stringify({ enable_lsd: true });

  it.for(['ours', 'libtorrent'] as const)('brings together a seed of ours and a download of %s', (other) =>
    onStage(async (stage) => {
      const [seedHost, leechHost] = await createHosts(stage, 2);
      if (seedHost === undefined || leechHost === undefined) throw new Error('no hosts');
      const { content, path } = await makeTorrent(stage);
      await swarmpress.start(seedHost, { role: 'seed', source: path, folder: content.folder });
      const folder = await stage.makeFolder('arrived');
      if (other === 'ours') {
        await finished(await swarmpress.start(leechHost, { role: 'leech', source: path, folder }));
      } else {
        const leech = leechHost.start([...LIBTORRENT_WITH, LOCAL, 'leech', path, folder, String(PEER_PORT)]);
        const done = leech.waitForLine((line) => (line.includes('"done"') ? true : undefined));
        await finished({ process: leech, done: done.then(() => undefined) });
      }
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    }),
  );
});
