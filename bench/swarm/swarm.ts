// One seed and N leeches that come at once, every link limited both ways. The measure is T, the time one copy takes
// over one link: a swarm cannot be faster than T, a server with N downloads takes N × T.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createWithLibtorrent } from '../../test/support/clients/libtorrent.ts';
import { finished, type PeerClient, type RunningPeer } from '../../test/support/clients/peer.ts';
import { makeContent, type Content } from '../../test/support/content.ts';
import { createHosts, type Host } from '../../test/support/network.ts';
import { startNginx } from '../../test/support/nginx.ts';
import { usageOf } from '../../test/support/processes.ts';
import { onStage, type Stage } from '../../test/support/stage.ts';
import { startOpentracker, waitForSeeders } from '../../test/support/trackers.ts';
import { clientNamed } from '../support/clients.ts';
import { linkBytes, sampleWhile } from '../support/meter.ts';
import { describeMachine, median, report, rounded, type Row } from '../support/report.ts';

/** The seed's link has seen more than announces and handshakes: the clock starts. */
const PAYLOAD_BEGUN = 256 * 1024;

const USAGE = `usage: node bench/run.mjs swarm [--mib 64] [--mbit 40] [--leeches 8,16,32] [--rounds 1]
  [--clients swarmpress,libtorrent,libtorrent+super,transmission,aria2,http]   +super: super-seeding; http: nginx and curl
  [--piece 256]         KiB of a piece
  [--slow-every 0]      leeches whose number divides by this have a quarter of the rate; their T is four times as long
  [--leave-every 0]     leeches whose number divides by this leave when they are done
  [--json FILE]         all numbers; \`node bench/run.mjs crowd --measured FILE\` draws them and compares the simulation
last/T: the last leech's time as a multiple of T; copies: what left the seed's link over the content's length.
`;

interface Contender {
  readonly name: string;
  /** Undefined: plain HTTP. */
  readonly client: PeerClient | undefined;
  readonly superSeeding: boolean;
}

interface Swarm {
  readonly stage: Stage;
  readonly content: Content;
  readonly seed: Host;
  readonly leeches: readonly Host[];
  readonly pieceLength: number;
  /** On an unlimited link. */
  readonly tracker: Host;
}

interface Outcome {
  readonly client: string;
  readonly leeches: number;
  /** Seconds from the seed's first payload to each leech's end, sorted: of those at full rate, and of slow ones. */
  readonly seconds: readonly number[];
  readonly slowSeconds: readonly number[];
  readonly theoretical: number;
  readonly copies: number;
  /** Share of the machine's processor time that peers used: near 1, the machine was the limit. */
  readonly busy: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mib: { type: 'string', default: '64' },
      mbit: { type: 'string', default: '40' },
      leeches: { type: 'string', default: '8,16,32' },
      rounds: { type: 'string', default: '1' },
      piece: { type: 'string', default: '256' },
      'slow-every': { type: 'string', default: '0' },
      'leave-every': { type: 'string', default: '0' },
      clients: { type: 'string', default: 'swarmpress,libtorrent,libtorrent+super,transmission,aria2,http' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const size = {
    bytes: Number(values.mib) * 2 ** 20,
    bitsPerSecond: Number(values.mbit) * 1e6,
    pieceLength: Number(values.piece) * 1024,
    slowEvery: Number(values['slow-every']),
    leaveEvery: Number(values['leave-every']),
  };
  const contenders = values.clients.split(',').map(contenderNamed);
  const outcomes: Outcome[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const count of values.leeches.split(',').map(Number)) {
      for (const contender of contenders) {
        outcomes.push(await play(contender, { ...size, count }));
      }
    }
  }
  const details = {
    mib: Number(values.mib),
    mbit: Number(values.mbit),
    piece: Number(values.piece),
    outcomes,
  };
  await report(machine, summarise(outcomes), { path: values.json, details });
}

function contenderNamed(name: string): Contender {
  const [base = '', option] = name.split('+');
  const client = base === 'http' ? undefined : clientNamed(base);
  return { name, client, superSeeding: option === 'super' };
}

interface Size {
  readonly count: number;
  readonly bytes: number;
  readonly bitsPerSecond: number;
  readonly pieceLength: number;
  readonly slowEvery: number;
  readonly leaveEvery: number;
}

async function play(contender: Contender, size: Size): Promise<Outcome> {
  return onStage(async (stage) => {
    const [tracker, seed, ...leeches] = await createHosts(stage, size.count + 2);
    if (tracker === undefined || seed === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'single', size.bytes);
    await seed.shape(size.bitsPerSecond);
    for (const [i, host] of leeches.entries()) {
      await host.shape(divides(size.slowEvery, i) ? size.bitsPerSecond / 4 : size.bitsPerSecond);
    }
    const swarm = { stage, content, seed, leeches, tracker, pieceLength: size.pieceLength };
    const { seeder, start } = await (contender.client === undefined
      ? prepareHttp(swarm)
      : preparePeers(swarm, contender.client, contender.superSeeding));
    const { sent, seconds, busy } = await measure(
      seeder,
      leeches.map((host) => () => start(host)),
      size.leaveEvery,
    );
    const sorted = (isSlow: boolean): number[] =>
      seconds.filter((_, i) => divides(size.slowEvery, i) === isSlow).sort((left, right) => left - right);
    return {
      client: contender.name,
      leeches: size.count,
      theoretical: (size.bytes * 8) / size.bitsPerSecond,
      seconds: sorted(false),
      slowSeconds: sorted(true),
      busy,
      copies: sent / size.bytes,
    };
  });
}

function divides(every: number, i: number): boolean {
  return every > 0 && i % every === 0;
}

interface Prepared {
  /** The seed's process, by which its link is watched. */
  readonly seeder: number;
  readonly start: (host: Host) => Promise<RunningPeer>;
}

async function preparePeers(swarm: Swarm, client: PeerClient, superSeeding: boolean): Promise<Prepared> {
  const { stage, content, tracker, pieceLength } = swarm;
  const source = join(stage.folder, 'content.torrent');
  const hashes = await createWithLibtorrent({
    path: content.path,
    output: source,
    mode: 'v1',
    pieceLength,
    trackers: [`http://${tracker.address}:6969/announce`],
  });
  const running = await startOpentracker(tracker, [hashes.v1 ?? '']);
  const seed = await client.start(swarm.seed, { role: 'seed', source, folder: content.folder, superSeeding });
  await waitForSeeders(running, hashes.v1 ?? '');
  return {
    seeder: seed.process.pid,
    start: async (host) =>
      client.start(host, { role: 'leech', source, folder: await stage.makeFolder('leech') }),
  };
}

async function prepareHttp(swarm: Swarm): Promise<Prepared> {
  const url = `${await startNginx(swarm.seed, swarm.content.folder)}${encodeURIComponent(swarm.content.name)}`;
  // A process of the seed's namespace that lives as long as the swarm does.
  const witness = swarm.seed.start(['sh', '-c', 'echo inside; exec sleep 3600']);
  await witness.waitForLine((line) => (line === 'inside' ? true : undefined));
  return {
    seeder: witness.pid,
    start: async (host) => {
      const folder = await swarm.stage.makeFolder('leech');
      const child = host.start(['curl', '--silent', '--fail', '--output', join(folder, 'file'), url]);
      const done = child.exited.then((code) => {
        if (code !== 0) throw new Error(`curl ended with ${String(code)}`);
      });
      return { process: child, done };
    },
  };
}

/** Starts all leeches at once and waits for the last. Some leave as soon as they are done. */
async function measure(
  seeder: number,
  starts: readonly (() => Promise<RunningPeer>)[],
  leaveEvery: number,
): Promise<{ readonly seconds: readonly number[]; readonly sent: number; readonly busy: number }> {
  const sentBefore = linkBytes(seeder).sent;
  const cpuBefore = usageOf(seeder).cpuSeconds;
  let begun = performance.now();
  const peers: RunningPeer[] = [];
  let cpu = 0;
  const ends = starts.map(async (start, i) => {
    const peer = await start();
    await finished(peer, 1800);
    const end = performance.now();
    if (divides(leaveEvery, i)) {
      cpu += usageOf(peer.process.pid).cpuSeconds;
      peer.process.kill();
    } else peers.push(peer);
    return end;
  });
  const ended = await sampleWhile(Promise.all(ends), 10, () => {
    if (linkBytes(seeder).sent - sentBefore < PAYLOAD_BEGUN) begun = performance.now();
  });
  const seconds = ended.map((end) => (end - begun) / 1000);
  cpu += peers.reduce((sum, peer) => sum + usageOf(peer.process.pid).cpuSeconds, 0);
  const elapsed = (performance.now() - begun) / 1000;
  return {
    seconds,
    sent: linkBytes(seeder).sent - sentBefore,
    busy: (cpu + usageOf(seeder).cpuSeconds - cpuBefore) / elapsed / describeMachine().cores,
  };
}

function summarise(outcomes: readonly Outcome[]): Row[] {
  const groups = new Map<string, Outcome[]>();
  for (const each of outcomes) {
    const key = `${String(each.leeches)} ${each.client}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((group) => {
    const of = (pick: (each: Outcome) => number): number => rounded(median(group.map(pick)));
    return {
      leeches: group[0]?.leeches ?? 0,
      client: group[0]?.client ?? '',
      'last/T': of((each) => (each.seconds.at(-1) ?? 0) / each.theoretical),
      'median/T': of((each) => median(each.seconds) / each.theoretical),
      ...(group.every((each) => each.slowSeconds.length > 0)
        ? { 'slow/4T': of((each) => (each.slowSeconds.at(-1) ?? 0) / each.theoretical / 4) }
        : {}),
      'last s': of((each) => each.seconds.at(-1) ?? 0),
      copies: of((each) => each.copies),
      busy: of((each) => each.busy),
    };
  });
}
