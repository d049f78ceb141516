// The only seed among peers that take its upload slots and do nothing with them: who wants the content gets it.
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/swarm/rng.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import type { NodeOptions, SimulatedNode } from './node.ts';
import { createSample } from './sample.ts';
import { World } from './world.ts';

const RATE = 1_000_000;
const LENGTH = 8 * 1024 * 1024;
const T = (LENGTH / RATE) * 1000;
const LINK = { up: RATE, down: RATE };

/** Says that it is interested, and never asks for anything. */
const silent = (message: Message): Message | undefined =>
  message.kind === 'have-none' ? { kind: 'interested' } : isSaid(message) ? message : undefined;
const isSaid = ({ kind }: Message): boolean => kind === 'extended' || kind === 'interested';

/** What they do, and in how many times T all honest ones must be whole. */
const GAMERS: readonly (readonly [what: string, Partial<NodeOptions>, most: number])[] = [
  ['never ask', { tamper: silent }, 2.5],
  // The network takes 128 KiB for each of them, 25 MiB in all, before it can be told that they read nothing: 3 T.
  ['ask, and read a kilobyte a second', { link: { up: RATE, down: 1000 } }, 7],
  ['report what they were shown, and ask for nothing', { tamper: (message) => pretend(message) }, 3.5],
];

function pretend(message: Message): Message {
  return message.kind === 'request' ? { kind: 'have', piece: message.piece } : message;
}

interface Game {
  readonly world: World;
  readonly seed: SimulatedNode;
  readonly honest: readonly SimulatedNode[];
}

/** The gamers are there first. */
function play(gamers: number, options: Partial<NodeOptions>): Game {
  const world = new World({
    sample: createSample({ length: LENGTH, pieceLength: 64 * 1024 }),
    seed: 7,
    pipe: { latencyMs: 20, windowBytes: 64 * 1024, bufferBytes: 64 * 1024, loss: 0 },
  });
  const seed = world.add({ link: LINK, have: world.full(), engine: { maxPeers: 500 } });
  seed.join();
  for (let i = 0; i < gamers; i++) {
    const gamer = world.add({ keepsNothing: true, link: LINK, ...options });
    gamer.join();
    world.queue.at(i, () => {
      world.connect(gamer, seed);
    });
  }
  const honest: SimulatedNode[] = [];
  for (let i = 0; i < 6; i++) {
    const node = world.add({ link: LINK });
    world.queue.at(gamers + 1000 + 100 * i, () => {
      node.join();
      for (const other of [seed, ...honest]) world.connect(node, other);
      honest.push(node);
    });
  }
  world.runUntil(() => honest.length === 6, 60_000);
  return { world, seed, honest };
}

/** Multiples of T after the last came. */
function timeOf({ world, honest }: Game): number {
  const began = world.queue.now;
  const whole = world.runUntil(() => honest.every((node) => node.isWhole), began + 40 * T);
  return whole ? (world.queue.now - began) / T : Number.POSITIVE_INFINITY;
}

describe('a seed among two hundred peers that', () => {
  it.each(GAMERS)('%s serves six honest ones', (_, options, most) => {
    expect(timeOf(play(200, options))).toBeLessThan(most);
  });

  it('come, ask for nothing and go serves six honest ones', () => {
    const game = play(200, { tamper: silent });
    keepComing(game);
    expect(timeOf(game)).toBeLessThan(2.5);
  });
});

/** Says that it is interested; at an unchoke it asks for some blocks, of pieces that it may not have been shown. */
const onlyInterested = (message: Message): Message | undefined =>
  message.kind === 'have-none' ? { kind: 'interested' } : undefined;

function takeSome({ kind }: Message, rng: Rng): Message[] {
  if (kind !== 'unchoke') return [];
  return Array.from({ length: 1 + rng.below(6) }, () => {
    return { kind: 'request', piece: rng.below(383), begin: 0, length: 16_384 };
  });
}

function keepComing({ world, seed }: Game): void {
  // Each is gone after five seconds, and a stranger comes a moment later.
  const visit = (gamer: SimulatedNode): void => {
    world.leave(gamer);
    const next = world.add({ keepsNothing: true, link: LINK, tamper: silent });
    next.join();
    world.connect(next, seed);
    world.queue.after(5000, () => {
      visit(next);
    });
  };
  for (const [i, gamer] of world.nodes.slice(1, 201).entries()) {
    world.queue.after(25 * i, () => {
      visit(gamer);
    });
  }
}

/** An afternoon at a public seed: all links are quick, some come for all of it and most for nothing much. */
describe('a seed among two hundred peers that take a few blocks and go', () => {
  it.each([1, 2, 6])('gives it all to each that comes, %i at a time', (atATime) => {
    const seconds = comeAndGo(atATime, 60_000);
    expect(seconds.length).toBeGreaterThan(5 * atATime);
    expect(Math.max(...seconds)).toBeLessThan(8);
  });
});

/** Seconds that each stay of an honest peer took. All that come are strangers; each honest one goes when it is whole. */
function comeAndGo(atATime: number, forMs: number): number[] {
  const world = new World({
    sample: createSample({ length: 24 * 1024 * 1024, pieceLength: 64 * 1024 }),
    seed: 7,
    pipe: { latencyMs: 1, windowBytes: 1024 * 1024, bufferBytes: 256 * 1024, loss: 0 },
  });
  const rng = new Rng(7);
  const link = { up: 20_000_000, down: 20_000_000, packetBytes: 16_384 };
  const seed = world.add({ link, have: world.full(), engine: { maxPeers: 500 } });
  seed.join();
  const visitor = {
    link,
    keepsNothing: true,
    tamper: onlyInterested,
    answer: (m: Message) => takeSome(m, rng),
  };
  const visit = (): void => {
    const node = world.add(visitor);
    node.join();
    world.connect(node, seed);
    world.queue.after(500 + rng.below(10_000), () => {
      world.leave(node);
      world.queue.after(200 + rng.below(12_000), visit);
    });
  };
  for (let i = 0; i < 200; i++) world.queue.at(rng.below(15_000), visit);
  const seconds: number[] = [];
  const here = new Set<SimulatedNode>();
  const come = (): void => {
    const node = world.add({ link, keepsNothing: true });
    node.join();
    for (const other of [seed, ...here]) world.connect(node, other);
    here.add(node);
    const begun = world.queue.now;
    node.onWhole = () => {
      seconds.push((world.queue.now - begun) / 1000);
      world.queue.after(500, () => {
        here.delete(node);
        world.leave(node);
        world.queue.after(5000, come);
      });
    };
  };
  for (let i = 0; i < atATime; i++) world.queue.at(15_000 + 700 * i, come);
  world.runUntil(() => false, 15_000 + forMs);
  const { now } = world.queue;
  return [
    ...seconds,
    ...[...here].filter((node) => !node.isWhole).map((node) => (now - node.joinedAt) / 1000),
  ];
}
