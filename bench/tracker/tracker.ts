// Answers a processor second of our tracker and of opentracker, side by side and interleaved; the load generator is C
// (load.c, compiled here) and shows what it can do itself. And the store alone: announces a second, bytes a peer,
// longest step of a sweep.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, median, report, rounded, type Row } from '../support/report.ts';

const USAGE = `usage: node bench/run.mjs tracker [--seconds 3] [--rounds 3] [--json FILE]
Needs cc and opentracker. Build first: the bench runs on dist/.
`;
const MODES = [
  { mode: 'udp', width: 128 },
  { mode: 'http', width: 64 },
  { mode: 'tcp', width: 64 },
] as const;
const SWARMS = 1000;
const PEERS_PER_SWARM = 50;
const TICKS_PER_SECOND = 100;

interface Measured {
  /** Answers a second of the server's processor time, and a second of the clock. */
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), 'tracker-bench-'));
  chmodSync(folder, 0o755);
  try {
    const load = join(folder, 'load');
    execFileSync('cc', ['-O2', '-o', load, fileURLToPath(new URL('./load.c', import.meta.url))]);
    const rows: Row[] = [];
    for (const { mode, width } of MODES) {
      const results: Measured[][] = [[], []];
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const [i, server] of [ours, opentracker].entries()) {
          results[i]?.push(await measure(load, { server, mode, width, folder, seconds: values.seconds }));
        }
      }
      const [own = [], stock = []] = results;
      rows.push(rowOf(mode, own, stock));
    }
    rows.push(...(await measureCeiling(load, values.seconds)));
    await report(machine, rows, { path: values.json, details: {} });
    const store = fileURLToPath(new URL('./store.mjs', import.meta.url));
    process.stdout.write(execFileSync(process.execPath, [store], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Start = (port: number, run: { readonly load: string; readonly folder: string }) => ChildProcess;

const ours: Start = (port) => {
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  return spawn(
    process.execPath,
    [command, 'track', '--port', String(port), '--host', '127.0.0.1', '--quiet'],
    {
      stdio: 'ignore',
    },
  );
};

const opentracker: Start = (port, { load, folder }) => {
  writeFileSync(join(folder, 'hashes'), execFileSync(load, ['hashes', String(SWARMS)]));
  const at = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)];
  return spawn('opentracker', [...at, '-d', folder, '-u', 'nobody', '-w', 'hashes'], { stdio: 'ignore' });
};

interface Run {
  readonly server: Start;
  readonly mode: string;
  readonly width: number;
  readonly folder: string;
  readonly seconds: string;
}

async function measure(load: string, run: Run): Promise<Measured> {
  const port = await freePort();
  const server = run.server(port, { load, folder: run.folder });
  try {
    await setTimeout(1500);
    const drive = (seconds: string): string =>
      execFileSync(
        load,
        [
          run.mode,
          '127.0.0.1',
          String(port),
          seconds,
          String(SWARMS),
          String(PEERS_PER_SWARM),
          String(run.width),
        ],
        { encoding: 'utf8' },
      );
    // The first second is for compilers and empty tables.
    drive('1');
    const before = processorSeconds(server.pid ?? 0);
    const [answers = 0, elapsed = 1, errors = 0] = drive(run.seconds).trim().split(' ').map(Number);
    const used = processorSeconds(server.pid ?? 0) - before;
    if (errors > answers / 100) throw new Error(`${String(errors)} errors in ${run.mode}`);
    return { perCpuSecond: answers / used, perSecond: answers / elapsed };
  } finally {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill();
    await ended;
  }
}

async function measureCeiling(load: string, seconds: string): Promise<Row[]> {
  const port = String(await freePort());
  const sink = spawn(load, ['sink', '127.0.0.1', port], { stdio: 'ignore' });
  await setTimeout(200);
  const text = execFileSync(load, ['udp', '127.0.0.1', port, seconds, '1', '1', '128'], { encoding: 'utf8' });
  sink.kill();
  const [answers = 0, elapsed = 1] = text.trim().split(' ').map(Number);
  return [
    {
      case: 'udp, the load itself',
      'ours, answers/CPU s': '-',
      'opentracker, answers/CPU s': '-',
      ratio: '-',
      'ours, answers/s': rounded(answers / elapsed),
    },
  ];
}

function rowOf(mode: string, own: readonly Measured[], stock: readonly Measured[]): Row {
  const ratios = own.map(({ perCpuSecond }, i) => perCpuSecond / (stock[i]?.perCpuSecond ?? Number.NaN));
  return {
    case: mode,
    'ours, answers/CPU s': rounded(median(own.map(({ perCpuSecond }) => perCpuSecond))),
    'opentracker, answers/CPU s': rounded(median(stock.map(({ perCpuSecond }) => perCpuSecond))),
    ratio: rounded(median(ratios)),
    'ours, answers/s': rounded(median(own.map(({ perSecond }) => perSecond))),
  };
}

function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
