// A day in production, shortened: our tracker and seeder, simulated peers and stock clients that come and go. What is
// measured is what would end a service in weeks: memory, handles, errors.
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { aria2 } from '../support/clients/aria2.ts';
import { createWithLibtorrent, libtorrent } from '../support/clients/libtorrent.ts';
import { finished, PEER_PORT, type PeerClient } from '../support/clients/peer.ts';
import { qbittorrent } from '../support/clients/qbittorrent.ts';
import { rtorrent } from '../support/clients/rtorrent.ts';
import { swarmpressCommand, isEvent } from '../support/clients/swarmpress.ts';
import { transmission } from '../support/clients/transmission.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import type { RunningProcess } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const USAGE = `usage: node test/soak/run.mjs [--minutes 30] [--peers 200]
Prints memory and handles of seeder and tracker every half minute, and at the end the slope of each after the first
third, what is left when all have gone, and what went wrong.
`;

const PIECE = 65_536;
const BYTES = 24 * 2 ** 20;
const SAMPLE_MS = 5_000;
const TRACKER_PORT = 6969;
/** Two of libtorrent: six clients in all. */
const STOCK: readonly PeerClient[] = [libtorrent, libtorrent, aria2, transmission, rtorrent, qbittorrent];

interface Sample {
  readonly seconds: number;
  readonly bytes: number;
  readonly handles: number;
}

interface Watched {
  readonly name: string;
  readonly process: RunningProcess;
  readonly samples: Sample[];
}

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      peers: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  return onStage((stage) => soak(stage, { minutes: Number(values.minutes), peers: Number(values.peers) }));
}

async function soak(
  stage: Stage,
  { minutes, peers }: { readonly minutes: number; readonly peers: number },
): Promise<number> {
  const [trackerHost, seedHost, crowdHost, ...stockHosts] = await createHosts(stage, 3 + STOCK.length);
  if (trackerHost === undefined || seedHost === undefined || crowdHost === undefined)
    throw new Error('no hosts');
  const content = await makeContent(await stage.makeFolder('content'), 'single', BYTES);
  const announce = `http://${trackerHost.address}:${String(TRACKER_PORT)}/announce`;
  const torrent = join(stage.folder, 'content.torrent');
  const { v1 = '' } = await createWithLibtorrent({
    ...{ path: content.path, output: torrent, mode: 'v1', pieceLength: PIECE, trackers: [announce] },
  });
  const tracker = trackerHost.start(
    swarmpressCommand(
      'track',
      '--port',
      String(TRACKER_PORT),
      '--interval',
      '60',
      '--min-interval',
      '5',
      '--json',
    ),
  );
  await tracker.waitForLine((line) => (line.startsWith('{') ? true : undefined));
  const seeder = seedHost.start(
    swarmpressCommand(
      ...['seed', torrent, content.folder, '--json', '--port', String(PEER_PORT), '--max-peers', '500'],
      ...['--state', await stage.makeFolder('state'), '--no-dht', '--no-lsd'],
    ),
  );
  await seeder.waitForLine(isEvent('done'));
  const watched = [
    { name: 'seeder', process: seeder, samples: [] },
    { name: 'tracker', process: tracker, samples: [] },
  ];
  const before = watched.map(({ process: { pid } }) => look(pid, 0).handles);
  const begun = performance.now();
  const stop = new AbortController();
  const crowd = startCrowd(crowdHost, {
    ...{ peers, tracker: announce, infoHash: v1, pieces: BYTES / PIECE, minutes },
    seed: { host: seedHost.address, port: PEER_PORT },
  });
  const scene: Scene = {
    content,
    torrent,
    stage,
    end: begun + minutes * 60_000,
    seconds: new Map(),
    failures: [],
  };
  const stock = STOCK.map((client, i) => keepDownloading(client, stockHosts[i], scene));
  const watching = watch(watched, begun, stop.signal);
  await crowd.exited;
  await Promise.all(stock);
  await sleep(30_000);
  stop.abort();
  await watching;
  const tally = crowd.output.trim().split('\n').at(-1) ?? '';
  return report({ watched, before, scene, tally });
}

interface Scene {
  readonly content: Content;
  readonly torrent: string;
  readonly stage: Stage;
  readonly end: number;
  /** Seconds that each whole download took, by client. */
  readonly seconds: Map<string, number[]>;
  readonly failures: string[];
}

function startCrowd(host: Host, plan: object): RunningProcess {
  const run = resolve(import.meta.dirname, 'run.mjs');
  return host.start([process.execPath, run, '--crowd', JSON.stringify(plan)]);
}

/** A client downloads all, checks nothing of itself, and goes; then it comes again as a stranger. */
async function keepDownloading(client: PeerClient, host: Host | undefined, scene: Scene): Promise<void> {
  if (host === undefined) return;
  while (performance.now() < scene.end) {
    const folder = await scene.stage.makeFolder('arrived');
    const begun = performance.now();
    const peer = await client.start(host, { role: 'leech', source: scene.torrent, folder });
    try {
      await finished(peer, Math.min(300, (scene.end - performance.now()) / 1000 + 20));
      const seconds = (performance.now() - begun) / 1000;
      const arrived = await manifestOf(join(folder, scene.content.name));
      if ([...arrived.values()].join() !== [...scene.content.manifest.values()].join()) {
        scene.failures.push(`${client.name}: wrong bytes`);
      }
      scene.seconds.set(client.name, [...(scene.seconds.get(client.name) ?? []), seconds]);
    } catch (error) {
      if (performance.now() < scene.end) {
        scene.failures.push(
          `${client.name}: ${error instanceof Error ? error.message.slice(0, 200) : 'failed'}`,
        );
      }
    }
    await peer.process.stop();
    await rm(folder, { recursive: true, force: true });
    await sleep(5000);
  }
}

async function watch(watched: readonly Watched[], begun: number, signal: AbortSignal): Promise<void> {
  for (let tick = 0; !signal.aborted; tick++) {
    const seconds = (performance.now() - begun) / 1000;
    for (const each of watched) each.samples.push(look(each.process.pid, seconds));
    if (tick % 6 === 0) {
      const parts = watched.map(({ name, samples }) => {
        const last = samples.at(-1);
        return `${name} ${((last?.bytes ?? 0) / 2 ** 20).toFixed(1)} MiB, ${String(last?.handles ?? 0)} handles`;
      });
      process.stdout.write(`${seconds.toFixed(0)} s: ${parts.join('; ')}\n`);
    }
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Private memory and open descriptors. The process group's leader may be a wrapper: its last child does the work. */
function look(root: number, seconds: number): Sample {
  let pid = root;
  for (;;) {
    const child = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
      .trim()
      .split(' ')[0];
    if (child === undefined || child === '') break;
    pid = Number(child);
  }
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const bytes = Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  return { seconds, bytes, handles: readdirSync(`/proc/${String(pid)}/fd`).length };
}

function report(run: {
  readonly watched: readonly Watched[];
  readonly before: readonly number[];
  readonly scene: Scene;
  readonly tally: string;
}): number {
  const { watched, before, scene, tally } = run;
  for (const [
    i,
    {
      name,
      samples,
      process: { output },
    },
  ] of watched.entries()) {
    const settled = samples.slice(Math.floor(samples.length / 3));
    const slope = (slopeOf(settled) * 3600) / 2 ** 20;
    const left = (samples.at(-1)?.handles ?? 0) - (before[i] ?? 0);
    const [first, last] = [settled[0], samples.at(-1)].map((sample) =>
      ((sample?.bytes ?? 0) / 2 ** 20).toFixed(1),
    );
    process.stdout.write(
      `${name}: ${first ?? ''} MiB after a third, ${last ?? ''} MiB at the end, slope ${slope.toFixed(2)} MiB an hour; ` +
        `${String(left)} handles more than at the start\n`,
    );
    const errors = output
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"|"event":"error"|Error:/.test(line));
    scene.failures.push(...errors.map((line) => `${name}: ${line}`));
  }
  process.stdout.write(`crowd: ${tally}\n`);
  for (const [client, seconds] of scene.seconds) {
    seconds.sort((a, b) => a - b);
    const [half, most] = [seconds[seconds.length >> 1] ?? 0, seconds.at(-1) ?? 0];
    const times = `half within ${half.toFixed(0)} s, all within ${most.toFixed(0)} s`;
    process.stdout.write(`${client}: ${String(seconds.length)} whole downloads, ${times}\n`);
  }
  process.stdout.write(`failures: ${String(scene.failures.length)}\n${scene.failures.join('\n')}\n`);
  return scene.failures.length === 0 ? 0 : 1;
}

/** Least squares, bytes a second. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (pick: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / Math.max(1, samples.length);
  const [x, y] = [mean(({ seconds }) => seconds), mean(({ bytes }) => bytes)];
  const over = samples.reduce((sum, sample) => sum + (sample.seconds - x) * (sample.bytes - y), 0);
  return (
    over /
    Math.max(
      1,
      samples.reduce((sum, { seconds }) => sum + (seconds - x) ** 2, 0),
    )
  );
}
