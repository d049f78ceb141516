// Ours, as its users run it: the command line in a process of its own.
import { join, resolve } from 'node:path';
import type { Content } from '../content.ts';
import type { TorrentFile, TorrentRequest } from '../exchange.ts';
import type { Host } from '../network.ts';
import { run } from '../processes.ts';
import type { Stage } from '../stage.ts';
import type { RunningTracker } from '../trackers.ts';
import { PEER_PORT, type PeerClient, type PeerJob, type RunningPeer } from './peer.ts';

const MAIN = resolve(import.meta.dirname, '../../../dist/cli/main.js');
const TRACKER_PORT = 6969;

/** The command line that runs swarmpress with these arguments. */
export function swarmpressCommand(...args: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, ...args];
}

/** True for a line of --json output that tells of this event. */
export function isEvent(name: string): (line: string) => true | undefined {
  return (line) => (line.includes(`"event":"${name}"`) ? true : undefined);
}

export const swarmpress: PeerClient = swarmpressWith();

/** With options more than the plain ones. */
export function swarmpressWith(...more: readonly string[]): PeerClient {
  return swarmpressRunBy((...args) => swarmpressCommand(...args, ...more));
}

/** Run by another command line than the plain one, such as that of a profiler. */
export function swarmpressRunBy(command: typeof swarmpressCommand): PeerClient {
  return { name: 'swarmpress', v2: true, emptyFiles: true, start: (host, job) => start(host, job, command) };
}

async function start(host: Host, job: PeerJob, commandOf: typeof swarmpressCommand): Promise<RunningPeer> {
  const state = await host.stage.makeFolder('state');
  const options = ['--json', '--port', String(PEER_PORT), '--state', state];
  const command =
    job.role === 'seed' ? ['seed', job.source, job.folder] : ['get', job.source, '-d', job.folder, '--seed'];
  const process = host.start(commandOf(...command, ...options));
  const whole = process.waitForLine(isEvent('done'));
  if (job.role === 'leech') return { process, done: whole.then(() => undefined) };
  await whole;
  return { process, done: Promise.resolve() };
}

/** Makes a .torrent with the create command. */
export async function createWithSwarmpress(
  stage: Stage,
  content: Content,
  request: TorrentRequest,
): Promise<TorrentFile> {
  const path = join(await stage.makeFolder('torrent'), 'content.torrent');
  const { mode, tracker } = request;
  const text = await run(
    swarmpressCommand('create', content.path, '-o', path, '-m', mode, '-l', '64KiB', '-t', tracker, '--json'),
  );
  const field = (name: string): string | undefined => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1];
  return {
    path,
    hashes: { v1: field('infoHash'), v2: field('infoHashV2') },
    magnet: field('magnet') ?? '',
  };
}

/** Our tracker on a host, open to all torrents. */
export async function startSwarmpressTracker(host: Host): Promise<RunningTracker> {
  const process = host.start(swarmpressCommand('track', '--port', String(TRACKER_PORT), '--json'));
  await process.waitForLine((line) => (line.startsWith('{') ? true : undefined));
  const authority = `${host.address}:${String(TRACKER_PORT)}`;
  return { host, http: `http://${authority}/announce`, udp: `udp://${authority}/announce` };
}
