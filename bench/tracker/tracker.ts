// Trackers side by side: answers a second, and for each second of the tracker's processor time. All of them run through
// the whole bench, pinned to one core, with the same peers, and take turns; the load (C, compiled here, pinned to the
// other core) shows what it can do itself. Then memory for each peer, and our store alone.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, formatTable, median, report, rounded, type Row } from '../support/report.ts';
import { drive, kinds, start, startSink, type Kind, type Mode, type Running } from './servers.ts';

const USAGE = `usage: node bench/run.mjs tracker [--seconds 2] [--rounds 3] [--swarms 50000] [--only udp,http,tcp,ws,offers,memory,store] [--trackers NAME,…] [--json FILE]
Needs cc, taskset and opentracker; Bun where it is found. Build first: the bench runs on dist/.
`;
/** What is under way at once: requests or connections. */
const WIDTHS: Readonly<Record<Mode, number>> = { udp: 128, http: 64, tcp: 64, ws: 200, offers: 200 };
const WHAT: Readonly<Record<Mode, string>> = {
  udp: 'UDP',
  http: 'HTTP, connection kept',
  tcp: 'HTTP, one connection each',
  ws: 'WebSocket',
  offers: 'WebSocket, 5 offers each',
};
const PEERS = 30;
/** WebSocket peers are connections: each is in this many swarms of so many. */
const WS_SWARMS = 200;
const WS_SWARMS_OF_PEER = 20;
const MEMORY = { swarms: 100_000, peers: 10 };

interface Measured {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly bytes: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      swarms: { type: 'string', default: '50000' },
      trackers: { type: 'string', default: '' },
      only: { type: 'string', default: 'udp,http,tcp,ws,offers,memory,store' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const parts = values.only.split(',');
  const machine = describeMachine();
  const folder = mkdtempSync(join(tmpdir(), 'tracker-bench-'));
  chmodSync(folder, 0o755);
  try {
    const load = compile(folder);
    const modes = (Object.keys(WIDTHS) as Mode[]).filter((mode) => parts.includes(mode));
    const chosen = kinds().filter(({ name }) => `,${values.trackers},`.includes(`,${name},`));
    const tools: Tools = {
      ...{ load, folder, kinds: chosen.length === 0 ? kinds() : chosen },
      ...{ swarms: Number(values.swarms), rounds: Number(values.rounds), seconds: Number(values.seconds) },
    };
    const rows = modes.length === 0 ? [] : await compare(tools, modes);
    if (rows.length > 0) await report(machine, rows, { path: values.json, details: {} });
    if (parts.includes('memory')) {
      process.stdout.write(`${formatTable(await measureMemory(tools))}\n`);
    }
    if (parts.includes('store')) {
      const store = fileURLToPath(new URL('./store.mjs', import.meta.url));
      process.stdout.write(
        execFileSync('taskset', ['-c', '0', process.execPath, store], { encoding: 'utf8' }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compile(folder: string): string {
  const sources = fileURLToPath(new URL('./load', import.meta.url));
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const load = join(folder, 'load');
  execFileSync('cc', ['-O2', '-o', load, ...files.map((name) => join(sources, name))]);
  return load;
}

interface Tools {
  readonly load: string;
  readonly folder: string;
  readonly kinds: readonly Kind[];
  readonly swarms: number;
  readonly rounds: number;
  readonly seconds: number;
}

async function compare(tools: Tools, modes: readonly Mode[]): Promise<Row[]> {
  const { load, folder, swarms, rounds, seconds } = tools;
  const running: Running[] = [];
  try {
    for (const kind of tools.kinds) {
      if (modes.some((mode) => kind.modes.includes(mode)))
        running.push(await start(kind, { load, folder, swarms, peers: PEERS }));
    }
    const rows: Row[] = [];
    for (const mode of modes) {
      const sink = await startSink(load, mode);
      const trackers = [...running.filter(({ kind }) => kind.modes.includes(mode)), sink];
      const results = trackers.map((): Measured[] => []);
      for (let round = 0; round <= rounds; round++) {
        for (const [i, tracker] of trackers.entries()) {
          // The first round is for compilers.
          const measured = measure(tools, tracker, { mode, seconds: round === 0 ? 0.5 : seconds });
          if (round > 0) results[i]?.push(measured);
        }
      }
      await sink.stop();
      const measured = rowsOf(mode, trackers, results);
      // At once: the whole takes minutes.
      process.stdout.write(`${formatTable(measured)}\n`);
      rows.push(...measured);
    }
    return rows;
  } finally {
    for (const each of running) await each.stop();
  }
}

function measure(
  { load, swarms }: Tools,
  tracker: Running,
  { mode, seconds }: { readonly mode: Mode; readonly seconds: number },
): Measured {
  const sockets = mode === 'ws' || mode === 'offers';
  const of = sockets ? [WS_SWARMS, WS_SWARMS_OF_PEER] : [swarms, PEERS];
  const before = tracker.cpuSeconds();
  const command = [
    sockets ? 'ws' : mode,
    tracker.port,
    seconds,
    ...of,
    WIDTHS[mode],
    mode === 'offers' ? 5 : 0,
  ];
  const [answers = 0, elapsed = 1, errors = 0, bytes = 0] = drive(load, command);
  const used = tracker.cpuSeconds() - before;
  // A machine that is busy elsewhere loses packets; a tracker that refuses, nearly all.
  if (errors > answers / 5) throw new Error(`${tracker.kind.name}: ${String(errors)} errors in ${mode}`);
  return { perCpuSecond: answers / used, perSecond: answers / elapsed, bytes: bytes / answers };
}

function rowsOf(mode: Mode, trackers: readonly Running[], results: readonly (readonly Measured[])[]): Row[] {
  const against = (kind: Kind, name: string): string | number => {
    const own = results[trackers.findIndex((each) => each.kind === kind)] ?? [];
    const other = results[trackers.findIndex((each) => each.kind.name === name)];
    if (other === undefined) return '-';
    return rounded(median(own.map(({ perCpuSecond }, i) => perCpuSecond / (other[i]?.perCpuSecond ?? 0))));
  };
  return trackers.map(({ kind }, i) => {
    const of = (what: keyof Measured): number =>
      rounded(median((results[i] ?? []).map((each) => each[what])));
    return {
      answers: WHAT[mode],
      tracker: kind.name,
      'a CPU second': of('perCpuSecond'),
      'a second': of('perSecond'),
      'bytes each': of('bytes'),
      'to opentracker': against(kind, 'opentracker'),
      'to bittorrent-tracker': against(kind, 'bittorrent-tracker'),
    };
  });
}

/** What a million peers add to each process. */
async function measureMemory({ load, folder, kinds: all }: Tools): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of all) {
    const empty = await start(kind, { load, folder, swarms: MEMORY.swarms, peers: 0 });
    const before = empty.residentBytes();
    await empty.stop();
    const full = await start(kind, { load, folder, ...MEMORY });
    const after = full.residentBytes();
    await full.stop();
    rows.push({
      tracker: kind.name,
      'MB without peers': Math.round(before / 1e6),
      'MB with a million': Math.round(after / 1e6),
      'bytes a peer': Math.round((after - before) / MEMORY.swarms / MEMORY.peers),
    });
  }
  return rows;
}
