// The trackers of the bench, each a process of its own on one core; and what they cost.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findBun } from '../../src/node/bun-binary.ts';

export type Mode = 'udp' | 'http' | 'tcp' | 'ws' | 'offers';

export interface Kind {
  readonly name: string;
  readonly modes: readonly Mode[];
  readonly command: (place: Place) => readonly string[];
}

/** Where a tracker runs, and what it is to know before it is asked. */
export interface Place {
  readonly port: number;
  readonly folder: string;
  readonly load: string;
  readonly swarms: number;
  readonly peers: number;
}

export interface Running {
  readonly kind: Kind;
  readonly port: number;
  /** Processor time of all its threads, in seconds. */
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

const SERVER_CORE = '0';
const LOAD_CORE = '1';
const ALL: readonly Mode[] = ['udp', 'http', 'tcp'];
const SOCKETS: readonly Mode[] = ['ws', 'offers'];

/** Trackers that can run here; the first is what the others are compared with. */
export function kinds(): Kind[] {
  const bun = findBun();
  const node = process.execPath;
  return [
    { name: 'opentracker', modes: ALL, command: opentracker },
    { name: 'bittorrent-tracker', modes: [...ALL, ...SOCKETS], command: stock },
    { name: 'ours, Node', modes: [...ALL, ...SOCKETS], command: ours(node) },
    { name: 'ours, Node, 1 worker', modes: ALL, command: ours(node, '--workers', '1') },
    ...(bun === undefined
      ? []
      : [
          { name: 'ours, Bun', modes: [...ALL, ...SOCKETS], command: ours(bun, '--workers', '0') },
          { name: 'ours, Bun, 1 worker', modes: ALL, command: ours(bun, '--workers', '1') },
        ]),
  ];
}

function ours(runtime: string, ...more: readonly string[]): Kind['command'] {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  // All peers of the load have one address, and announce far more often than any client.
  const limits = ['--max-peers-per-address', '10000000', '--min-interval', '1'];
  return ({ port }) => [
    ...[runtime, main, 'track', '--port', String(port), '--host', '127.0.0.1', '--quiet'],
    ...[...limits, ...more],
  ];
}

function opentracker({ port, folder, load, swarms }: Place): readonly string[] {
  const file = `hashes-${String(swarms)}`;
  writeFileSync(join(folder, file), execFileSync(load, ['hashes', String(swarms)], { maxBuffer: 2 ** 28 }));
  const at = ['-i', '127.0.0.1', '-p', String(port), '-P', String(port)];
  return ['opentracker', ...at, '-d', folder, '-u', 'nobody', '-w', file];
}

function stock({ port, load, swarms, peers }: Place): readonly string[] {
  const script = fileURLToPath(new URL('./stock.mjs', import.meta.url));
  return [process.execPath, '--max-old-space-size=8192', script, ...[port, load, swarms, peers].map(String)];
}

/** Starts one on its core; with peers it has them when this resolves. */
export async function start(kind: Kind, options: Omit<Place, 'port'>): Promise<Running> {
  const place = { ...options, port: await freePort() };
  const child = onServerCore(kind.command(place));
  const pid = child.pid ?? 0;
  await untilListening(place.port, child);
  if (place.peers > 0 && kind.command !== stock) {
    const [, , errors = 0] = drive(place.load, ['preload', place.port, 0, place.swarms, place.peers, 128]);
    if (errors > (place.swarms * place.peers) / 1000)
      throw new Error(`${kind.name} lost ${String(errors)} peers`);
  }
  return {
    kind,
    port: place.port,
    cpuSeconds: () => cpuSeconds(pid),
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) * 1024,
    stop: () => stop(child),
  };
}

/** Ends with the bench, even if that is killed. */
function onServerCore(command: readonly string[]): ChildProcess {
  const tied = ['--pdeathsig', 'KILL', '--', 'taskset', '-c', SERVER_CORE];
  return spawn('setpriv', [...tied, ...command], { stdio: 'ignore' });
}

/** A sink of the load generator in a tracker's place. */
export async function startSink(load: string, mode: Mode): Promise<Running> {
  const port = await freePort();
  const sink = mode === 'udp' ? 'udp-sink' : 'tcp-sink';
  const child = onServerCore([load, sink, '127.0.0.1', String(port)]);
  await setTimeout(300);
  const kind = { name: 'no tracker (echo in C)', modes: [mode], command: () => [] };
  return {
    ...{ kind, port, residentBytes: () => 0, stop: () => stop(child) },
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
  };
}

/** Answers, seconds, errors, bytes. */
export function drive(load: string, [mode, port, ...rest]: readonly (string | number)[]): number[] {
  const args = ['-c', LOAD_CORE, load, String(mode), '127.0.0.1', String(port), ...rest.map(String)];
  return execFileSync('taskset', args, { encoding: 'utf8' }).trim().split(' ').map(Number);
}

function cpuSeconds(pid: number): number {
  const tasks = `/proc/${String(pid)}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** All of them have HTTP on their port. */
async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 1800; attempt++) {
    await setTimeout(100);
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} has ended`);
    try {
      await fetch(`http://127.0.0.1:${String(port)}/scrape`);
      return;
    } catch {
      // Not yet.
    }
  }
  throw new Error('a tracker does not listen');
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
