// One seed, one leech, each on a host of its own with nothing between them but a virtual cable; content in memory.
// Pairings alternate within a round, so that a change of the machine's load falls on all of them.
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finished } from '../../test/support/clients/peer.ts';
import { makeContent, type Content } from '../../test/support/content.ts';
import { usageOf } from '../../test/support/processes.ts';
import { onStage, type Stage } from '../../test/support/stage.ts';
import { clientNamed } from '../support/clients.ts';
import { linkBytes, privateBytes, sampleWhile } from '../support/meter.ts';
import { describeMachine, median, report, rounded, type Row } from '../support/report.ts';
import { startPair, type Pairing } from './start-pair.ts';

const GIB = 2 ** 30;
/** Payload has begun when the leech's link has seen this much: more than handshakes and announces. */
const PAYLOAD_BEGUN = 256 * 1024;

/** What the programs themselves use beside the content. */
const WARM_EXTRA = 512 * 2 ** 20;

const USAGE = `usage: node bench/run.mjs pair [--gib 1] [--rounds 3] [--clients swarmpress,libtorrent,transmission,aria2,webtorrent]
  [--all]                  every pairing of the clients, not only each with itself and with the first, both ways
  [--pairs seed:leech,…]   just these; NAME+utp: without TCP between peers
  [--json FILE]            all numbers
Rates run from the first payload to the leech's own word that it has all.
`;

interface Transfer {
  readonly pairing: string;
  readonly mibPerSecond: number;
  /** From the leech's start on: with finding the seed and being unchoked. */
  readonly totalSeconds: number;
  readonly seedCpuPerGib: number;
  readonly leechCpuPerGib: number;
  readonly seedMib: number;
  readonly leechMib: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gib: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      clients: { type: 'string', default: 'swarmpress,libtorrent,transmission,aria2,webtorrent' },
      all: { type: 'boolean', default: false },
      pairs: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const pairings =
    values.pairs === undefined ? pairingsOf(values.clients, values.all) : namedPairings(values.pairs);
  const transfers: Transfer[] = [];
  await onStage(async (stage) => {
    const content = await makeContent(stage.folder, 'single', Math.round(Number(values.gib) * GIB));
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const pairing of pairings) transfers.push(await transfer(pairing, content));
    }
  });
  const rows = summarise(transfers);
  await report(machine, rows, { path: values.json, details: { gib: Number(values.gib), transfers } });
}

function pairingsOf(clients: string, isEvery: boolean): Pairing[] {
  const all = clients.split(',').map(clientNamed);
  const [first] = all;
  return all
    .flatMap((seed) => all.map((leech) => ({ seed, leech })))
    .filter(({ seed, leech }) => isEvery || seed === leech || seed === first || leech === first);
}

function namedPairings(pairs: string): Pairing[] {
  return pairs.split(',').map((pair) => {
    const [seed = '', leech = ''] = pair.split(':');
    return { seed: clientNamed(seed), leech: clientNamed(leech) };
  });
}

async function transfer(pairing: Pairing, content: Content): Promise<Transfer> {
  return onStage(async (stage) => {
    await warmMemory(stage, content.bytes);
    const { torrent, leech, seed } = await startPair(stage, pairing, content);
    const seedBefore = usageOf(seed.process.pid);
    const started = performance.now();
    let begun = started;
    let peaks = { seed: 0, leech: 0 };
    const running = await leech(torrent);
    await sampleWhile(finished(running, 600), 20, () => {
      if (linkBytes(running.process.pid).received < PAYLOAD_BEGUN) begun = performance.now();
      peaks = {
        seed: Math.max(peaks.seed, privateBytes(seed.process.pid)),
        leech: Math.max(peaks.leech, privateBytes(running.process.pid)),
      };
    });
    const ended = performance.now();
    const gib = content.bytes / GIB;
    return {
      pairing: `${pairing.seed.name} → ${pairing.leech.name}`,
      mibPerSecond: (gib * 1024) / ((ended - begun) / 1000),
      totalSeconds: (ended - started) / 1000,
      seedCpuPerGib: (usageOf(seed.process.pid).cpuSeconds - seedBefore.cpuSeconds) / gib,
      leechCpuPerGib: usageOf(running.process.pid).cpuSeconds / gib,
      seedMib: peaks.seed / 2 ** 20,
      leechMib: peaks.leech / 2 ** 20,
    };
  });
}

/**
 * Takes as much memory as a transfer needs and gives it back. On a virtual machine pages that nobody used lately cost
 * a trip to the host, and whoever is first in a round would pay for all.
 */
async function warmMemory(stage: Stage, bytes: number): Promise<void> {
  const folder = await stage.makeFolder('warm');
  const file = await open(join(folder, 'pages'), 'w');
  const block = Buffer.alloc(2 ** 20, 1);
  for (let at = 0; at < bytes + WARM_EXTRA; at += block.length) await file.write(block);
  await file.close();
  await rm(folder, { recursive: true });
}

function summarise(transfers: readonly Transfer[]): Row[] {
  const pairings = [...new Set(transfers.map((each) => each.pairing))];
  const middle = (pairing: string, pick: (each: Transfer) => number): number =>
    median(transfers.filter((each) => each.pairing === pairing).map(pick));
  const reference = pairings.includes('libtorrent → libtorrent')
    ? 'libtorrent → libtorrent'
    : (pairings[0] ?? '');
  const base = middle(reference, (each) => each.mibPerSecond);
  return pairings.map((pairing) => ({
    pairing,
    'MiB/s': rounded(middle(pairing, (each) => each.mibPerSecond)),
    [`× ${reference}`]: rounded(middle(pairing, (each) => each.mibPerSecond) / base),
    'total s': rounded(middle(pairing, (each) => each.totalSeconds)),
    'seed CPU s/GiB': rounded(middle(pairing, (each) => each.seedCpuPerGib)),
    'leech CPU s/GiB': rounded(middle(pairing, (each) => each.leechCpuPerGib)),
    'seed MiB': rounded(middle(pairing, (each) => each.seedMib)),
    'leech MiB': rounded(middle(pairing, (each) => each.leechMib)),
  }));
}
