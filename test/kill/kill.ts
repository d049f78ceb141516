// kill -9 in a loop: publisher, downloader and tracker die at random moments and are started again on what they left.
// Nothing that was on disk may be lost, nothing wrong may be there, and every start must come up.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Rng } from '../../src/core/swarm/rng.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf, type Content } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { until, type RunningProcess } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';
import { completedIn, resumableGet, startSeed, torrentOf } from '../support/transfer-scene.ts';

const USAGE = `usage: node test/kill/run.mjs [--cycles 500] [--seed 1]
A cycle is one kill -9 and one start. Half of them hit a downloader, a quarter each a publisher and a tracker.
`;

const BYTES = 48 * 2 ** 20;
const TRACKER_PORT = 6969;
const SITE_PORT = 8080;

export interface KillTally {
  readonly kills: Record<'downloader' | 'publisher' | 'tracker', number>;
  whole: number;
  readonly lost: string[];
}

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cycles: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const tally = await killCycles(Number(values.cycles), Number(values.seed));
  const { downloader, publisher, tracker } = tally.kills;
  process.stdout.write(
    `${String(downloader + publisher + tracker)} kills: downloader ${String(downloader)}, publisher ${String(publisher)}, ` +
      `tracker ${String(tracker)}; ${String(tally.whole)} downloads whole in between; lost: ${String(tally.lost.length)}\n`,
  );
  for (const line of tally.lost) process.stdout.write(`${line}\n`);
  return tally.lost.length === 0 ? 0 : 1;
}

/** Runs the three loops side by side. */
export async function killCycles(cycles: number, seed: number): Promise<KillTally> {
  return onStage(async (stage) => {
    const [seedHost, leech, site, tracker] = await createHosts(stage, 4);
    if (seedHost === undefined || leech === undefined || site === undefined || tracker === undefined) {
      throw new Error('no hosts');
    }
    const tally: KillTally = { kills: { downloader: 0, publisher: 0, tracker: 0 }, whole: 0, lost: [] };
    const rng = new Rng(seed);
    await leech.shape(300e6);
    const content = await makeContent(await stage.makeFolder('content'), 'single', BYTES);
    const quarter = Math.max(1, Math.floor(cycles / 4));
    const scene = { stage, content, rng, tally };
    await Promise.all([
      killDownloader({ ...scene, cycles: cycles - 2 * quarter }, seedHost, leech),
      killPublisher({ ...scene, cycles: quarter }, site),
      killTracker({ ...scene, cycles: quarter }, tracker),
    ]);
    return tally;
  });
}

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly rng: Rng;
  readonly tally: KillTally;
  readonly cycles: number;
}

async function killDownloader(
  { stage, content, rng, tally, cycles }: Scene,
  seed: Host,
  leech: Host,
): Promise<void> {
  const torrent = await torrentOf(stage, content);
  await startSeed({ seed, torrent, content });
  let [folder, state] = [await stage.makeFolder('arrived'), await stage.makeFolder('state')];
  let least = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const process = leech.start(resumableGet(torrent, { content: folder, state }, seed));
    const counts = { checked: -1, completed: 0 };
    process.onLine((line) => {
      counts.checked = completedIn('checked')(line) ?? counts.checked;
      counts.completed = completedIn('progress')(line) ?? counts.completed;
    });
    // Now and then before it has begun; mostly while it writes.
    const patience = rng.below(8) === 0 ? rng.below(400) : 0;
    if (patience > 0) await Promise.race([sleep(patience), process.exited]);
    else {
      await Promise.race([process.exited, until('a check', () => (counts.checked < 0 ? undefined : true))]);
      await Promise.race([sleep(rng.below(500)), process.exited]);
    }
    await process.stop();
    tally.kills.downloader++;
    const code = await process.exited;
    if (counts.checked >= 0 && counts.checked < least) {
      tally.lost.push(`downloader ${String(cycle)}: had ${String(least)}, found ${String(counts.checked)}`);
    }
    least = Math.max(least, counts.checked, counts.completed);
    if (code !== 0 && code !== 128)
      tally.lost.push(`downloader ${String(cycle)}: ${process.output.slice(-300)}`);
    if (code !== 0) continue;
    await compare(join(folder, content.name), content, tally);
    await Promise.all([folder, state].map((path) => rm(path, { recursive: true })));
    [folder, state, least] = [await stage.makeFolder('arrived'), await stage.makeFolder('state'), 0];
  }
  const last = leech.start(resumableGet(torrent, { content: folder, state }, seed));
  if ((await last.exited) !== 0) tally.lost.push(`the last download: ${last.output.slice(-300)}`);
  await compare(join(folder, content.name), content, tally);
}

async function compare(path: string, content: Content, tally: KillTally): Promise<void> {
  const arrived = await manifestOf(path);
  if ([...arrived.values()].join() === [...content.manifest.values()].join()) tally.whole++;
  else tally.lost.push(`${path} is not what was published`);
}

/** The page comes up again each time, with the torrent that it had. */
async function killPublisher({ stage, content, rng, tally, cycles }: Scene, host: Host): Promise<void> {
  const state = await stage.makeFolder('publisher');
  let known: string | undefined;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const process = host.start(
      swarmpressCommand(
        ...['publish', content.path, '--port', String(SITE_PORT), '--state', state, '--json', '--no-qr'],
        ...['--public-url', `http://${host.address}:${String(SITE_PORT)}`, '--no-dht', '--no-lsd'],
      ),
    );
    if (rng.below(3) === 0) {
      await Promise.race([sleep(rng.below(1500)), process.exited]);
    } else {
      const hash = await infoHashOf(process, tally);
      if (known !== undefined && hash !== known)
        tally.lost.push(`publisher ${String(cycle)}: another torrent`);
      known ??= hash;
      const page = await host
        .run([
          'curl',
          '--silent',
          '--fail',
          '--max-time',
          '20',
          `http://${host.address}:${String(SITE_PORT)}/`,
        ])
        .catch(String);
      if (!page.includes('<html'))
        tally.lost.push(`publisher ${String(cycle)}: no page: ${page.slice(0, 200)}`);
      await sleep(rng.below(300));
    }
    await process.stop();
    tally.kills.publisher++;
  }
}

async function infoHashOf(process: RunningProcess, tally: KillTally): Promise<string | undefined> {
  try {
    return await process.waitForLine((line) => /"infoHash(?:V2)?":"([0-9a-f]+)"/.exec(line)?.[1]);
  } catch (error) {
    tally.lost.push(`publisher: ${String(error).slice(0, 300)}`);
    return undefined;
  }
}

/** The tracker comes up again each time, and knows again whom it has written down. */
async function killTracker({ stage, rng, tally, cycles }: Scene, host: Host): Promise<void> {
  const snapshot = join(await stage.makeFolder('tracker'), 'swarms');
  const base = `http://${host.address}:${String(TRACKER_PORT)}`;
  const curl = (url: string): Promise<string> =>
    host.run(['curl', '--silent', '--max-time', '20', '--output', '-', url]).catch(String);
  let written = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const process = host.start(
      swarmpressCommand(
        ...[
          'track',
          '--port',
          String(TRACKER_PORT),
          '--snapshot',
          snapshot,
          '--snapshot-interval',
          '1',
          '--json',
        ],
      ),
    );
    if (rng.below(4) === 0) await Promise.race([sleep(rng.below(800)), process.exited]);
    else {
      const up = await process.waitForLine((line) => (line.startsWith('{') ? true : undefined)).catch(String);
      if (up !== true) tally.lost.push(`tracker ${String(cycle)}: ${up.slice(0, 300)}`);
      const answer = await curl(`${base}/scrape?info_hash=${'%aa'.repeat(20)}`);
      if (!answer.startsWith('d5:files'))
        tally.lost.push(`tracker ${String(cycle)}: ${answer.slice(0, 200)}`);
      const known = Number(/10:incompletei(\d+)e/.exec(answer)?.[1] ?? 0);
      if (known < written)
        tally.lost.push(`tracker ${String(cycle)}: knew ${String(written)}, knows ${String(known)}`);
      const query = `info_hash=${'%aa'.repeat(20)}&peer_id=${'a'.repeat(12)}${String(10_000_000 + cycle)}`;
      await curl(`${base}/announce?${query}&port=${String(1000 + cycle)}&left=9`);
      // Half of them live to see the snapshot written; that is what must be there after the next start.
      if (rng.below(2) === 0) {
        await sleep(2600);
        written = known + 1;
      } else await sleep(rng.below(1200));
    }
    await process.stop();
    tally.kills.tracker++;
  }
}
