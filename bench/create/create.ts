// Making a .torrent of one big file in the page cache, side by side with other programs: whole processes, wall time,
// runs in turns. v1 against mktorrent with as many threads; all versions against libtorrent as its Python binding has
// it: one hashing thread beside its disk threads, and no way to ask for more.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, median, report, rounded, type Row } from '../support/report.ts';

const USAGE = `usage: node bench/run.mjs create [--gib 4] [--rounds 5] [--threads 2] [--piece-length 21] [--folder DIR] [--json FILE]
Build first: the bench runs on dist/. The folder (default: the system's temporary one) needs so many GiB.
`;

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const LIBTORRENT = fileURLToPath(new URL('./libtorrent_create.py', import.meta.url));
const CHUNK = 64 * 2 ** 20;

interface Setting {
  readonly content: string;
  readonly output: string;
  readonly threads: number;
  /** Exponent of two. */
  readonly pieceLength: number;
}

interface Contest {
  readonly name: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gib: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string', default: '2' },
      'piece-length': { type: 'string', default: '21' },
      folder: { type: 'string', default: tmpdir() },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const folder = mkdtempSync(join(values.folder, 'swarmpress-bench-'));
  try {
    const setting: Setting = {
      content: join(folder, 'content.bin'),
      output: join(folder, 'out.torrent'),
      threads: Number(values.threads),
      pieceLength: Number(values['piece-length']),
    };
    fill(setting.content, Number(values.gib) * 2 ** 30);
    const results = contests(setting).map((contest) => run(contest, setting, Number(values.rounds)));
    const rows = results.map((result) => rowOf(result, Number(values.gib)));
    await report(machine, rows, { path: values.json, details: { ...values, results } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function contests(setting: Setting): Contest[] {
  const { content, output, threads, pieceLength } = setting;
  const ours = (mode: string): string[] => [
    ...[process.execPath, COMMAND, 'create', content, '-o', output, '-m', mode, '-q'],
    ...['-j', String(threads), '-l', String(pieceLength)],
  ];
  const libtorrent = (mode: string): string[] => [
    ...['/usr/bin/python3', LIBTORRENT, content, output, mode, String(2 ** pieceLength)],
  ];
  const mktorrent = ['mktorrent', '-t', String(threads), '-l', String(pieceLength), '-o', output, content];
  return [
    { name: `v1, mktorrent, ${String(threads)} threads`, ours: ours('v1'), theirs: mktorrent },
    ...['v1', 'v2', 'hybrid'].map((mode) => ({
      name: `${mode}, libtorrent`,
      ours: ours(mode),
      theirs: libtorrent(mode),
    })),
  ].filter(({ theirs }) => isThere(theirs));
}

function isThere(command: readonly string[]): boolean {
  const [program = ''] = command;
  if (program === 'mktorrent') return spawnSync(program, ['-h'], { stdio: 'ignore' }).error === undefined;
  return spawnSync(program, ['-c', 'import libtorrent'], { stdio: 'ignore' }).status === 0;
}

interface Result {
  readonly name: string;
  /** Seconds, one number a round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

function run(contest: Contest, setting: Setting, rounds: number): Result {
  const [ours, theirs]: [number[], number[]] = [[], []];
  readAll(setting.content);
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, so that neither always finds the machine warmer.
    const turns = [
      () => ours.push(time(contest.ours, setting)),
      () => theirs.push(time(contest.theirs, setting)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) turn();
  }
  return { name: contest.name, ours, theirs };
}

/** Seconds from start to exit. */
function time(command: readonly string[], { output }: Setting): number {
  rmSync(output, { force: true });
  const [program = '', ...args] = command;
  const start = performance.now();
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const seconds = (performance.now() - start) / 1000;
  if (!existsSync(output) || statSync(output).size === 0) throw new Error(`${program} wrote no torrent`);
  return seconds;
}

function rowOf({ name, ours, theirs }: Result, gib: number): Row {
  const ratios = theirs.map((seconds, round) => seconds / (ours[round] ?? Number.NaN));
  return {
    case: name,
    's, swarmpress': rounded(median(ours)),
    's, other': rounded(median(theirs)),
    'GiB/s, swarmpress': rounded(gib / median(ours)),
    ratio: rounded(median(ratios)),
  };
}

/** Bytes without a pattern; reading them once afterwards puts them into the page cache. */
function fill(path: string, length: number): void {
  const random = openSync('/dev/urandom', 'r');
  const file = openSync(path, 'w');
  const chunk = new Uint8Array(CHUNK);
  for (let left = length; left > 0; left -= CHUNK) {
    readSync(random, chunk, 0, Math.min(left, CHUNK), null);
    writeSync(file, chunk, 0, Math.min(left, CHUNK));
  }
  closeSync(random);
  closeSync(file);
}

function readAll(path: string): void {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(CHUNK);
  while (readSync(file, chunk, 0, CHUNK, null) > 0);
  closeSync(file);
}
