// Where the processor time of a transfer goes: one seed, one leech, each recorded by perf from start to end, drawn as
// two flame graphs. Needs `perf` and root.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { finished, type PeerClient } from '../../test/support/clients/peer.ts';
import { swarmpressCommand, swarmpressRunBy } from '../../test/support/clients/swarmpress.ts';
import { makeContent } from '../../test/support/content.ts';
import type { RunningProcess } from '../../test/support/processes.ts';
import { onStage } from '../../test/support/stage.ts';
import { startPair } from '../pair/start-pair.ts';
import { drawFlames } from './draw.ts';
import { foldStacks, type Frame } from './fold.ts';
import { sharesOf } from './shares.ts';

const GIB = 2 ** 30;
/** Not a divisor of any timer's rate, so that samples do not fall on the beat of one. */
const SAMPLES_PER_SECOND = 997;

const USAGE = `usage: node bench/run.mjs flame [--gib 2] [--folder docs]
Writes flame-seed.svg and flame-leech.svg into the folder and prints what it went into. Build first.
`;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gib: { type: 'string', default: '2' },
      folder: { type: 'string', default: 'docs' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const gib = Number(values.gib);
  await onStage(async (stage) => {
    const files = { seed: join(stage.folder, 'seed.data'), leech: join(stage.folder, 'leech.data') };
    const pairing = { seed: recorded(files.seed), leech: recorded(files.leech) };
    const content = await makeContent(stage.folder, 'single', Math.round(gib * GIB));
    const { torrent, seed, leech } = await startPair(stage, pairing, content);
    const running = await leech(torrent);
    await finished(running, 600);
    for (const side of [running.process, seed.process]) await interrupt(side);
    for (const [side, file] of Object.entries(files)) {
      const root = foldStacks(execFileSync('perf', ['script', '-i', file], { maxBuffer: GIB }).toString());
      const title = `swarmpress, ${side} of ${values.gib} GiB over TCP, all threads`;
      const svg = drawFlames(root, { title, samplesPerSecond: SAMPLES_PER_SECOND });
      await writeFile(resolve(values.folder, `flame-${side}.svg`), svg);
      process.stdout.write(summary(side, root, gib));
    }
  });
}

/** Ours under `perf record`. Code that was compiled at run time is named through perf's map. */
function recorded(file: string): PeerClient {
  const perf = [
    'perf',
    'record',
    '-q',
    '-g',
    '-e',
    'cpu-clock',
    '-F',
    String(SAMPLES_PER_SECOND),
    '-o',
    file,
  ];
  return swarmpressRunBy((...args) => {
    const [node = '', ...rest] = swarmpressCommand(...args);
    return [...perf, '--', node, '--perf-basic-prof', ...rest];
  });
}

/** perf ends when its program does, and writes the rest. */
async function interrupt(running: RunningProcess): Promise<void> {
  running.signal('SIGINT');
  await running.exited;
}

/** Processor seconds a GiB by what they were spent on. */
function summary(side: string, root: Frame, gib: number): string {
  const seconds = (samples: number): string => (samples / SAMPLES_PER_SECOND / gib).toFixed(2);
  const lines = sharesOf(root).map(([kind, samples]) => `  ${seconds(samples)}  ${kind}\n`);
  return [`${side}: ${seconds(root.samples)} s a GiB\n`, ...lines].join('');
}
