// The crowd of bench/swarm in the deterministic simulation: the same engine over simulated links and a virtual clock,
// for crowds that no one machine can run. Draws completion time against N, next to a server's line and the bound.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCrowd, type CrowdResult } from '../../test/simulation/crowd.ts';
import { describeMachine, report, rounded, type Row } from '../support/report.ts';
import { drawPlot, type Series } from './plot.ts';

const USAGE = `usage: node bench/run.mjs crowd [--leeches 1,2,4,8,16,32,64,125,250] [--mib 16] [--mbit 10] [--piece 64]
  [--latency 5] [--loss 0] [--known 30] [--slow-every 0] [--leave-every 0] [--seed 1]
  [--measured FILE,FILE]   results of bench/swarm --json, drawn beside the simulated ones
  [--uplinks]              how busy the uplinks were in each twentieth of T, in percent
  [--svg FILE] [--json FILE]
--piece: KiB; --latency: ms one way; --known: peers that a tracker names. All figures are multiples of T = F/R.
`;

interface Measured {
  readonly outcomes: readonly {
    readonly client: string;
    readonly leeches: number;
    readonly seconds: readonly number[];
    readonly theoretical: number;
  }[];
}

const OPTIONS = {
  leeches: { type: 'string', default: '1,2,4,8,16,32,64,125,250' },
  mib: { type: 'string', default: '16' },
  mbit: { type: 'string', default: '10' },
  piece: { type: 'string', default: '64' },
  latency: { type: 'string', default: '5' },
  loss: { type: 'string', default: '0' },
  known: { type: 'string', default: '30' },
  'slow-every': { type: 'string', default: '0' },
  'leave-every': { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  measured: { type: 'string', default: '' },
  svg: { type: 'string' },
  json: { type: 'string' },
  uplinks: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const rows: Row[] = [];
  for (const leechers of values.leeches.split(',').map(Number)) {
    const started = process.cpuUsage();
    const crowd = runCrowd({
      leechers,
      length: Number(values.mib) * 2 ** 20,
      rate: (Number(values.mbit) * 1e6) / 8,
      pieceLength: Number(values.piece) * 1024,
      latencyMs: Number(values.latency),
      loss: Number(values.loss),
      known: Number(values.known),
      slowEvery: Number(values['slow-every']),
      leaveEvery: Number(values['leave-every']),
      seed: Number(values.seed),
      packetBytes: leechers > 100 ? 16_384 : 4096,
    });
    const { user, system } = process.cpuUsage(started);
    rows.push({
      leeches: leechers,
      'last/T': rounded(crowd.last),
      'quick/T': rounded(crowd.lastQuick),
      'mean/T': rounded(crowd.mean),
      copies: rounded(crowd.copies),
      'uplinks %': rounded(crowd.busy * 100),
      'wasted %': rounded(crowd.wastedShare * 100),
      'CPU s': rounded((user + system) / 1e6),
    });
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
    if (values.uplinks) process.stderr.write(`${describeUplinks(crowd.timeline)}\n`);
  }
  await report(machine, rows, { path: values.json, details: { values } });
  if (values.svg === undefined) return;
  const measured = await Promise.all(values.measured.split(',').filter(Boolean).map(readMeasured));
  const simulated = {
    name: 'simulated',
    points: rows.map((row) => ({ n: Number(row['leeches']), times: Number(row['last/T']) })),
  };
  await writeFile(values.svg, drawPlot([simulated, ...measured.flat()]));
}

function describeUplinks(timeline: CrowdResult['timeline']): string {
  const line = (of: 'seed' | 'leeches'): string =>
    timeline.map((each) => String(Math.min(100, Math.round(each[of] * 100))).padStart(3)).join(' ');
  return `seed    ${line('seed')}\nleeches ${line('leeches')}`;
}

/** The last leech of each client at each size. */
async function readMeasured(path: string): Promise<Series[]> {
  const { outcomes } = JSON.parse(await readFile(path, 'utf8')) as Measured;
  const names = [...new Set(outcomes.map((each) => each.client))];
  return names.map((name) => ({
    name,
    points: outcomes
      .filter((each) => each.client === name)
      .map((each) => ({ n: each.leeches, times: (each.seconds.at(-1) ?? Number.NaN) / each.theoretical })),
  }));
}
