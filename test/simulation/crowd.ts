// The flash crowd: one seed and N leechers with equal links. Prints the last leech's time as a multiple of F/R.
import { createSample } from './sample.ts';
import { World } from './world.ts';
import type { SimulatedNode } from './node.ts';

export interface CrowdOptions {
  readonly leechers: number;
  readonly length: number;
  readonly pieceLength: number;
  /** Bytes a second, each way. */
  readonly rate: number;
  readonly latencyMs: number;
  readonly windowBytes: number;
  readonly bufferBytes: number;
  readonly seed: number;
  readonly joinSpreadMs: number;
}

const CROWD: CrowdOptions = {
  leechers: 16,
  length: 64 * 1024 * 1024,
  pieceLength: 256 * 1024,
  rate: 5_000_000,
  latencyMs: 5,
  windowBytes: 128 * 1024,
  bufferBytes: 128 * 1024,
  seed: 1,
  joinSpreadMs: 200,
};

export interface CrowdResult {
  /** Multiples of F/R. */
  readonly last: number;
  readonly first: number;
  readonly mean: number;
  /** Copies that the seed sent, until the last leech had all. */
  readonly copies: number;
  /** Share of time in which leechers' uplinks were busy. */
  readonly busy: number;
  readonly wastedShare: number;
  readonly whole: boolean;
  readonly world: World;
  readonly node: SimulatedNode;
}

export function runCrowd(overrides: Partial<CrowdOptions> = {}): CrowdResult {
  const options = { ...CROWD, ...overrides };
  const sample = createSample(options);
  const world = new World({
    sample,
    seed: options.seed,
    pipe: {
      latencyMs: options.latencyMs,
      windowBytes: options.windowBytes,
      bufferBytes: options.bufferBytes,
      loss: 0,
    },
  });
  const link = { up: options.rate, down: options.rate };
  const seed = world.add({ link, have: world.full() });
  seed.join();
  const leechers: SimulatedNode[] = [];
  for (let i = 0; i < options.leechers; i++) {
    const node = world.add({ link });
    const before = [seed, ...leechers];
    leechers.push(node);
    world.queue.at((i * options.joinSpreadMs) / options.leechers, () => {
      node.join();
      for (const other of before) world.connect(node, other);
    });
  }
  const ideal = (options.length / options.rate) * 1000;
  const whole = world.runUntil(() => leechers.every((node) => node.isWhole), ideal * 10);
  const times = leechers.map((node) => (node.completedAt ?? Number.POSITIVE_INFINITY) / ideal);
  const wasted = leechers.reduce((sum, node) => sum + node.engine.snapshot(world.queue.now).wasted, 0);
  const busyMs = leechers.reduce((sum, node) => sum + node.link.busyMs, 0);
  return {
    last: Math.max(...times),
    first: Math.min(...times),
    mean: times.reduce((a, b) => a + b, 0) / times.length,
    copies: seed.engine.snapshot(world.queue.now).uploaded / options.length,
    busy: busyMs / leechers.length / world.queue.now,
    wastedShare: wasted / leechers.length / options.length,
    whole,
    world,
    node: seed,
  };
}
