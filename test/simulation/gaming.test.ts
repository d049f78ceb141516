// The only seed among peers that take its upload slots and do nothing with them: who wants the content gets it.
import { describe, expect, it } from 'vitest';
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
