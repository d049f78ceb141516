// The flash crowd: one seed and N leeches that start together over equal links, or over links of two kinds. Results are
// multiples of T = F/R: the time that one copy takes over one link. Large crowds know part of each other, as from a
// tracker, and share one copy of the content in memory.
import { Rng } from '../../src/core/swarm/rng.ts';
import { createSample } from './sample.ts';
import { World } from './world.ts';
import type { SimulatedNode } from './node.ts';

export interface CrowdOptions {
  readonly leechers: number;
  readonly length: number;
  readonly pieceLength: number;
  /** Bytes a second, each way, headers and acknowledgements included. */
  readonly rate: number;
  readonly latencyMs: number;
  /** Share of packets that are late by a retransmission. */
  readonly loss: number;
  readonly windowBytes: number;
  readonly bufferBytes: number;
  readonly packetBytes: number;
  readonly seed: number;
  /** The leeches' programs are up within this time. */
  readonly joinSpreadMs: number;
  /** Leeches whose number divides by this one have a quarter of the rate; 0: none. */
  readonly slowEvery: number;
  /** Leeches whose number divides by this one leave when they are whole; 0: none. */
  readonly leaveEvery: number;
  /** Others that a leech hears of when it joins. */
  readonly known: number;
}

const CROWD: CrowdOptions = {
  leechers: 16,
  length: 64 * 1024 * 1024,
  pieceLength: 256 * 1024,
  rate: 5_000_000,
  latencyMs: 5,
  loss: 0,
  windowBytes: 64 * 1024,
  bufferBytes: 128 * 1024,
  packetBytes: 4096,
  seed: 1,
  joinSpreadMs: 200,
  slowEvery: 0,
  leaveEvery: 0,
  known: 50,
};

export interface CrowdResult {
  /** Multiples of F/R, of all leeches or of those at full rate. */
  readonly last: number;
  readonly lastQuick: number;
  readonly first: number;
  readonly mean: number;
  /** Copies that the seed sent, until the last leech had all. */
  readonly copies: number;
  /** Share of time in which leeches' uplinks were busy. */
  readonly busy: number;
  readonly wastedShare: number;
  /** Share of each twentieth of T in which uplinks were busy: of the seed, and of the leeches. */
  readonly timeline: readonly { readonly seed: number; readonly leeches: number }[];
  readonly whole: boolean;
}

interface Crowd {
  readonly options: CrowdOptions;
  readonly world: World;
  readonly seed: SimulatedNode;
  readonly leechers: readonly SimulatedNode[];
}

export function runCrowd(overrides: Partial<CrowdOptions> = {}): CrowdResult {
  const options = { ...CROWD, ...overrides };
  const crowd = createCrowd(options);
  const { world, leechers } = crowd;
  const ideal = (options.length / options.rate) * 1000;
  const timeline = watchUplinks(crowd, ideal / 20);
  let left = leechers.length;
  for (const node of leechers) node.onWhole = () => left--;
  const whole = world.runUntil(() => left === 0, ideal * 20);
  return { ...resultOf(crowd, ideal), timeline, whole };
}

function createCrowd(options: CrowdOptions): Crowd {
  const { latencyMs, loss, windowBytes, bufferBytes, rate, packetBytes, leechers: count } = options;
  const world = new World({
    sample: createSample(options),
    seed: options.seed,
    pipe: { latencyMs, windowBytes, bufferBytes, loss },
  });
  const rng = new Rng(options.seed);
  const node = { keepsNothing: true };
  const seed = world.add({ ...node, link: { up: rate, down: rate, packetBytes }, have: world.full() });
  seed.join();
  const leechers: SimulatedNode[] = [];
  for (let i = 0; i < count; i++) {
    const part = divides(options.slowEvery, i) ? rate / 4 : rate;
    leechers.push(world.add({ ...node, link: { up: part, down: part, packetBytes } }));
  }
  const here: SimulatedNode[] = [seed];
  for (const [i, leecher] of leechers.entries()) {
    world.queue.at((i * options.joinSpreadMs) / count, () => {
      leecher.join();
      announce(world, leecher, someOf(here, options.known, rng));
      here.push(leecher);
    });
    if (divides(options.leaveEvery, i)) leavesWhenWhole(world, leecher);
  }
  return { options, world, seed, leechers };
}

function watchUplinks(
  { world, seed, leechers }: Crowd,
  everyMs: number,
): { readonly seed: number; readonly leeches: number }[] {
  const timeline: { readonly seed: number; readonly leeches: number }[] = [];
  const busyMs = (): { readonly seed: number; readonly leeches: number } => ({
    seed: seed.link.busyMs,
    leeches: leechers.reduce((sum, node) => sum + node.link.busyMs, 0) / leechers.length,
  });
  let before = busyMs();
  const look = (): void => {
    const now = busyMs();
    const [ofSeed, ofLeeches] = [now.seed - before.seed, now.leeches - before.leeches];
    timeline.push({ seed: ofSeed / everyMs, leeches: ofLeeches / everyMs });
    before = now;
    world.queue.after(everyMs, look);
  };
  world.queue.after(everyMs, look);
  return timeline;
}

function divides(every: number, i: number): boolean {
  return every > 0 && i % every === 0;
}

function leavesWhenWhole(world: World, node: SimulatedNode): void {
  const look = (): void => {
    if (node.isWhole) world.leave(node);
    else world.queue.after(50, look);
  };
  world.queue.after(50, look);
}

/** The tracker answers with some of those that are here. */
function announce(world: World, node: SimulatedNode, others: readonly SimulatedNode[]): void {
  const addresses = others.map(({ address }) => address);
  world.queue.after(4 * world.latencyMs, () => {
    node.handle({ kind: 'candidates', source: 'tracker', addresses });
  });
}

/** As many as a tracker names, at random. */
function someOf(nodes: readonly SimulatedNode[], count: number, rng: Rng): SimulatedNode[] {
  const pool = [...nodes];
  const some: SimulatedNode[] = [];
  while (some.length < count && pool.length > 0) some.push(...pool.splice(rng.below(pool.length), 1));
  return some;
}

function resultOf(
  { options, world, seed, leechers }: Crowd,
  ideal: number,
): Omit<CrowdResult, 'whole' | 'timeline'> {
  const timeOf = (node: SimulatedNode): number => (node.completedAt ?? Number.POSITIVE_INFINITY) / ideal;
  const times = leechers.map(timeOf);
  const quick = leechers.filter((_, i) => !divides(options.slowEvery, i)).map(timeOf);
  const { now } = world.queue;
  const wasted = leechers.reduce((sum, node) => sum + node.engine.snapshot(now).wasted, 0);
  const busyMs = leechers.reduce((sum, node) => sum + node.link.busyMs, 0);
  return {
    last: Math.max(...times),
    lastQuick: Math.max(...quick),
    first: Math.min(...times),
    mean: times.reduce((a, b) => a + b, 0) / times.length,
    copies: seed.engine.snapshot(now).uploaded / options.length,
    busy: busyMs / leechers.length / now,
    wastedShare: wasted / leechers.length / options.length,
  };
}
