// Holepunching (BEP 55) in virtual time: peers behind routers meet through one that both can reach.
import { describe, expect, it } from 'vitest';
import type { PeerAddress } from '../../src/core/address.ts';
import { EXTENSION_IDS } from '../../src/core/wire/extended.ts';
import { encodeHolepunch, HOLEPUNCH_ERRORS, parseHolepunch } from '../../src/core/wire/holepunch.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import { createSample } from './sample.ts';
import type { NodeOptions, SimulatedNode } from './node.ts';
import { World } from './world.ts';

const LINK = { up: 2e6, down: 2e6 };
const MINUTES = 60_000;

interface Scene {
  readonly world: World;
  readonly relay: SimulatedNode;
  readonly a: SimulatedNode;
  readonly b: SimulatedNode;
}

/** Two nodes behind routers that have all but know only the relay, which has nothing. */
function createScene(
  options: { readonly isPrivate?: boolean; readonly node?: Partial<NodeOptions> } = {},
): Scene {
  const plain = createSample({ length: 2 ** 20, pieceLength: 64 * 1024 });
  const sample = { ...plain, metainfo: { ...plain.metainfo, private: options.isPrivate ?? false } };
  const pipe = { latencyMs: 20, windowBytes: 64 * 1024, bufferBytes: 64 * 1024, loss: 0 };
  const world = new World({ sample, seed: 1, pipe });
  const add = (more: Partial<NodeOptions>): SimulatedNode =>
    world.add({ link: LINK, engine: { port: 6881, holepunch: true, maxPeers: 80 }, ...more });
  const relay = add({});
  const a = add({ routed: true, ...options.node });
  const b = add({ routed: true });
  for (const node of world.nodes) node.join();
  world.connect(a, relay);
  world.connect(b, relay);
  return { world, relay, a, b };
}

function areConnected(a: SimulatedNode, b: SimulatedNode): boolean {
  return [...a.connections.values()].some(({ remote }) => remote === b);
}

/** Punches of either side that open nothing, as packets that were lost. */
function loseFirst(world: World, count: number): void {
  const punch = world.punch.bind(world);
  let lost = 0;
  world.punch = (from, address) => {
    if (lost >= count) punch(from, address);
    else {
      lost++;
      world.lose(from, address);
    }
  };
}

/** Answers to holepunch messages that a node sends to the relay of a scene by hand. */
function ask(scene: Scene, kind: 'rendezvous' | 'connect', address: PeerAddress): void {
  const [connection] = scene.a.connections.values();
  const payload = encodeHolepunch({ kind, address, error: 0 });
  const message: Message = { kind: 'extended', id: EXTENSION_IDS.ut_holepunch, payload };
  scene.relay.handle({ kind: 'message', peer: connection?.key ?? 0, message });
}

/** Notes the holepunch messages that a node sends. */
function recording(): { readonly sent: Message[]; readonly options: Partial<NodeOptions> } {
  const sent: Message[] = [];
  const tamper = (message: Message): Message => {
    if (message.kind === 'extended' && message.id === EXTENSION_IDS.ut_holepunch) sent.push(message);
    return message;
  };
  return { sent, options: { tamper } };
}

describe('holepunching', () => {
  it('brings two peers behind routers together through a common peer', () => {
    const { world, a, b } = createScene();
    expect(world.runUntil(() => areConnected(a, b), 5 * MINUTES)).toBe(true);
  });

  it('meets soon when the first punch is lost', () => {
    const { world, a, b } = createScene();
    loseFirst(world, 2);
    expect(world.runUntil(() => areConnected(a, b), 45_000)).toBe(true);
  });

  it('asks with growing pauses, and no more after a few punches that were lost', () => {
    const { sent, options } = recording();
    const { world, a, b } = createScene({ node: options });
    loseFirst(world, Number.POSITIVE_INFINITY);
    const asked: number[] = [];
    world.runUntil(() => {
      if (sent.length > asked.length) asked.push(world.queue.now);
      return false;
    }, 9 * MINUTES);
    expect(areConnected(a, b)).toBe(false);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThanOrEqual(6);
    const pauses = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(pauses.at(-1)).toBeGreaterThan(2 * (pauses[0] ?? 0));
  });

  it('is left alone in a private torrent', () => {
    const { world, a, b } = createScene({ isPrivate: true });
    world.runUntil(() => areConnected(a, b), 5 * MINUTES);
    expect(areConnected(a, b)).toBe(false);
  });

  it('is left alone by a peer that does not take part', () => {
    const { sent, options } = recording();
    const node = { ...options, engine: { port: 6881, maxPeers: 80 } };
    const { world, a, b } = createScene({ node });
    world.runUntil(() => areConnected(a, b), 5 * MINUTES);
    expect(areConnected(a, b)).toBe(false);
    expect(sent).toEqual([]);
  });

  it('answers with the errors of BEP 55', () => {
    const scene = createScene();
    const answers: number[] = [];
    scene.world.runUntil(() => scene.a.connections.size > 0 && scene.b.connections.size > 0, 1000);
    scene.world.runUntil(() => false, scene.world.queue.now + 1000);
    const handle = scene.a.handle.bind(scene.a);
    scene.a.handle = (input) => {
      if (input.kind === 'message' && input.message.kind === 'extended' && input.message.id === 4) {
        answers.push(parseHolepunch(input.message.payload).error);
      }
      handle(input);
    };
    ask(scene, 'rendezvous', { ip: '10.9.9.9', port: 6881 });
    ask(scene, 'rendezvous', { ip: '10.9.9.9', port: 0 });
    ask(scene, 'rendezvous', scene.a.address);
    ask(scene, 'rendezvous', scene.relay.address);
    scene.world.runUntil(() => answers.length === 4, scene.world.queue.now + 1000);
    const { notConnected, noSuchPeer, noSelf } = HOLEPUNCH_ERRORS;
    expect(answers).toEqual([notConnected, noSuchPeer, notConnected, noSelf]);
  });

  it('dials a few addresses for a peer that names thousands, and then drops it', () => {
    const scene = createScene();
    scene.world.runUntil(() => scene.a.connections.size > 0, 1000);
    scene.world.runUntil(() => false, scene.world.queue.now + 1000);
    let punches = 0;
    const punch = scene.world.punch.bind(scene.world);
    scene.world.punch = (from, address) => {
      if (from === scene.relay) punches++;
      punch(from, address);
    };
    for (let i = 0; i < 2000; i++)
      ask(scene, 'connect', { ip: `10.8.${String(i >> 8)}.${String(i & 255)}`, port: 80 });
    expect(punches).toBeLessThanOrEqual(20);
    expect(scene.relay.connections.size).toBe(1);
  });
});
