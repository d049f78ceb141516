// Two peers behind routers that let nobody in, and a third that both can reach but that gives next to nothing itself:
// the content comes through only once the two have punched through to each other (BEP 55).
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWithLibtorrent, LIBTORRENT_WITH } from '../support/clients/libtorrent.ts';
import { finished, PEER_PORT } from '../support/clients/peer.ts';
import { isEvent, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { routeBehind } from '../support/router.ts';
import { onStage, type Stage } from '../support/stage.ts';

const BYTES = 8 * 2 ** 20;
const PORT = String(PEER_PORT);
const OURS = ['--json', '--port', PORT, '--no-dht', '--no-lsd'];
/** uTP alone: libtorrent finds the peer that a rendezvous names by the address it sees, which TCP does not show. */
const UTP = { enable_outgoing_utp: true, enable_incoming_utp: true, enable_outgoing_tcp: false };

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly torrent: string;
  /** Open to everybody. */
  readonly relay: Host;
  /** Behind routers. */
  readonly seed: Host;
  readonly leech: Host;
}

function onScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  return onStage(async (stage) => {
    const [relay, routerA, routerB] = await createHosts(stage, 3);
    if (relay === undefined || routerA === undefined || routerB === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'single', BYTES);
    const torrent = join(await stage.makeFolder('torrent'), 'content.torrent');
    await createWithLibtorrent({
      ...{ path: content.path, output: torrent, mode: 'v1', pieceLength: 65_536, trackers: [] },
    });
    const [seed, leech] = [await routeBehind(routerA), await routeBehind(routerB)];
    await play({ stage, content, torrent, relay, seed, leech });
  });
}

/** Downloads with ours, knowing only the relay. */
async function download({ stage, content, torrent, relay, leech }: Scene): Promise<void> {
  const folder = await stage.makeFolder('arrived');
  const state = await stage.makeFolder('state');
  const peer = ['--peer', `${relay.address}:${PORT}`];
  const process = leech.start(
    swarmpressCommand('get', torrent, '-d', folder, ...OURS, ...peer, '--state', state),
  );
  const done = process.waitForLine(isEvent('done')).then(() => undefined);
  await finished({ process, done }, 150);
  expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
}

/** Its TCP connections to peers fail at once. */
async function withoutTcp(host: Host): Promise<void> {
  await host.run(['ip', 'rule', 'add', 'ipproto', 'tcp', 'dport', PORT, 'pref', '10', 'unreachable']);
}

describe.concurrent('holepunching', () => {
  it('between two of ours, through one of ours', () =>
    onScene(async (scene) => {
      const { stage, torrent, content, relay, seed } = scene;
      const state = (): Promise<string> => stage.makeFolder('state');
      const empty = await stage.makeFolder('empty');
      const slow = ['--up', '1K', '--down', '64K', '--state', await state()];
      const relayed = relay.start(swarmpressCommand('get', torrent, '-d', empty, ...OURS, ...slow));
      await relayed.waitForLine(isEvent('checked'));
      const peer = ['--peer', `${relay.address}:${PORT}`];
      const seeding = seed.start(
        swarmpressCommand('seed', torrent, content.folder, ...OURS, ...peer, '--state', await state()),
      );
      await seeding.waitForLine(isEvent('done'));
      await download(scene);
    }));

  it('between libtorrent and ours, through libtorrent', () =>
    onScene(async (scene) => {
      const { stage, torrent, content, relay, seed, leech } = scene;
      const empty = await stage.makeFolder('empty');
      for (const host of [seed, leech]) await withoutTcp(host);
      const mute = JSON.stringify({ ...UTP, unchoke_slots_limit: 0 });
      const relayed = relay.start([...LIBTORRENT_WITH, mute, 'leech', torrent, empty, PORT]);
      await relayed.waitForLine((line) => (line.includes('"listening"') ? true : undefined));
      const settings = JSON.stringify(UTP);
      const source = [torrent, content.folder, PORT, '--peer', `${relay.address}:${PORT}`];
      const seeding = seed.start([...LIBTORRENT_WITH, settings, 'seed', ...source]);
      await seeding.waitForLine((line) => (line.includes('"seeding"') ? true : undefined));
      await download(scene);
    }));
});
