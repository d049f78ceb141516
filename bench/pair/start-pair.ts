// A tracker, a seed that it knows, and a leech that waits for its call: each on a host of its own.
import { join } from 'node:path';
import { createWithLibtorrent } from '../../test/support/clients/libtorrent.ts';
import type { PeerClient } from '../../test/support/clients/peer.ts';
import type { Content } from '../../test/support/content.ts';
import { createHosts } from '../../test/support/network.ts';
import type { Stage } from '../../test/support/stage.ts';
import { startOpentracker, waitForSeeders } from '../../test/support/trackers.ts';

export interface Pairing {
  readonly seed: PeerClient;
  readonly leech: PeerClient;
}

type PeerStart = (torrent: string) => ReturnType<PeerClient['start']>;

export async function startPair(
  stage: Stage,
  pairing: Pairing,
  content: Content,
): Promise<{
  readonly torrent: string;
  readonly seed: Awaited<ReturnType<PeerClient['start']>>;
  readonly leech: PeerStart;
}> {
  const [trackerHost, seedHost, leechHost] = await createHosts(stage, 3);
  if (trackerHost === undefined || seedHost === undefined || leechHost === undefined)
    throw new Error('no hosts');
  const torrent = join(stage.folder, 'content.torrent');
  const hashes = await createWithLibtorrent({
    path: content.path,
    output: torrent,
    mode: 'v1',
    pieceLength: 2 ** 20,
    trackers: [`http://${trackerHost.address}:6969/announce`],
  });
  const tracker = await startOpentracker(trackerHost, [hashes.v1 ?? '']);
  const seed = await pairing.seed.start(seedHost, { role: 'seed', source: torrent, folder: content.folder });
  await waitForSeeders(tracker, hashes.v1 ?? '');
  const folder = await stage.makeFolder('arrived');
  const leech: PeerStart = (source) => pairing.leech.start(leechHost, { role: 'leech', source, folder });
  return { torrent, seed, leech };
}
