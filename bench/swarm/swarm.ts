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
const PIECE_LENGTH = 256 * 1024;

const USAGE = `usage: node bench/run.mjs swarm [--mib 64] [--mbit 40] [--leeches 8,16,32] [--rounds 1]
  [--clients swarmpress,libtorrent,libtorrent+super,transmission,aria2,http]   +super: super-seeding; http: nginx and curl
  [--json FILE]   all numbers
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
  /** On an unlimited link. */
  readonly tracker: Host;
}

interface Outcome {
  readonly client: string;
  readonly leeches: number;
  /** Seconds from the seed's first payload to each leech's end, sorted. */
  readonly seconds: readonly number[];
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
  const bitsPerSecond = Number(values.mbit) * 1e6;
  const contenders = values.clients.split(',').map(contenderNamed);
  const outcomes: Outcome[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const count of values.leeches.split(',').map(Number)) {
      for (const contender of contenders) {
        const bytes = Number(values.mib) * 2 ** 20;
        outcomes.push(await play(contender, { count, bytes, bitsPerSecond }));
      }
    }
  }
  const details = { mib: Number(values.mib), mbit: Number(values.mbit), outcomes };
  await report(machine, summarise(outcomes), { path: values.json, details });
}

function contenderNamed(name: string): Contender {
  const [base = '', option] = name.split('+');
  const client = base === 'http' ? undefined : clientNamed(base);
  return { name, client, superSeeding: option === 'super' };
}

async function play(
  contender: Contender,
  size: { readonly count: number; readonly bytes: number; readonly bitsPerSecond: number },
): Promise<Outcome> {
  return onStage(async (stage) => {
    const [tracker, seed, ...leeches] = await createHosts(stage, size.count + 2);
    if (tracker === undefined || seed === undefined) throw new Error('no hosts');
    const content = await makeContent(await stage.makeFolder('content'), 'single', size.bytes);
    for (const host of [seed, ...leeches]) await host.shape(size.bitsPerSecond);
    const swarm = { stage, content, seed, leeches, tracker };
    const { seeder, start } = await (contender.client === undefined
      ? prepareHttp(swarm)
      : preparePeers(swarm, contender.client, contender.superSeeding));
    const measured = await measure(
      seeder,
      leeches.map((host) => () => start(host)),
    );
    const theoretical = (size.bytes * 8) / size.bitsPerSecond;
    return {
      client: contender.name,
      leeches: size.count,
      theoretical,
      ...measured,
      copies: measured.sent / size.bytes,
    };
  });
}

interface Prepared {
  /** The seed's process, by which its link is watched. */
  readonly seeder: number;
  readonly start: (host: Host) => Promise<RunningPeer>;
}

async function preparePeers(swarm: Swarm, client: PeerClient, superSeeding: boolean): Promise<Prepared> {
  const { stage, content, tracker } = swarm;
  const source = join(stage.folder, 'content.torrent');
  const hashes = await createWithLibtorrent({
    path: content.path,
    output: source,
    mode: 'v1',
    pieceLength: PIECE_LENGTH,
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

/** Starts all leeches at once and waits for the last. */
async function measure(
  seeder: number,
  starts: readonly (() => Promise<RunningPeer>)[],
): Promise<{ readonly seconds: readonly number[]; readonly sent: number; readonly busy: number }> {
  const sentBefore = linkBytes(seeder).sent;
  const cpuBefore = usageOf(seeder).cpuSeconds;
  let begun = performance.now();
  const peers: RunningPeer[] = [];
  const ends = starts.map(async (start) => {
    const peer = await start();
    peers.push(peer);
    await finished(peer, 1800);
    return performance.now();
  });
  const ended = await sampleWhile(Promise.all(ends), 10, () => {
    if (linkBytes(seeder).sent - sentBefore < PAYLOAD_BEGUN) begun = performance.now();
  });
  const seconds = ended.map((end) => (end - begun) / 1000).sort((left, right) => left - right);
  const cpu = peers.reduce((sum, peer) => sum + usageOf(peer.process.pid).cpuSeconds, 0);
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
      'last s': of((each) => each.seconds.at(-1) ?? 0),
      copies: of((each) => each.copies),
      busy: of((each) => each.busy),
    };
  });
}
