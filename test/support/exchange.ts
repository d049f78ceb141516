// The commonest play on a stage: one host tracks, one seeds, one downloads; what arrives is compared with what left.
import { join } from 'node:path';
import { createWithLibtorrent, type InfoHashes, type TorrentMode } from './clients/libtorrent.ts';
import { finished, type PeerClient } from './clients/peer.ts';
import {
  makeContent,
  manifestOf,
  withoutEmptyFiles,
  type Content,
  type ContentKind,
  type Manifest,
} from './content.ts';
import { createHosts, type Host } from './network.ts';
import { onStage, type Stage } from './stage.ts';
import { startOpentracker, waitForSeeders, type RunningTracker } from './trackers.ts';

export interface TorrentFile {
  readonly path: string;
  readonly hashes: InfoHashes;
  readonly magnet: string;
}

export interface Exchange {
  readonly seed: PeerClient;
  readonly leech: PeerClient;
  readonly kind: ContentKind;
  /** Default v1. */
  readonly mode?: TorrentMode;
  /** The leech gets a magnet link in place of the .torrent. */
  readonly magnet?: boolean;
  /** Starts a tracker that serves the hash; opentracker by default. */
  readonly startTracker?: (host: Host, hashes: readonly string[]) => Promise<RunningTracker>;
  /** The tracker's URL that peers get; HTTP by default. */
  readonly protocol?: 'http' | 'udp';
  /** Makes the .torrent; libtorrent's builder by default. */
  readonly createTorrent?: (stage: Stage, content: Content, request: TorrentRequest) => Promise<TorrentFile>;
}

export interface TorrentRequest {
  readonly mode: TorrentMode;
  readonly tracker: string;
}

export async function exchange(
  options: Exchange,
): Promise<{ readonly arrived: Manifest; readonly expected: Manifest }> {
  return onStage(async (stage) => {
    const [trackerHost, seedHost, leechHost] = await createHosts(stage, 3);
    if (trackerHost === undefined || seedHost === undefined || leechHost === undefined)
      throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), options.kind);
    const torrent = await (options.createTorrent ?? createTorrent)(stage, content, {
      mode: options.mode ?? 'v1',
      tracker: `${options.protocol ?? 'http'}://${trackerHost.address}:6969/announce`,
    });
    const hash = torrent.hashes.v1 ?? torrent.hashes.v2 ?? '';
    const tracker = await (options.startTracker ?? startOpentracker)(trackerHost, hashesOf(torrent));
    await options.seed.start(seedHost, { role: 'seed', source: torrent.path, folder: content.folder });
    await waitForSeeders(tracker, hash);
    const folder = await stage.makeFolder('arrived');
    const source = options.magnet === true ? torrent.magnet : torrent.path;
    await finished(await options.leech.start(leechHost, { role: 'leech', source, folder }));
    const arrived = await manifestOf(join(folder, content.name));
    const { manifest } = content;
    return { arrived, expected: options.leech.emptyFiles ? manifest : withoutEmptyFiles(manifest) };
  });
}

/** Hex info hashes as a tracker sees them: 20 bytes each (BEP 52 cuts its own). */
function hashesOf(torrent: TorrentFile): string[] {
  return [torrent.hashes.v1, torrent.hashes.v2?.slice(0, 40)].filter((hash) => hash !== undefined);
}

async function createTorrent(stage: Stage, content: Content, request: TorrentRequest): Promise<TorrentFile> {
  const path = join(await stage.makeFolder('torrent'), 'content.torrent');
  const { mode, tracker } = request;
  const pieceLength = 64 * 1024;
  const hashes = await createWithLibtorrent({
    path: content.path,
    output: path,
    mode,
    pieceLength,
    trackers: [tracker],
  });
  return { path, hashes, magnet: magnetOf(hashes, tracker) };
}

function magnetOf(hashes: InfoHashes, tracker: string): string {
  const topics = [
    ...(hashes.v1 === undefined ? [] : [`xt=urn:btih:${hashes.v1}`]),
    ...(hashes.v2 === undefined ? [] : [`xt=urn:btmh:1220${hashes.v2}`]),
  ];
  return `magnet:?${[...topics, `tr=${encodeURIComponent(tracker)}`].join('&')}`;
}
