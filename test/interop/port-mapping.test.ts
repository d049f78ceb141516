// Behind a router that runs miniupnpd: a stranger reaches the seed through the port that the router was asked for, and
// when the seed has ended the router has nothing left of it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWithLibtorrent, LIBTORRENT } from '../support/clients/libtorrent.ts';
import { finished, PEER_PORT } from '../support/clients/peer.ts';
import { isEvent, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { until } from '../support/processes.ts';
import { routeBehind } from '../support/router.ts';
import { onStage, type Stage } from '../support/stage.ts';

const PORT = String(PEER_PORT);
const CHAINS = `
table inet upnp {
  chain forward {
    type filter hook forward priority 0; policy accept;
    jump forwarded
  }
  chain forwarded { }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    jump mapped
  }
  chain mapped { }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    jump left
  }
  chain left { }
}
`;

/** miniupnpd takes no private address for the internet: this one is its own to give, nothing goes there. */
const EXTERNAL_IP = '11.22.33.44';

async function startMiniupnpd(router: Host, stage: Stage, speaks: 'pcp' | 'upnp'): Promise<void> {
  const folder = await stage.makeFolder('miniupnpd');
  const config = join(folder, 'miniupnpd.conf');
  const lines = [
    ...['ext_ifname=eth0', `ext_ip=${EXTERNAL_IP}`, 'listening_ip=lan0', 'http_port=5000'],
    ...[
      `enable_natpmp=${speaks === 'pcp' ? 'yes' : 'no'}`,
      `enable_upnp=${speaks === 'upnp' ? 'yes' : 'no'}`,
    ],
    ...[
      'secure_mode=yes',
      'uuid=5b1c2d3e-0000-4000-8000-0123456789ab',
      'allow 1024-65535 0.0.0.0/0 1024-65535',
    ],
    ...['upnp_table_name=upnp', 'upnp_nat_table_name=upnp', 'upnp_forward_chain=forwarded'],
    ...['upnp_nat_chain=mapped', 'upnp_nat_postrouting_chain=left'],
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  await router.run(['sh', '-c', `printf '%s' "$0" | nft -f -`, CHAINS]);
  const daemon = router.start(['miniupnpd', '-d', '-f', config, '-P', join(folder, 'pid')]);
  const port = speaks === 'pcp' ? 5351 : 1900;
  await until('miniupnpd to listen', async () => {
    if ((await router.run(['ss', '-Hlun', `sport = :${String(port)}`])) !== '') return true;
    return undefined;
  }).catch((error: unknown) => {
    throw new Error(`miniupnpd does not answer:\n${daemon.output}`, { cause: error });
  });
}

function mappings(router: Host): Promise<string> {
  return router.run(['nft', 'list', 'chain', 'inet', 'upnp', 'mapped']);
}

describe.concurrent('a router that speaks', () => {
  it.for(['pcp', 'upnp'] as const)('%s lets strangers in, as long as we are there', (speaks) =>
    onStage(async (stage) => {
      const [stranger, router] = await createHosts(stage, 2);
      if (stranger === undefined || router === undefined) throw new Error('no hosts');
      const home = await routeBehind(router);
      await startMiniupnpd(router, stage, speaks);
      const content = await makeContent(await stage.makeFolder('content'), 'folder');
      const torrent = join(await stage.makeFolder('torrent'), 'content.torrent');
      await createWithLibtorrent({
        ...{ path: content.path, output: torrent, mode: 'v1', pieceLength: 65_536, trackers: [] },
      });
      const state = await stage.makeFolder('state');
      const options = ['--json', '--port', PORT, '--no-dht', '--no-lsd', '--state', state];
      const seed = home.start(swarmpressCommand('seed', torrent, content.folder, ...options));
      await seed.waitForLine(isEvent('done'));
      await until('the router to map both ports', async () => {
        return (await mappings(router)).split('dnat').length === 3 ? true : undefined;
      });

      const folder = await stage.makeFolder('arrived');
      const from = ['leech', torrent, folder, PORT, '--peer', `${router.address}:${PORT}`];
      const leech = stranger.start([...LIBTORRENT, ...from]);
      const done = leech.waitForLine((line) => (line.includes('"done"') ? true : undefined));
      await finished({ process: leech, done: done.then(() => undefined) }, 150);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);

      seed.signal('SIGINT');
      await seed.exited;
      expect(await mappings(router)).not.toContain('dnat');
    }),
  );
});
