// Ready-made swarms for tests, and what must hold in all of them.
import { invariant } from '../../src/core/invariant.ts';
import type { Capabilities } from '../../src/core/wire/messages.ts';
import type { SimulatedNode, NodeOptions } from './node.ts';
import { createSample } from './sample.ts';
import type { Sample, SampleOptions } from './sample.ts';
import { World } from './world.ts';

export interface SwarmScenario {
  readonly seeds: number;
  readonly leechers: number;
  readonly sample?: Partial<SampleOptions>;
  /** Bytes a second each way. */
  readonly rate?: number;
  readonly latencyMs?: number;
  readonly loss?: number;
  readonly seed?: number;
  readonly capabilities?: Capabilities;
  /** Changes to the options of one node; seeds come first. */
  readonly node?: (index: number, world: World) => Partial<NodeOptions>;
}

export interface Swarm {
  readonly world: World;
  readonly sample: Sample;
  readonly seeds: readonly SimulatedNode[];
  readonly leechers: readonly SimulatedNode[];
  /** Milliseconds in which one link carries the content. */
  readonly idealMs: number;
}

const MIB = 1024 * 1024;
const DEFAULT_RATE = 2_000_000;

/** Everybody is connected to everybody, seeds excepted, within 100 ms. */
export function createSwarm(scenario: SwarmScenario): Swarm {
  const { rate = DEFAULT_RATE, latencyMs = 5, loss = 0, seed = 1 } = scenario;
  const sample = createSample({ length: 4 * MIB, pieceLength: 64 * 1024, ...scenario.sample });
  const world = new World({
    sample,
    seed,
    pipe: { latencyMs, windowBytes: 64 * 1024, bufferBytes: 64 * 1024, loss },
    ...(scenario.capabilities === undefined ? {} : { capabilities: scenario.capabilities }),
  });
  const link = { up: rate, down: rate };
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < scenario.seeds + scenario.leechers; index++) {
    const have = index < scenario.seeds ? { have: world.full() } : {};
    nodes.push(world.add({ link, ...have, ...scenario.node?.(index, world) }));
  }
  const seeds = nodes.slice(0, scenario.seeds);
  const leechers = nodes.slice(scenario.seeds);
  for (const [index, node] of nodes.entries()) {
    const before = nodes.slice(0, index);
    world.queue.at((100 * index) / nodes.length, () => {
      node.join();
      if (index < scenario.seeds) return;
      for (const other of before) world.connect(node, other);
    });
  }
  return { world, sample, seeds, leechers, idealMs: (sample.bytes.length / rate) * 1000 };
}

/** Runs until all of these nodes are whole; false if that takes more than `times` the ideal time. */
export function finish(swarm: Swarm, nodes: readonly SimulatedNode[], times: number): boolean {
  const { world, idealMs } = swarm;
  const isDone = world.runUntil(() => nodes.every((node) => node.isWhole), idealMs * times);
  for (const node of world.nodes) checkNode(world, node);
  return isDone;
}

/** No wrong byte is had, the engine and the disk agree, buffers stay in their budget and are all given back. */
export function checkNode(world: World, node: SimulatedNode): void {
  const { pieceLength } = world.sample.metainfo;
  for (const piece of node.have) {
    const stored = node.disk.subarray(piece * pieceLength, (piece + 1) * pieceLength);
    invariant(Buffer.compare(stored, world.pieceBytes(piece)) === 0, 'a piece that is had is right');
  }
  const map = node.engine.pieces();
  for (const [piece, state] of map.entries()) {
    invariant((state === 2) === node.have.has(piece), 'the engine has what the disk has');
  }
  invariant(node.buffers.mostBytes <= node.bufferBudget, 'buffers stay within their budget');
  const inMemory = map.reduce((sum, state) => sum + (state === 1 ? 1 : 0), 0);
  invariant(inMemory > 0 || node.buffers.lentBytes === 0, 'no buffer is kept for nothing');
}
