// One browser, one torrent, what brings it: a plain fetch, a web seed, a seeder over WebRTC to our page, and the same
// seeder to webtorrent's bundle. All of them in each round, one after the other.
import { parseArgs } from 'node:util';
import { createSession } from '../../src/engine/session.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import { createTracker } from '../../src/server/tracker.ts';
import { BarePage } from '../../test/support/bare-browser.ts';
import { servePage } from '../../test/support/browser.ts';
import { makeContent } from '../../test/support/content.ts';
import { measurePageMemory } from '../../test/support/page-memory.ts';
import { FileServer } from '../../test/support/file-server.ts';
import { until } from '../../test/support/processes.ts';
import { onStage, type Stage } from '../../test/support/stage.ts';
import { downloadWithWebTorrent, serveWebTorrentPage } from '../../test/support/webtorrent-page.ts';
import { describeMachine, median, report, rounded } from '../support/report.ts';

const MIB = 1024 * 1024;
const PATIENCE_MS = 900_000;

const USAGE = `usage: node bench/run.mjs browser [--mib 100] [--rounds 3] [--json FILE]
       node bench/run.mjs browser --memory-mib 2048
Rates run from the start of the download to its last byte verified; the plain fetch verifies nothing.
The second form measures the page's memory instead: from server and seeder at once, saved as it comes.
`;

interface Scene {
  readonly stage: Stage;
  /** With our tracker, and without any. */
  readonly torrent: Uint8Array;
  readonly lonelyTorrent: Uint8Array;
  readonly files: FileServer;
  readonly fileUrl: string;
  readonly pages: { readonly ours: string; readonly webtorrent: string };
}

/** Each way resolves with the seconds it took. */
const WAYS: Readonly<Record<string, (scene: Scene) => Promise<number>>> = {
  'plain fetch': async ({ stage, pages, fileUrl }) => {
    const page = await openPage(stage, pages.ours);
    return timed(() => plainFetch(page, fileUrl));
  },
  'web seed': async ({ stage, pages, lonelyTorrent, files }) => {
    const page = await openPage(stage, pages.ours);
    return timed(() => download(page, lonelyTorrent, [files.url]));
  },
  'WebRTC seeder': async ({ stage, pages, torrent }) => {
    const page = await openPage(stage, pages.ours);
    return timed(() => download(page, torrent, []));
  },
  'WebRTC seeder to webtorrent': async ({ stage, pages, torrent }) => {
    const page = await openPage(stage, pages.webtorrent);
    return timed(() => downloadWithWebTorrent((action, bytes) => page.run(action, bytes), torrent));
  },
};

/** What each way is compared with. */
const PEERS: Readonly<Record<string, string>> = {
  'web seed': 'plain fetch',
  'WebRTC seeder': 'WebRTC seeder to webtorrent',
};

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mib: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      'memory-mib': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const memoryMib = values['memory-mib'];
  if (memoryMib !== undefined) {
    await measureMemory(Number(memoryMib), values.json);
    return;
  }
  const machine = describeMachine();
  const mib = Number(values.mib);
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, run] of Object.entries(WAYS)) {
      const took = await onScene(mib, run);
      seconds.set(name, [...(seconds.get(name) ?? []), took]);
    }
  }
  const rows = Array.from(seconds, ([name, all]) => ({
    download: name,
    'times its peer, in the same round': ratio(all, seconds.get(PEERS[name] ?? '')),
    'MiB/s (median)': rounded(mib / median(all)),
    best: rounded(mib / Math.min(...all)),
    worst: rounded(mib / Math.max(...all)),
  }));
  await report(machine, rows, { path: values.json, details: { mib, seconds: Object.fromEntries(seconds) } });
}

/** Median over the rounds of how many times as quick it was; rounds differ in load, the two of a round hardly. */
function ratio(ours: readonly number[], theirs: readonly number[] | undefined): string {
  if (theirs === undefined) return '';
  return median(ours.map((seconds, round) => (theirs[round] ?? Number.NaN) / seconds)).toFixed(2);
}

async function measureMemory(mib: number, json: string | undefined): Promise<void> {
  const machine = describeMachine();
  const { samples, seconds, saved, published } = await onStage((stage) =>
    measurePageMemory(stage, mib * MIB, PATIENCE_MS),
  );
  const row = {
    MiB: mib,
    'MiB/s': rounded(mib / seconds),
    'MB in the middle (median)': Math.round(median(samples) / 1e6),
    'MB at most': Math.round(Math.max(...samples) / 1e6),
    'saved whole': String(saved === published),
  };
  await report(machine, [row], { path: json, details: { samples } });
}

async function onScene(mib: number, run: (scene: Scene) => Promise<number>): Promise<number> {
  return onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'single', mib * MIB);
    const tracker = await createTracker({ port: 0, host: '127.0.0.1' });
    stage.onClose(() => tracker.close());
    const announce = `ws://127.0.0.1:${String(tracker.port)}/announce`;
    const { bytes: torrent } = await createTorrent([content.path], { trackers: [[announce]] });
    const { bytes: lonelyTorrent } = await createTorrent([content.path], {});
    const env = createNodeEnv({ stateFolder: await stage.makeFolder('state') });
    stage.onClose(() => env.close());
    const session = await createSession({ host: '127.0.0.1' }, env);
    stage.onClose(() => session.close());
    await session.add(torrent, { folder: content.folder, check: 'trust' });
    const files = await FileServer.open(stage, content.folder);
    const fileUrl = files.url + encodeURIComponent(content.name);
    const pages = { ours: await servePage(stage), webtorrent: await serveWebTorrentPage(stage) };
    return run({ stage, torrent, lonelyTorrent, files, fileUrl, pages });
  });
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return (performance.now() - startedAt) / 1000;
}

async function openPage(stage: Stage, url: string): Promise<BarePage> {
  const [profile, downloads] = [await stage.makeFolder('profile'), await stage.makeFolder('downloads')];
  const page = await BarePage.open(stage, { profile, downloads });
  await page.goto(url);
  await until('the page', async () =>
    (await page.evaluate(`document.readyState`)) === 'complete' ? true : undefined,
  );
  return page;
}

async function download(page: BarePage, torrent: Uint8Array, webSeeds: readonly string[]): Promise<void> {
  await page.run(
    async (source) => {
      await window.harness.start({ torrent: new Uint8Array(source.bytes), webSeeds: source.webSeeds });
      while (window.harness.look().state !== 'done') await new Promise((resolve) => setTimeout(resolve, 100));
    },
    { bytes: [...torrent], webSeeds },
  );
}

function plainFetch(page: BarePage, url: string): Promise<number> {
  return page.run(async (target) => {
    const reader = (await fetch(target)).body?.getReader();
    let bytes = 0;
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done) return bytes;
      bytes += value?.length ?? 0;
    }
  }, url);
}
