// Through stock proxies: page, torrent, tracker, peers and web seeds, and not one packet around them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWithLibtorrent } from '../support/clients/libtorrent.ts';
import { finished } from '../support/clients/peer.ts';
import { isEvent, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { until } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const PORT = 1080;

/** Of what leaves the host, only connections to the proxy pass; the rest is counted. ICMPv6 is the kernel's own. */
const rulesFor = (proxy: string): string => `
table inet fence {
  counter leaked { }
  chain output {
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    meta l4proto ipv6-icmp accept
    ip daddr ${proxy} tcp dport ${String(PORT)} accept
    counter name leaked drop
  }
}
`;

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly world: Host;
  readonly home: Host;
}

interface Links {
  readonly webSeed: string;
}

function onScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  return onStage(async (stage) => {
    const [world, home] = await createHosts(stage, 2);
    if (world === undefined || home === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'folder');
    await home.run(['sh', '-c', `printf '%s' "$0" | nft -f -`, rulesFor(world.address)]);
    await play({ stage, content, world, home });
  });
}

async function listening(host: Host, port: number): Promise<void> {
  await until('the proxy to listen', async () => {
    const sockets = await host.run(['ss', '-Hltn', `sport = :${String(port)}`]);
    return sockets === '' ? undefined : true;
  });
}

async function startMicrosocks({ world }: Scene): Promise<string> {
  world.start(['microsocks', '-p', String(PORT), '-u', 'someone', '-P', 'p@ss:word']);
  await listening(world, PORT);
  return `socks5://someone:p%40ss%3Aword@${world.address}:${String(PORT)}`;
}

async function startTinyproxy({ world, stage }: Scene): Promise<string> {
  const config = join(await stage.makeFolder('tinyproxy'), 'tinyproxy.conf');
  const lines = [`Port ${String(PORT)}`, 'Timeout 60', 'MaxClients 50', 'BasicAuth someone password'];
  await writeFile(config, `${lines.join('\n')}\n`);
  world.start(['tinyproxy', '-d', '-c', config]);
  await listening(world, PORT);
  return `http://someone:password@${world.address}:${String(PORT)}`;
}

async function publish({ world, stage, content }: Scene, ...more: readonly string[]): Promise<Links> {
  const options = ['--json', '--port', '8080', '--state', await stage.makeFolder('state'), ...more];
  const publisher = world.start(swarmpressCommand('publish', content.path, ...options));
  const line = await publisher.waitForLine((each) =>
    isEvent('published')(each) === true ? each : undefined,
  );
  return { webSeed: /"webSeed":"([^"]*)"/.exec(line)?.[1] ?? '' };
}

async function get(scene: Scene, proxy: string, ...source: readonly string[]): Promise<void> {
  const { stage, home, content } = scene;
  const folder = await stage.makeFolder('arrived');
  const options = ['-d', folder, '--json', '--proxy', proxy, '--state', await stage.makeFolder('state')];
  const process = home.start(swarmpressCommand('get', ...source, ...options));
  await finished({ process, done: process.waitForLine(isEvent('done')).then(() => undefined) }, 150);
  await process.exited;
  expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
  expect(await home.run(['nft', 'list', 'counter', 'inet', 'fence', 'leaked'])).toContain('packets 0');
}

describe.concurrent.each([
  { name: 'a SOCKS5 proxy with login', start: startMicrosocks },
  { name: 'an HTTP proxy with login', start: startTinyproxy },
])('through $name', ({ start }) => {
  it('page, tracker and peers are reached, names being looked up by the proxy', () =>
    onScene(async (scene) => {
      await publish(scene, '--no-web-seed');
      // Its own name means the proxy's host to the proxy, and nothing here.
      await get(scene, await start(scene), 'http://localhost:8080/');
    }));

  it('web seeds are reached', () =>
    onScene(async (scene) => {
      const { webSeed } = await publish(scene);
      const torrent = join(await scene.stage.makeFolder('torrent'), 'content.torrent');
      await createWithLibtorrent({
        ...{ path: scene.content.path, output: torrent, mode: 'v1', pieceLength: 65_536, trackers: [] },
      });
      await get(scene, await start(scene), torrent, '--web-seed', webSeed);
    }));
});
