import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../bytes/bytes.ts';
import { LIMITS } from '../limits.ts';
import { UtpMultiplexer } from './multiplexer.ts';
import type { UtpEvent, UtpKey } from './multiplexer.ts';
import { PACKET_TYPE, encodePacket, parsePacket } from './packet.ts';
import type { PacketType, UtpPacket } from './packet.ts';
import { RECEIVE_WINDOW_BYTES } from './reorder-buffer.ts';

/** A small generator of repeatable numbers of 32 bits. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state ^ (state >>> 13)) >>> 0;
  };
}

interface LinkOptions {
  /** Chance of 0..1 for each packet. */
  readonly loss?: number;
  readonly duplication?: number;
  readonly delayMs?: number;
  /** Added at random, so packets overtake each other. */
  readonly jitterMs?: number;
  /** Bytes a millisecond; what comes faster queues. */
  readonly rate?: number;
  /** Bytes that may queue. */
  readonly buffer?: number;
}

interface Arrival {
  readonly at: number;
  readonly to: Side;
  readonly bytes: Uint8Array;
}

/** One end: its machine and what came out of it. */
class Side {
  readonly machine: UtpMultiplexer;
  readonly address: { readonly ip: string; readonly port: number };
  readonly chunks: Uint8Array[] = [];
  readonly events: string[] = [];
  key: UtpKey | undefined;
  taken = 0;
  sentPackets = 0;
  linkFreeAt = 0;
  largest = 0;

  constructor(port: number) {
    this.machine = new UtpMultiplexer(seeded(port));
    this.address = { ip: '10.0.0.1', port };
  }

  get received(): Uint8Array {
    return concatBytes(this.chunks);
  }
}

/** Two ends, a link between them and a virtual clock. */
class World {
  readonly a = new Side(1);
  readonly b = new Side(2);
  readonly #options: Required<LinkOptions>;
  readonly #random: () => number;
  #arrivals: Arrival[] = [];
  now = 4_294_900; // The 32-bit microsecond clock wraps soon.
  worstQueueMs = 0;

  constructor(options: LinkOptions = {}, seed = 99) {
    this.#random = seeded(seed);
    this.#options = {
      loss: 0,
      duplication: 0,
      delayMs: 10,
      jitterMs: 0,
      rate: Infinity,
      buffer: Infinity,
      ...options,
    };
  }

  connect(): void {
    this.a.key = this.a.machine.connect(this.b.address, this.now);
    this.settle();
    this.runUntil(() => this.a.events.length > 0);
    this.run(500);
  }

  /** Runs until `done`, or fails after `limitMs` of virtual time. */
  runUntil(done: () => boolean, limitMs = 600_000): void {
    const end = this.now + limitMs;
    while (!done()) {
      if (!this.step() || this.now > end)
        throw new Error(`stood still or out of time: ${this.a.events.join()} / ${this.b.events.join()}`);
    }
  }

  run(durationMs: number): void {
    const end = this.now + durationMs;
    while ((this.#nextAt() ?? Infinity) <= end && this.step());
    this.now = end;
  }

  /** Moves on to the next arrival or timeout. */
  step(): boolean {
    const at = this.#nextAt();
    if (at === undefined) return false;
    this.now = Math.max(this.now, at);
    const due = this.#arrivals.filter((arrival) => arrival.at <= this.now).sort((x, y) => x.at - y.at);
    this.#arrivals = this.#arrivals.filter((arrival) => arrival.at > this.now);
    for (const { to, bytes } of due) {
      to.machine.receive(bytes, to === this.a ? this.b.address : this.a.address, this.now);
      this.settle();
      bytes.fill(0xee); // The receiver's buffer is used again.
    }
    for (const side of [this.a, this.b]) {
      const wakeAt = side.machine.nextTimeout();
      if (wakeAt !== undefined && wakeAt <= this.now) side.machine.tick(this.now);
    }
    this.settle();
    return true;
  }

  settle(): void {
    for (const side of [this.a, this.b]) {
      for (let event = side.machine.poll(); event !== undefined; event = side.machine.poll())
        this.#note(side, event);
    }
  }

  #note(side: Side, event: UtpEvent): void {
    switch (event.kind) {
      case 'send':
        return this.#send(side, event.bytes);
      case 'data':
        side.chunks.push(new Uint8Array(event.bytes));
        return;
      case 'taken':
        side.taken += event.bytes;
        return;
      case 'accepted':
        side.key = event.key;
        side.events.push('accepted');
        return;
      case 'connected':
        side.events.push('connected');
        return;
      case 'closed':
        side.events.push(event.error?.code ?? 'closed');
    }
  }

  #send(from: Side, bytes: Uint8Array): void {
    const { loss, duplication, delayMs, jitterMs, rate, buffer } = this.#options;
    const chance = (): number => this.#random() / 2 ** 32;
    from.sentPackets++;
    from.largest = Math.max(from.largest, bytes.length);
    const queueMs = Math.max(0, from.linkFreeAt - this.now);
    this.worstQueueMs = Math.max(this.worstQueueMs, queueMs);
    if (queueMs * rate > buffer) return;
    from.linkFreeAt = this.now + queueMs + bytes.length / rate;
    if (chance() < loss) return;
    const copies = chance() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = from.linkFreeAt + delayMs + chance() * jitterMs;
      this.#arrivals.push({ at, to: from === this.a ? this.b : this.a, bytes: bytes.slice() });
    }
  }

  #nextAt(): number | undefined {
    const times = [
      ...this.#arrivals.map(({ at }) => at),
      this.a.machine.nextTimeout() ?? Infinity,
      this.b.machine.nextTimeout() ?? Infinity,
    ];
    const next = Math.min(...times);
    return next === Infinity ? undefined : next;
  }
}

function content(length: number, seed = 1): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => random() & 0xff);
}

function say(world: World, side: Side, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 7777) {
    side.machine.write(side.key ?? -1, [bytes.subarray(at, at + 7777)], world.now);
    world.settle();
  }
}

/** Sends both ways, in writes of odd sizes, and waits for the last byte. */
function exchange(world: World, forth: Uint8Array, back: Uint8Array): void {
  const { a, b } = world;
  // Only what the dialling side has to say is sure to prove its address over a lossy link.
  say(world, a, forth);
  if (back.length > 0) world.runUntil(() => b.key !== undefined);
  say(world, b, back);
  const lengthOf = (side: Side): number => side.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  world.runUntil(() => lengthOf(b) >= forth.length && lengthOf(a) >= back.length);
  expect(equalBytes(b.received, forth)).toBe(true);
  expect(equalBytes(a.received, back)).toBe(true);
  expect(a.taken).toBe(forth.length);
}

/** How many random links to try. */
const SEEDS = 20;

const links: readonly (LinkOptions & { readonly name: string })[] = [
  { name: 'a clean link' },
  { name: 'a lossy link', loss: 0.05 },
  { name: 'a link that loses every fifth packet', loss: 0.2 },
  { name: 'a link on which packets overtake', jitterMs: 30 },
  { name: 'a link that duplicates', duplication: 0.3 },
  { name: 'a link with all of it', loss: 0.1, duplication: 0.1, jitterMs: 20 },
  { name: 'a thin link with a short buffer', rate: 100, buffer: 30_000 },
  { name: 'a long link', delayMs: 400 },
];

describe('a uTP connection', () => {
  it.each(links)('carries the same bytes both ways over $name', (options) => {
    const world = new World(options);
    world.connect();
    exchange(world, content(400_000), content(150_000, 2));
    expect(world.a.largest).toBeLessThanOrEqual(1400);
  });

  it('carries them whatever is lost, for many seeds', () => {
    let carried = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const world = new World({ loss: 0.15, duplication: 0.1, jitterMs: 40 }, seed);
      world.connect();
      // Four SYNs in a row may be lost.
      if (world.a.events[0] === 'UTP_TIMEOUT') continue;
      exchange(world, content(30_000, seed), content(30_000, seed + 1));
      carried++;
    }
    expect(carried).toBeGreaterThan(0.95 * SEEDS - 1);
  });

  it.each(links)('ends on both sides over $name, and leaves nothing behind', (options) => {
    const world = new World(options);
    world.connect();
    world.a.machine.write(world.a.key ?? -1, [content(20_000)], world.now);
    world.a.machine.close(world.a.key ?? -1, world.now);
    world.settle();
    world.runUntil(() => world.b.events.includes('closed'));
    expect(equalBytes(world.b.received, content(20_000))).toBe(true);
    world.run(60_000);
    expect([world.a.events, world.b.events]).toEqual([
      ['connected', 'closed'],
      ['accepted', 'closed'],
    ]);
    for (const side of [world.a, world.b]) side.machine.tick(world.now);
    expect([world.a.machine.nextTimeout(), world.b.machine.nextTimeout()]).toEqual([undefined, undefined]);
  });

  it('fills a link without filling its buffer', () => {
    const world = new World({ rate: 500, delayMs: 20, buffer: 1_000_000 });
    world.connect();
    const start = world.now;
    exchange(world, content(3_000_000), new Uint8Array(0));
    const seconds = (world.now - start) / 1000;
    // 500 bytes a millisecond need six seconds; a full buffer would mean a delay of two.
    expect(seconds).toBeLessThan(9);
    expect(world.worstQueueMs).toBeLessThan(400);
  });

  it('makes few packets beyond what it must', () => {
    const world = new World();
    world.connect();
    exchange(world, content(1_000_000), new Uint8Array(0));
    const needed = Math.ceil(1_000_000 / 1380);
    expect(world.a.sentPackets).toBeLessThan(needed + 150);
    expect(world.b.sentPackets).toBeLessThan(0.6 * needed);
  });

  it('stops at a reader that is paused, and goes on when it reads again', () => {
    const world = new World();
    const { a, b } = world;
    world.connect();
    b.machine.pause(b.key ?? -1);
    const bytes = content(3 * RECEIVE_WINDOW_BYTES);
    a.machine.write(a.key ?? -1, [bytes], world.now);
    world.settle();
    world.run(30_000);
    expect(b.chunks).toHaveLength(0);
    expect(a.taken).toBeLessThanOrEqual(RECEIVE_WINDOW_BYTES + 2 * 1400);
    b.machine.resume(b.key ?? -1, world.now);
    world.settle();
    world.runUntil(() => b.received.length === bytes.length);
    expect(equalBytes(b.received, bytes)).toBe(true);
  });

  it('keeps its way through routers open, and lives as long as both want', () => {
    const world = new World();
    world.connect();
    const before = world.a.sentPackets;
    world.run(300_000);
    expect(world.a.sentPackets - before).toBeGreaterThan(8);
    expect(world.a.sentPackets - before).toBeLessThan(30);
    exchange(world, content(1000), content(1000));
  });

  it('gives up where nobody answers', () => {
    const world = new World({ loss: 1 });
    world.a.machine.connect(world.b.address, world.now);
    world.settle();
    world.runUntil(() => world.a.events.length > 0);
    expect(world.a.events).toEqual(['UTP_TIMEOUT']);
    expect(world.a.sentPackets).toBe(4);
  });

  it('gives up when the other side vanishes', () => {
    const world = new World();
    world.connect();
    const { a } = world;
    a.machine.write(a.key ?? -1, [content(100_000)], world.now);
    a.machine.poll();
    const packets: UtpEvent[] = [];
    for (let lost = a.machine.poll(); lost !== undefined; lost = a.machine.poll()) packets.push(lost);
    while (!packets.some((event) => event.kind === 'closed')) {
      a.machine.tick(a.machine.nextTimeout() ?? 0);
      for (let lost = a.machine.poll(); lost !== undefined; lost = a.machine.poll()) packets.push(lost);
    }
    expect(packets.at(-1)).toMatchObject({ kind: 'closed', error: { code: 'UTP_TIMEOUT' } });
  });
});

describe('a uTP socket among strangers', () => {
  const stranger = { ip: '10.9.9.9', port: 9 };
  const packet = (type: PacketType, fields: Partial<UtpPacket> = {}): Uint8Array =>
    encodePacket({
      type,
      connectionId: 7,
      timestamp: 1,
      timestampDifference: 0,
      window: 1000,
      seq: 1,
      ack: 0,
      ...fields,
    });
  const drain = (machine: UtpMultiplexer): UtpEvent[] => {
    const events: UtpEvent[] = [];
    for (let event = machine.poll(); event !== undefined; event = machine.poll()) events.push(event);
    return events;
  };

  it('leaves what is not uTP to others', () => {
    const machine = new UtpMultiplexer(seeded(1));
    for (const noise of [new Uint8Array(0), new Uint8Array(20), content(100).fill(0x64, 0, 1)]) {
      expect(machine.receive(noise, stranger, 0)).toBe(false);
    }
    expect(drain(machine)).toEqual([]);
  });

  it('answers a SYN with one small packet, once for each, and forgets it if nothing proves its address', () => {
    const machine = new UtpMultiplexer(seeded(1));
    machine.receive(packet(PACKET_TYPE.syn), stranger, 0);
    machine.receive(packet(PACKET_TYPE.syn), stranger, 1);
    const answers = drain(machine);
    expect(answers.map((event) => event.kind === 'send' && event.bytes.length)).toEqual([20, 20]);
    machine.tick(9_999);
    expect(drain(machine)).toEqual([]);
    machine.tick(10_000);
    expect([drain(machine), machine.nextTimeout()]).toEqual([[], undefined]);
  });

  it('opens only to who saw its answer', () => {
    const machine = new UtpMultiplexer(seeded(1));
    machine.receive(packet(PACKET_TYPE.syn), stranger, 0);
    const [answer] = drain(machine);
    const seq = (answer?.kind === 'send' ? parsePacket(answer.bytes)?.seq : undefined) ?? 0;
    const data = (ack: number): Uint8Array => {
      const header = packet(PACKET_TYPE.data, { connectionId: 8, seq: 2, ack });
      return concatBytes([header, content(5)]);
    };
    for (const wrong of [seq, seq + 1, seq - 2, 0]) machine.receive(data(wrong & 0xffff), stranger, 1);
    expect(drain(machine)).toEqual([]);
    machine.receive(data((seq - 1) & 0xffff), stranger, 2);
    expect(drain(machine).map((event) => event.kind)).toEqual(['accepted', 'data']);
  });

  it('keeps only so many half-open connections', () => {
    const machine = new UtpMultiplexer(seeded(1));
    for (let port = 1; port <= 1000; port++)
      machine.receive(packet(PACKET_TYPE.syn), { ...stranger, port }, 0);
    expect(drain(machine)).toHaveLength(LIMITS.utpHalfOpen.value);
  });

  it('sends few RESETs, and none for a RESET', () => {
    const machine = new UtpMultiplexer(seeded(1));
    for (let i = 0; i < 1000; i++)
      machine.receive(packet(PACKET_TYPE.data, { connectionId: i }), stranger, 0);
    machine.receive(packet(PACKET_TYPE.reset), stranger, 0);
    expect(drain(machine).length).toBeLessThanOrEqual(20);
  });

  it('ends a connection at its RESET', () => {
    const world = new World();
    world.connect();
    const { b } = world;
    let id: number | undefined;
    b.machine.write(b.key ?? -1, [content(10)], world.now);
    for (const event of drain(b.machine))
      if (event.kind === 'send') id = parsePacket(event.bytes)?.connectionId;
    b.machine.receive(
      packet(PACKET_TYPE.reset, { connectionId: ((id ?? 0) + 5) & 0xffff }),
      world.a.address,
      world.now,
    );
    expect(drain(b.machine)).toEqual([]);
    b.machine.receive(packet(PACKET_TYPE.reset, { connectionId: id ?? 0 }), world.a.address, world.now);
    expect(drain(b.machine)).toMatchObject([{ kind: 'closed', error: { code: 'UTP_RESET' } }]);
  });

  it('survives any packet on an open connection', () => {
    const world = new World();
    world.connect();
    const { a, b } = world;
    const random = seeded(5);
    b.machine.write(b.key ?? -1, [content(5000)], world.now);
    const ids = drain(b.machine).flatMap((event) =>
      event.kind === 'send' ? [parsePacket(event.bytes)?.connectionId ?? 0] : [],
    );
    for (let i = 0; i < 20_000; i++) {
      const bytes = content(random() % 80, i);
      bytes[0] = ((random() % 5) << 4) | 1;
      // Of ids near the connection's own, but not a RESET: that would end the test.
      const id = (ids[0] ?? 0) + (random() % 3) - 1;
      bytes[2] = id >>> 8;
      bytes[3] = id;
      if (bytes[0] >>> 4 !== PACKET_TYPE.reset) b.machine.receive(bytes, a.address, world.now);
      drain(b.machine);
    }
    b.machine.tick(world.now + 1_000_000);
    drain(b.machine);
  });
});
