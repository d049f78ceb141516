import { describe, expect, it } from 'vitest';
import { Arena, sizeFor, wordsOf } from './arena.ts';
import { HEADER, LIST, LIST_WORDS } from './layout.ts';
import { PeerLists } from './peer-lists.ts';
import { packPeerWord, PARTIAL, SEED } from './peer-word.ts';
import { QuickRandom } from './sample.ts';

const START = 200;
const LIST_AT = 100;

interface Kept {
  readonly ip: number;
  readonly port: number;
  readonly word: number;
}

/** One list in memory of its own, beside a plain map that says what should be in it. */
class Bench {
  readonly family: 4 | 6;
  readonly memory: Int32Array;
  readonly arena: Arena;
  readonly lists: PeerLists;
  readonly model = new Map<string, Kept>();
  #tick = 0;

  constructor(family: 4 | 6, words = 20_000) {
    this.family = family;
    this.memory = new Int32Array(words);
    this.arena = new Arena(this.memory, { header: HEADER.arena, start: START, end: words });
    this.lists = new PeerLists(family, { memory: this.memory, arena: this.arena, key: [5, 6] });
  }

  head(field: keyof typeof LIST): number {
    return this.memory[LIST_AT + LIST[field]] ?? -1;
  }

  /** IPv6 peers differ in their last word alone: all must be looked at. */
  address(ip: number): void {
    this.lists.address.fill(0x2001);
    this.lists.address[this.lists.address.length - 1] = ip;
  }

  find(ip: number, port: number): number {
    this.address(ip);
    return this.lists.find(LIST_AT, port);
  }

  put(ip: number, port: number, flags: number): number {
    this.#tick = (this.#tick + 1) & 0x7ff;
    const word = packPeerWord(port, flags, this.#tick);
    const at = this.find(ip, port);
    const position = at < 0 ? this.lists.add(LIST_AT, word) : this.lists.update(LIST_AT, at, word);
    if (position >= 0) this.model.set(`${String(ip)}:${String(port)}`, { ip, port, word });
    return position;
  }

  remove(ip: number, port: number): void {
    this.lists.remove(LIST_AT, this.find(ip, port));
    this.model.delete(`${String(ip)}:${String(port)}`);
    expect(this.find(ip, port)).toBe(-1);
  }

  /** Everything that must hold of the list. */
  check(): void {
    const peers = [...this.model.values()];
    const downloaders = peers.filter(({ word }) => (word & (SEED | PARTIAL)) === 0).length;
    const seeds = peers.filter(({ word }) => (word & SEED) !== 0).length;
    const partials = peers.length - downloaders - seeds;
    expect([this.head('total'), this.head('downloaders'), this.head('partials')]).toEqual([
      peers.length,
      downloaders,
      partials,
    ]);
    const counter = this.family === 4 ? HEADER.peers4 : HEADER.peers6;
    const other = this.family === 4 ? HEADER.peers6 : HEADER.peers4;
    const totals = [counter, other, HEADER.seeds, HEADER.partials].map((at) => this.memory[at]);
    expect(totals).toEqual([peers.length, 0, seeds, partials]);
    const places = new Set<number>();
    for (const { ip, port, word } of peers) {
      const at = this.find(ip, port);
      places.add(at);
      expect(this.lists.wordAt(LIST_AT, at)).toBe(word);
      expect(at < downloaders).toBe((word & (SEED | PARTIAL)) === 0);
      this.lists.address.fill(0);
      this.lists.loadAddress(LIST_AT, at);
      expect(this.lists.address.at(-1)).toBe(ip);
    }
    expect(places.size).toBe(peers.length);
    for (const at of places) expect(at >= 0 && at < peers.length).toBe(true);
  }
}

describe.each([4, 6] as const)('a list of IPv%d peers', (family) => {
  it('finds each peer by address and port, and no other', () => {
    const bench = new Bench(family);
    expect(bench.find(1, 80)).toBe(-1);
    bench.put(1, 80, 0);
    bench.put(1, 81, 0);
    bench.put(2, 80, SEED);
    bench.check();
    expect([bench.find(2, 81), bench.find(3, 80), bench.find(1, 79)]).toEqual([-1, -1, -1]);
    bench.lists.address.fill(0x2002);
    bench.lists.address[bench.lists.address.length - 1] = 1;
    expect(bench.lists.find(LIST_AT, 80)).toBe(family === 4 ? 0 : -1);
  });

  it('keeps those that want data in front of those that only give', () => {
    const bench = new Bench(family);
    expect(bench.put(1, 1, SEED)).toBe(0);
    expect(bench.put(2, 2, 0)).toBe(0);
    expect(bench.put(3, 3, PARTIAL)).toBe(2);
    expect(bench.put(4, 4, 0)).toBe(1);
    bench.check();
    // What a peer is changes: from either end, from the middle, and not at all.
    const changes = [
      ...([
        [2, SEED],
        [4, PARTIAL],
        [1, 0],
        [3, 0],
      ] as const),
      ...([
        [3, SEED],
        [1, PARTIAL],
        [4, SEED],
        [2, SEED],
        [2, 0],
      ] as const),
    ];
    for (const [ip, flags] of changes) {
      bench.put(ip, ip, flags);
      bench.check();
    }
    for (const ip of [2, 1, 4, 3]) {
      bench.remove(ip, ip);
      bench.check();
    }
    expect([bench.head('block'), bench.head('index')]).toEqual([0, 0]);
  });

  it('agrees with a map while it grows past its index and shrinks again', () => {
    const bench = new Bench(family);
    const random = new QuickRandom(family);
    const kinds = [0, 0, SEED, PARTIAL];
    for (let step = 0; step < 420; step++) {
      const growing = step < 220;
      const ip = random.below(90) + 1;
      if (random.below(4) > 0 === growing || bench.find(ip, ip) < 0) {
        if (growing || bench.find(ip, ip) >= 0) bench.put(ip, ip, kinds[random.below(4)] ?? 0);
      } else bench.remove(ip, ip);
      if (step % 21 === 0) bench.check();
    }
    for (const { ip, port } of [...bench.model.values()]) bench.remove(ip, port);
    bench.check();
    expect([bench.head('block'), bench.head('index'), bench.head('sizes') & 0xff]).toEqual([
      0,
      0,
      bench.head('sizes'),
    ]);
  });

  it('has an index when it is long, and gives all of its memory back', () => {
    const bench = new Bench(family);
    for (let ip = 1; ip <= 100; ip++) bench.put(ip, 7, 0);
    expect(bench.head('index')).toBeGreaterThan(0);
    const words = wordsOf(bench.head('sizes') & 0xff);
    expect(words).toBeGreaterThanOrEqual(100 * bench.lists.stride);
    // No more than half of it is air.
    expect(words).toBeLessThan(2 * 113 * bench.lists.stride);
    for (let ip = 1; ip <= 90; ip++) bench.remove(ip, 7);
    expect(wordsOf(bench.head('sizes') & 0xff)).toBeLessThanOrEqual(words / 2);
    expect(bench.head('index')).toBe(0);
    bench.check();
    for (let ip = 91; ip <= 100; ip++) bench.remove(ip, 7);
    const touched = bench.arena.touchedWords;
    // A second life of the same length needs no memory that the first has not had.
    for (let ip = 1; ip <= 100; ip++) bench.put(ip, 7, 0);
    expect(bench.arena.touchedWords).toBe(touched);
    bench.check();
  });

  it('is closed around each that leaves a crowded index', () => {
    const bench = new Bench(family);
    for (let ip = 1; ip <= 84; ip++) bench.put(ip, 1000 + ip, ip % 3 === 0 ? SEED : 0);
    for (let ip = 1; ip <= 40; ip++) {
      bench.remove(ip, 1000 + ip);
      bench.check();
    }
  });

  it('says so when memory is full, and loses nobody', () => {
    const bench = new Bench(family, START + 120);
    const positions = Array.from({ length: 60 }, (_, i) => bench.put(i + 1, 5, 0));
    expect(positions[0]).toBe(0);
    expect(positions.at(-1)).toBe(-1);
    bench.check();
    const [first] = [...bench.model.values()];
    bench.remove(first?.ip ?? 0, 5);
    bench.check();
    expect(bench.put(999, 5, 0)).toBeGreaterThanOrEqual(0);
  });
});

describe('a peer in compact form', () => {
  it('has its address and port in network order (BEP 7, 23)', () => {
    for (const [family, address] of [
      [4, [0x01020384]],
      [6, [0x20010db8, 1, 2, 0x7fffff03]],
    ] as const) {
      const { lists, memory } = new Bench(family);
      lists.address.set(address);
      lists.add(LIST_AT, packPeerWord(0xabcd, SEED, 3));
      const out = new Uint8Array(24);
      const end = lists.copy(memory[LIST_AT + LIST.block] ?? 0, out, 2);
      const view = new DataView(out.buffer);
      expect(end).toBe(2 + 4 * address.length + 2);
      expect(address.map((_, i) => view.getUint32(2 + 4 * i))).toEqual([...address]);
      expect(view.getUint16(end - 2)).toBe(0xabcd);
      expect([...out.subarray(end)].every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe('the allocator', () => {
  const create = (words: number): Arena =>
    new Arena(new Int32Array(START + words), { header: HEADER.arena, start: START, end: START + words });

  it('has two sizes an octave, and finds the smallest that will do', () => {
    expect(Array.from({ length: 7 }, (_, size) => wordsOf(size))).toEqual([4, 6, 8, 12, 16, 24, 32]);
    expect([1, 4, 5, 6, 7, 8, 9, 12, 13].map(sizeFor)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4]);
    expect(sizeFor(LIST_WORDS)).toBe(1);
  });

  it('hands out the untouched words one behind the other, to the last', () => {
    const arena = create(14);
    expect([arena.allocate(0), arena.allocate(1), arena.allocate(0)]).toEqual([START, START + 4, START + 10]);
    expect(arena.allocate(0)).toBe(0);
    expect(arena.touchedWords).toBe(14);
  });

  it('hands out the freed of a size again, the last first', () => {
    const arena = create(64);
    const blocks = [0, 0, 0].map((size) => arena.allocate(size));
    arena.free(blocks[0] ?? 0, 0);
    arena.free(blocks[2] ?? 0, 0);
    expect([arena.allocate(0), arena.allocate(0)]).toEqual([blocks[2], blocks[0]]);
    expect(arena.touchedWords).toBe(12);
  });

  it('cuts a larger one when nothing else is left, and loses no word of it', () => {
    const arena = create(32);
    const block = arena.allocate(6);
    expect([block, arena.allocate(0)]).toEqual([START, 0]);
    arena.free(block, 6);
    const parts = Array.from({ length: 8 }, () => arena.allocate(0));
    expect([...parts].sort((a, b) => a - b)).toEqual([0, 4, 8, 12, 16, 20, 24, 28].map((at) => START + at));
    expect(arena.allocate(0)).toBe(0);
  });

  it('keeps the others of a size when it cuts one', () => {
    const arena = create(64);
    for (const block of [arena.allocate(6), arena.allocate(6)]) arena.free(block, 6);
    const parts = new Set(Array.from({ length: 16 }, () => arena.allocate(0)));
    expect([parts.size, parts.has(0), arena.allocate(0)]).toEqual([16, false, 0]);
  });

  it('never hands out offset 0, which means none', () => {
    const arena = new Arena(new Int32Array(200), { header: 100, start: 0, end: 90 });
    expect(arena.allocate(0)).toBe(1);
  });
});
