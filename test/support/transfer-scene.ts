// Three hosts and a torrent without trackers, for tests in which something goes wrong: nothing runs yet.
import { join } from 'node:path';
import { createWithLibtorrent, libtorrent } from './clients/libtorrent.ts';
import { PEER_PORT } from './clients/peer.ts';
import { isEvent, swarmpressCommand } from './clients/swarmpress.ts';
import { makeContent, type Content, type ContentKind } from './content.ts';
import { createHosts, type Host } from './network.ts';
import { onStage, type Stage } from './stage.ts';

export interface TransferScene {
  readonly stage: Stage;
  readonly content: Content;
  readonly torrent: string;
  readonly seed: Host;
  readonly leech: Host;
  readonly other: Host;
}

export async function onScene(
  options: { readonly kind: ContentKind; readonly bytes?: number },
  body: (scene: TransferScene) => Promise<void>,
): Promise<void> {
  await onStage(async (stage) => {
    const [seed, leech, other] = await createHosts(stage, 3);
    if (seed === undefined || leech === undefined || other === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), options.kind, options.bytes);
    const torrent = await torrentOf(stage, content);
    await body({ stage, content, torrent, seed, leech, other });
  });
}

/** A v1 torrent of the content, made by libtorrent; its path. */
export async function torrentOf(stage: Stage, content: Content): Promise<string> {
  const torrent = join(stage.folder, 'content.torrent');
  await createWithLibtorrent({
    ...{ path: content.path, output: torrent, mode: 'v1', pieceLength: 65_536, trackers: [] },
  });
  return torrent;
}

/** Libtorrent with the whole content. */
export function startSeed({
  seed,
  torrent,
  content,
}: Pick<TransferScene, 'seed' | 'torrent' | 'content'>): Promise<unknown> {
  return libtorrent.start(seed, { role: 'seed', source: torrent, folder: content.folder });
}

export function peerOption(host: Host): string[] {
  return ['--peer', `${host.address}:${String(PEER_PORT)}`];
}

/** The command line of a download that writes down what it has, and tells of it in JSON. */
export function resumableGet(
  torrent: string,
  folders: { readonly content: string; readonly state: string },
  seed: Host,
): readonly string[] {
  const { content, state } = folders;
  const quiet = ['--json', '--port', String(PEER_PORT), '--no-dht', '--no-lsd'];
  return swarmpressCommand('get', torrent, '-d', content, '--state', state, ...quiet, ...peerOption(seed));
}

/** Bytes that a line of JSON tells of, if it is of this event. */
export function completedIn(event: string): (line: string) => number | undefined {
  return (line) => {
    const found = isEvent(event)(line) === true ? /"completed":(\d+)/.exec(line)?.[1] : undefined;
    return found === undefined ? undefined : Number(found);
  };
}
