// The crowd of bench/swarm in the deterministic simulation: the same engine over simulated links and a virtual clock,
// for crowds that no one machine can run. Draws completion time against N, next to a server's line and the bound, and
// tells how near the simulation is to real clients where both have been.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { CrowdOptions, CrowdResult } from '../../test/simulation/crowd.ts';
import { describeMachine, formatTable, report, rounded, type Row } from '../support/report.ts';
import { compare, demandSame, readMeasured, type Exchange } from './measured.ts';
import { drawPlot, type Series } from './plot.ts';

const USAGE = `usage: node bench/run.mjs crowd [--leeches 8,16,32,64,125,250,500,1000,2000]
  [--mib 16] [--mbit 10] [--piece 64]     --piece: KiB
  [--latency 5,40] [--loss 0,0.01]        ms one way, and the share of packets lost: as many of each, taken in pairs
  [--known 50]            peers that the tracker names
  [--slow-every 0]        leeches whose number divides by this have a quarter of the rate
  [--leave-every 0]       leeches whose number divides by this leave when they are done
  [--seed 1]
  [--uplinks]             how busy the uplinks were in each twentieth of T, in percent
  [--json FILE]           all numbers
  [--simulated FILE,FILE] the numbers of earlier --json, instead of simulating
  [--measured FILE,FILE]  what \`node bench/run.mjs swarm --json FILE\` wrote of the same content: real clients are drawn
                          beside the simulated ones, and the ratio for each number of leeches that both have is printed
                          (of links of the first pair). Fails where it is off by more than 15 %, or nothing compares.
  [--svg FILE]            last leech against number of leeches
All times are multiples of T = F/R. 2,000 leeches of 16 MiB take some minutes for each pair, and 6 GiB of memory.
`;

/** Memory of 2,000 clients; and of what they say to each other, which is soon forgotten. */
const MOST_MIB = 8192;
const YOUNG_MIB = 192;

const OPTIONS = {
  leeches: { type: 'string', default: '8,16,32,64,125,250,500,1000,2000' },
  mib: { type: 'string', default: '16' },
  mbit: { type: 'string', default: '10' },
  piece: { type: 'string', default: '64' },
  latency: { type: 'string', default: '5,40' },
  loss: { type: 'string', default: '0,0.01' },
  known: { type: 'string', default: '50' },
  'slow-every': { type: 'string', default: '0' },
  'leave-every': { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  simulated: { type: 'string', default: '' },
  measured: { type: 'string', default: '' },
  svg: { type: 'string' },
  json: { type: 'string' },
  uplinks: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>;

interface Weather {
  readonly latencyMs: number;
  readonly loss: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const values = parse(args);
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const exchange = { mib: Number(values.mib), mbit: Number(values.mbit), piece: Number(values.piece) };
  const machine = describeMachine();
  const earlier = values.simulated.split(',').filter(Boolean);
  const rows = earlier.length === 0 ? await simulate(values) : await readSimulated(earlier, exchange);
  await report(machine, rows, { path: values.json, details: { ...exchange, values } });
  const files = values.measured.split(',').filter(Boolean);
  const measured = (await Promise.all(files.map((file) => readMeasured(file, exchange)))).flat();
  const simulated = seriesOf(rows);
  const [first] = simulated;
  if (values.svg !== undefined) await writeFile(values.svg, drawPlot([...simulated, ...measured]));
  if (files.length === 0 || first === undefined) return;
  const { rows: compared, areNear } = compare(first, measured);
  process.stdout.write(`\n${formatTable(compared)}\n`);
  if (!areNear) process.exitCode = 1;
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS }).values;
}

async function simulate(values: Values): Promise<Row[]> {
  const losses = values.loss.split(',').map(Number);
  const weathers = values.latency.split(',').map((latency, i) => {
    const loss = losses[i];
    if (loss === undefined || losses.length !== values.latency.split(',').length)
      throw new Error('as many of --latency as of --loss');
    return { latencyMs: Number(latency), loss };
  });
  const rows: Row[] = [];
  for (const weather of weathers) {
    for (const leechers of values.leeches.split(',').map(Number)) {
      rows.push(await simulateOne(leechers, weather, values));
    }
  }
  return rows;
}

async function simulateOne(leechers: number, weather: Weather, values: Values): Promise<Row> {
  const started = process.cpuUsage();
  const crowd = await runCrowd({
    ...weather,
    leechers,
    length: Number(values.mib) * 2 ** 20,
    rate: (Number(values.mbit) * 1e6) / 8,
    pieceLength: Number(values.piece) * 1024,
    known: Number(values.known),
    slowEvery: Number(values['slow-every']),
    leaveEvery: Number(values['leave-every']),
    seed: Number(values.seed),
    packetBytes: leechers > 100 ? 16_384 : 4096,
  });
  if (!crowd.whole) throw new Error(`${String(leechers)} leeches were not done in time`);
  const { user, system } = process.cpuUsage(started);
  const row = {
    leeches: leechers,
    'latency ms': weather.latencyMs,
    'loss %': weather.loss * 100,
    'last/T': rounded(crowd.last),
    'quick/T': rounded(crowd.lastQuick),
    'mean/T': rounded(crowd.mean),
    copies: rounded(crowd.copies),
    'uplinks %': rounded(crowd.busy * 100),
    'wasted %': rounded(crowd.wastedShare * 100),
    'CPU s': rounded((user + system) / 1e6),
  };
  process.stderr.write(`${JSON.stringify(row)}\n`);
  if (values.uplinks) process.stderr.write(`${describeUplinks(crowd.timeline)}\n`);
  return row;
}

/** In a thread, which may have more memory than this one. */
async function runCrowd(options: Partial<CrowdOptions>): Promise<CrowdResult> {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  const [result] = (await once(worker, 'message')) as [CrowdResult];
  return result;
}

function describeUplinks(timeline: CrowdResult['timeline']): string {
  const line = (of: 'seed' | 'leeches'): string =>
    timeline.map((each) => String(Math.min(100, Math.round(each[of] * 100))).padStart(3)).join(' ');
  return `seed    ${line('seed')}\nleeches ${line('leeches')}`;
}

/** Rows of earlier runs, of the same content. */
async function readSimulated(paths: readonly string[], exchange: Exchange): Promise<Row[]> {
  const rows: Row[] = [];
  for (const path of paths) {
    const file = JSON.parse(await readFile(path, 'utf8')) as Exchange & { readonly rows: readonly Row[] };
    demandSame(path, file, exchange);
    rows.push(...file.rows);
  }
  return rows;
}

/** One line for each kind of link, in the order in which they came. */
function seriesOf(rows: readonly Row[]): Series[] {
  const kinds = new Map<string, { readonly n: number; readonly times: number }[]>();
  for (const row of rows) {
    const loss = row['loss %'] === 0 ? 'no loss' : `${String(row['loss %'])} % lost`;
    const name = `simulated: ${String(row['latency ms'])} ms, ${loss}`;
    const points = kinds.get(name) ?? [];
    kinds.set(name, points);
    points.push({ n: Number(row['leeches']), times: Number(row['last/T']) });
  }
  return [...kinds].map(([name, points]) => ({
    name,
    isMeasured: false,
    points: points.sort((a, b) => a.n - b.n),
  }));
}
