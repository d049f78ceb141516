// Nodes that want to be asked for everything, to speak for others, or to fill our memory with what is not so.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PeerAddress } from '../../src/core/address.ts';
import { encodeBencode, type Encodable } from '../../src/core/bencode/encode.ts';
import { decodeBencode, type BencodeDict } from '../../src/core/bencode/decode.ts';
import { dictOf, getBytes, getDict } from '../../src/core/bencode/fields.ts';
import { Dht } from '../../src/core/dht/dht.ts';
import type { DhtEffect } from '../../src/core/dht/inputs.ts';
import { encodeCompactNodes, type DhtNode } from '../../src/core/dht/krpc.ts';
import { secureNodeId } from '../../src/core/dht/node-id.ts';
import { LIMITS } from '../../src/core/limits.ts';

const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());

class Bench {
  readonly dht: Dht;
  now = 0;
  #state = 1;

  constructor() {
    const random = (): number => (this.#state = Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    this.dht = new Dht({}, { sha1, verify: () => false, random, randomBytes: (n) => this.bytes(n) }, 0);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from(
      { length },
      () => ((this.#state = Math.imul(this.#state, 1664525) + 1013904223) >>> 0) >>> 24,
    );
  }

  /** What it does on an input. */
  effects(): DhtEffect[] {
    const effects: DhtEffect[] = [];
    for (let effect = this.dht.poll(); effect !== undefined; effect = this.dht.poll()) effects.push(effect);
    return effects;
  }

  packet(message: Record<string, Encodable>, from: PeerAddress): DhtEffect[] {
    this.dht.handle({ kind: 'packet', data: encodeBencode(message), from }, this.now);
    return this.effects();
  }

  /** A query; of an id of its own unless `args` has one. */
  ask(method: string, args: Record<string, Encodable>, from: PeerAddress): DhtEffect[] {
    return this.packet({ a: { id: this.bytes(20), ...args }, q: method, t: 'aa', y: 'q' }, from);
  }

  tokenFor(from: PeerAddress): Uint8Array {
    const [effect] = this.ask('get_peers', { info_hash: new Uint8Array(20) }, from);
    const root = effect?.kind === 'send' ? dictOf(decodeBencode(effect.data)) : undefined;
    return getBytes(getDict(root ?? NONE, 'r') ?? NONE, 'token') ?? new Uint8Array();
  }
}

const at = (ip: string, port = 6881): PeerAddress => ({ ip, port });

const NONE: BencodeDict = new Map();

/** The query that a datagram of ours holds. */
function queryOf(data: Uint8Array): { method: string; transaction: Uint8Array } {
  const root = dictOf(decodeBencode(data)) ?? NONE;
  return {
    method: Buffer.from(getBytes(root, 'q') ?? []).toString(),
    transaction: getBytes(root, 't') ?? new Uint8Array(),
  };
}

describe('DHT poisoning', () => {
  it('one address with a thousand ids gets one place in the table', () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i++) bench.ask('ping', {}, at('203.0.113.9', 1000 + i));
    expect(bench.dht.snapshot().nodes).toBe(1);
  });

  it('an id stays with the address that had it first', () => {
    const bench = new Bench();
    const id = bench.bytes(20);
    bench.ask('ping', { id }, at('203.0.113.1'));
    for (let i = 2; i < 200; i++) bench.ask('ping', { id }, at(`203.0.113.${String(i)}`));
    expect(bench.dht.snapshot().nodes).toBe(1);
    const [effect] = bench.ask('find_node', { target: id }, at('198.51.100.1'));
    const root = effect?.kind === 'send' ? dictOf(decodeBencode(effect.data)) : undefined;
    const nodes = getBytes(getDict(root ?? NONE, 'r') ?? NONE, 'nodes') ?? new Uint8Array();
    expect([...nodes.subarray(20, 24)]).toEqual([203, 0, 113, 1]);
  });

  it('an answer from another address than the one asked counts for nothing', () => {
    const bench = new Bench();
    const honest = at('203.0.113.1');
    bench.dht.handle({ kind: 'bootstrap', addresses: [honest] }, 0);
    const [sent] = bench.effects();
    const { transaction } = queryOf(sent?.kind === 'send' ? sent.data : new Uint8Array());
    const id = bench.bytes(20);
    bench.packet(
      { r: { id, nodes: new Uint8Array(26).fill(9) }, t: transaction, y: 'r' },
      at('198.51.100.66'),
    );
    bench.packet({ r: { id, nodes: new Uint8Array(26).fill(9) }, t: 'guess', y: 'r' }, honest);
    expect(bench.dht.snapshot().nodes).toBe(0);
    bench.packet({ r: { id }, t: transaction, y: 'r' }, honest);
    expect(bench.dht.snapshot().nodes).toBe(1);
  });

  it('a search that is led in circles ends, and asks no address twice', () => {
    const bench = new Bench();
    const target = new Uint8Array(20).fill(0x55);
    let made = 0;
    // Always closer to the target, always new, each at an address of its own or all at one.
    const closer = (): DhtNode => {
      const id = target.slice();
      new DataView(id.buffer).setUint32(16, 0x55555555 ^ (1e6 - made));
      made++;
      const ip = made % 2 === 0 ? '198.51.100.7' : `203.${String((made >> 8) & 255)}.${String(made & 255)}.1`;
      return { id, address: at(ip) };
    };
    bench.dht.handle({ kind: 'restore', nodes: [closer(), closer()] }, 0);
    bench.dht.handle(
      { kind: 'find-peers', lookup: 1, infoHash: target, announce: { port: 1, seed: false } },
      0,
    );
    const asked = new Map<string, number>();
    let done = false;
    const isDone = (): boolean => done;
    const answer = (effect: DhtEffect): void => {
      if (effect.kind === 'lookup-done' && effect.lookup === 1) done = true;
      if (effect.kind !== 'send') return;
      const { method, transaction } = queryOf(effect.data);
      if (method !== 'get_peers') return;
      asked.set(effect.to.ip, (asked.get(effect.to.ip) ?? 0) + 1);
      const nodes = encodeCompactNodes(Array.from({ length: 8 }, closer));
      const data = encodeBencode({ r: { id: bench.bytes(20), nodes, token: 'x' }, t: transaction, y: 'r' });
      bench.dht.handle({ kind: 'packet', data, from: effect.to }, bench.now);
    };
    for (let round = 0; round < 5000; round++) {
      if (isDone()) break;
      bench.effects().forEach(answer);
      bench.now += 100;
      bench.dht.handle({ kind: 'tick' }, bench.now);
    }
    expect(done).toBe(true);
    expect(asked.size).toBeLessThanOrEqual(401);
    expect(Math.max(...asked.values())).toBe(1);
  });

  it('an announce with the token of another address is refused, and so is a guess', () => {
    const bench = new Bench();
    const info_hash = bench.bytes(20);
    const token = bench.tokenFor(at('203.0.113.1'));
    bench.ask('announce_peer', { info_hash, port: 1, token }, at('198.51.100.1'));
    bench.ask(
      'announce_peer',
      { info_hash, port: 1, token: token.map((byte) => byte ^ 1) },
      at('203.0.113.1'),
    );
    bench.ask('announce_peer', { info_hash, port: 1, token: '' }, at('203.0.113.1'));
    expect(bench.dht.snapshot().swarmsStored).toBe(0);
    bench.now = 10 * 60_000 + 1;
    bench.ask('announce_peer', { info_hash, port: 1, token }, at('203.0.113.1'));
    expect(bench.dht.snapshot().swarmsStored).toBe(0);
    bench.ask(
      'announce_peer',
      { info_hash, port: 1, token: bench.tokenFor(at('203.0.113.1')) },
      at('203.0.113.1'),
    );
    expect(bench.dht.snapshot().swarmsStored).toBe(1);
  });

  it('announces of made-up torrents push out the oldest, and memory stays within its cap', () => {
    const bench = new Bench();
    const most = LIMITS.dhtSwarms.value;
    for (let i = 0; i < most + 2000; i++) {
      const from = at(`${String(11 + (i >> 16))}.${String((i >> 8) & 255)}.${String(i & 255)}.1`);
      // As fast as answers are given at all.
      bench.now += 10;
      const token = bench.tokenFor(from);
      bench.ask('announce_peer', { info_hash: bench.bytes(20), port: 1, token }, from);
    }
    expect(bench.dht.snapshot().swarmsStored).toBe(most);
  });

  it('a signed item with a false signature is neither kept nor given out (BEP 44)', () => {
    const bench = new Bench();
    const from = at('203.0.113.1');
    const token = bench.tokenFor(from);
    const [effect] = bench.ask(
      'put',
      { v: 'x', k: bench.bytes(32), sig: bench.bytes(64), seq: 1, token },
      from,
    );
    const root = effect?.kind === 'send' ? dictOf(decodeBencode(effect.data)) : undefined;
    expect(root?.get('e')).toMatchObject([206, expect.anything() as unknown]);
  });

  it('nothing of ours is stored on nodes whose ids were chosen for it (BEP 42)', () => {
    const bench = new Bench();
    const target = new Uint8Array(20).fill(0x55);
    const liar = { id: target, address: at('203.0.113.1') };
    const fair = { id: secureNodeId('198.51.100.1', bench.bytes(20)), address: at('198.51.100.1') };
    bench.dht.handle({ kind: 'restore', nodes: [liar, fair] }, 0);
    bench.dht.handle(
      { kind: 'find-peers', lookup: 1, infoHash: target, announce: { port: 1, seed: false } },
      0,
    );
    const stored: string[] = [];
    for (let round = 0; round < 100; round++) {
      for (const effect of bench.effects()) {
        if (effect.kind !== 'send') continue;
        const { method, transaction } = queryOf(effect.data);
        if (method === 'announce_peer') stored.push(effect.to.ip);
        const node = effect.to.ip === liar.address.ip ? liar : fair;
        const data = encodeBencode({ r: { id: node.id, token: 'tokn' }, t: transaction, y: 'r' });
        bench.dht.handle({ kind: 'packet', data, from: effect.to }, bench.now);
      }
      bench.now += 1000;
      bench.dht.handle({ kind: 'tick' }, bench.now);
    }
    expect(stored).toEqual(['198.51.100.1']);
  });
});
