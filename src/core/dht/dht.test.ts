import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify as verifySignature,
} from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8Encode } from '../bytes/bytes.ts';
import { formatAddress, type PeerAddress } from '../address.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { BloomFilter } from './bloom.ts';
import { Dht, type DhtDeps } from './dht.ts';
import type { DhtEffect } from './inputs.ts';
import { signedBytes, type DhtItem } from './items.ts';
import { isSecureNodeId, secureNodeId } from './node-id.ts';

const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());

function verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = new Uint8Array([...fromHex('302a300506032b6570032100'), ...key]);
  const publicKey = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  return verifySignature(null, message, publicKey, signature);
}

/** Deterministic randomness (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

function depsFrom(seed: number): DhtDeps {
  const random = seeded(seed);
  return {
    sha1,
    verify,
    random,
    randomBytes: (length) => Uint8Array.from({ length }, () => random() & 0xff),
  };
}

/** N nodes on a virtual network with 20 ms of delay and some loss. */
class Network {
  readonly nodes = new Map<string, Dht>();
  readonly addresses: PeerAddress[] = [];
  readonly effects = new Map<Dht, DhtEffect[]>();
  readonly #queue: { at: number; to: string; from: PeerAddress; data: Uint8Array }[] = [];
  readonly #random = seeded(99);
  readonly #loss: number;
  now = 0;

  constructor(count: number, loss = 0) {
    this.#loss = loss;
    for (let i = 0; i < count; i++) {
      this.add(i);
    }
  }

  add(i: number): Dht {
    const address = { ip: `10.0.${String(i >> 8)}.${String(i & 255)}`, port: 6881 };
    const dht = new Dht({}, depsFrom(i + 1), this.now);
    this.nodes.set(formatAddress(address), dht);
    this.addresses.push(address);
    this.effects.set(dht, []);
    return dht;
  }

  drain(): void {
    for (const [key, dht] of this.nodes) {
      const from = this.addresses.find((address) => formatAddress(address) === key);
      if (from === undefined) continue;
      for (let effect = dht.poll(); effect !== undefined; effect = dht.poll()) {
        if (effect.kind !== 'send') this.effects.get(dht)?.push(effect);
        else if (this.#random() / 2 ** 32 >= this.#loss) {
          this.#queue.push({ at: this.now + 20, to: formatAddress(effect.to), from, data: effect.data });
        }
      }
    }
  }

  run(ms: number): void {
    const end = this.now + ms;
    this.drain();
    for (; this.now < end; this.now += 10) {
      for (let head = this.#queue[0]; head !== undefined && head.at <= this.now; head = this.#queue[0]) {
        this.#queue.shift();
        this.nodes.get(head.to)?.handle({ kind: 'packet', data: head.data, from: head.from }, this.now);
        this.drain();
      }
      for (const dht of this.nodes.values()) {
        if (dht.nextTimeout() <= this.now) dht.handle({ kind: 'tick' }, this.now);
      }
      this.drain();
    }
  }

  bootstrap(): void {
    for (const dht of this.nodes.values()) {
      dht.handle({ kind: 'bootstrap', addresses: this.addresses.slice(0, 1) }, this.now);
    }
    this.run(10_000);
  }
}

function nodeAt(network: Network, index: number): Dht {
  const address = network.addresses[index];
  const node = address === undefined ? undefined : network.nodes.get(formatAddress(address));
  if (node === undefined) throw new Error('no such node');
  return node;
}

function peersFound(network: Network, node: Dht): string[] {
  return (network.effects.get(node) ?? []).flatMap((effect) =>
    effect.kind === 'peers' ? effect.peers.map(formatAddress) : [],
  );
}

describe('a network of DHT nodes', () => {
  it('finds from anywhere what was announced anywhere', () => {
    const network = new Network(60);
    network.bootstrap();
    const infoHash = sha1(utf8Encode('a torrent'));
    nodeAt(network, 7).handle(
      { kind: 'find-peers', lookup: 1, infoHash, announce: { port: 4242, seed: true } },
      network.now,
    );
    network.run(15_000);
    const done = network.effects.get(nodeAt(network, 7))?.find((effect) => effect.kind === 'lookup-done');
    expect(done).toMatchObject({ lookup: 1, stored: 8 });
    for (const index of [3, 20, 55]) {
      nodeAt(network, index).handle(
        { kind: 'find-peers', lookup: 2, infoHash, announce: undefined },
        network.now,
      );
    }
    network.run(15_000);
    for (const index of [3, 20, 55]) {
      expect(peersFound(network, nodeAt(network, index))).toContain('10.0.0.7:4242');
    }
  });

  it('finds peers although one packet in five is lost', () => {
    const network = new Network(60, 0.2);
    network.bootstrap();
    const infoHash = sha1(utf8Encode('lossy'));
    nodeAt(network, 1).handle(
      { kind: 'find-peers', lookup: 1, infoHash, announce: { port: 0, seed: false } },
      network.now,
    );
    network.run(40_000);
    nodeAt(network, 50).handle({ kind: 'find-peers', lookup: 1, infoHash, announce: undefined }, network.now);
    network.run(40_000);
    expect(peersFound(network, nodeAt(network, 50))).toContain('10.0.0.1:6881');
  });

  it('stores and reads immutable and signed items, and refuses a wrong signature', () => {
    const network = new Network(30);
    network.bootstrap();
    const value = utf8Encode('Hello World!');
    const key = fromHex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548');
    const signature = fromHex(
      '305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01',
    );
    const good: DhtItem = { value, mutable: { key, salt: new Uint8Array(0), sequence: 1, signature } };
    const bad: DhtItem = {
      value: utf8Encode('Hello Wormd!'),
      mutable: { key, salt: utf8Encode('x'), sequence: 1, signature },
    };
    nodeAt(network, 2).handle({ kind: 'put-item', lookup: 1, item: good }, network.now);
    nodeAt(network, 3).handle({ kind: 'put-item', lookup: 2, item: bad }, network.now);
    nodeAt(network, 4).handle(
      { kind: 'put-item', lookup: 3, item: { value, mutable: undefined } },
      network.now,
    );
    network.run(15_000);
    const done = (i: number): unknown =>
      network.effects.get(nodeAt(network, i))?.find((effect) => effect.kind === 'lookup-done');
    expect(done(2)).toMatchObject({ stored: 8 });
    expect(done(3)).toMatchObject({ stored: 0 });
    const targets = ['4a533d47ec9c7d95b1ad75f576cffc641853b750', 'e5f96f6f38320f0f33959cb4d3d656452117aadb'];
    for (const [i, target] of targets.entries()) {
      nodeAt(network, 20).handle(
        { kind: 'get-item', lookup: i, target: fromHex(target), salt: new Uint8Array(0) },
        network.now,
      );
    }
    network.run(15_000);
    const items = (network.effects.get(nodeAt(network, 20)) ?? []).filter((effect) => effect.kind === 'item');
    expect(items.map((effect) => effect.lookup).sort()).toEqual([0, 1]);
  });

  it('tells of an item that is outdated, and reads what it keeps itself', () => {
    const network = new Network(2);
    network.bootstrap();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
    const salt = new Uint8Array(0);
    const itemOf = (sequence: number): DhtItem => {
      const value = utf8Encode(`version ${String(sequence)}`);
      const signature = new Uint8Array(sign(null, signedBytes(value, salt, sequence), privateKey));
      return { value, mutable: { key, salt, sequence, signature } };
    };
    const writer = nodeAt(network, 1);
    const put = (lookup: number, sequence: number, cas?: number): DhtEffect | undefined => {
      writer.handle({ kind: 'put-item', lookup, item: itemOf(sequence), cas }, network.now);
      network.run(5_000);
      const effects = network.effects.get(writer) ?? [];
      return effects.find((effect) => effect.kind === 'lookup-done' && effect.lookup === lookup);
    };
    expect(put(1, 5)).toMatchObject({ stored: 1, outdated: 0 });
    expect(put(2, 4)).toMatchObject({ stored: 0, outdated: 1 });
    expect(put(3, 6, 4)).toMatchObject({ stored: 0, outdated: 1 });
    expect(put(4, 6, 5)).toMatchObject({ stored: 1, outdated: 0 });

    const keeper = nodeAt(network, 0);
    keeper.handle({ kind: 'get-item', lookup: 9, target: sha1(key), salt }, network.now);
    network.run(5_000);
    expect(network.effects.get(keeper)).toContainEqual({ kind: 'item', lookup: 9, item: itemOf(6) });
  });

  it('samples the info hashes that nodes hold (BEP 51)', () => {
    const network = new Network(20);
    network.bootstrap();
    const infoHash = sha1(utf8Encode('sampled'));
    nodeAt(network, 1).handle(
      { kind: 'find-peers', lookup: 1, infoHash, announce: { port: 1, seed: false } },
      network.now,
    );
    network.run(10_000);
    nodeAt(network, 9).handle({ kind: 'sample', lookup: 5, target: infoHash }, network.now);
    network.run(10_000);
    const found = (network.effects.get(nodeAt(network, 9)) ?? []).flatMap((effect) =>
      effect.kind === 'samples' ? effect.infoHashes.map(toHex) : [],
    );
    expect(found).toContain(toHex(infoHash));
  });
});

describe('a DHT node under attack', () => {
  it('answers nobody when it is read-only', () => {
    const dht = new Dht({ readOnly: true }, depsFrom(1), 0);
    const data = encodeBencode({ a: { id: new Uint8Array(20) }, q: 'ping', t: 'aa', y: 'q' });
    dht.handle({ kind: 'packet', data, from: { ip: '10.0.0.9', port: 1 } }, 0);
    expect(dht.poll()).toBeUndefined();
  });

  it('refuses an announce without a token of its own', () => {
    const dht = new Dht({}, depsFrom(1), 0);
    const args = { id: new Uint8Array(20), info_hash: new Uint8Array(20), port: 1, token: 'guess' };
    const data = encodeBencode({ a: args, q: 'announce_peer', t: 'aa', y: 'q' });
    dht.handle({ kind: 'packet', data, from: { ip: '10.0.0.9', port: 1 } }, 0);
    expect(dht.snapshot().swarmsStored).toBe(0);
  });

  it('stops answering an address that floods it', () => {
    const dht = new Dht({}, depsFrom(1), 0);
    const data = encodeBencode({ a: { id: new Uint8Array(20) }, q: 'ping', t: 'aa', y: 'q' });
    let answers = 0;
    for (let i = 0; i < 1000; i++) {
      dht.handle({ kind: 'packet', data, from: { ip: '8.8.8.8', port: 1 } }, 0);
      while (dht.poll() !== undefined) answers++;
    }
    expect(answers).toBe(100);
  });

  it('survives any packet', () => {
    const dht = new Dht({}, depsFrom(1), 0);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        dht.handle({ kind: 'packet', data, from: { ip: '10.1.1.1', port: 9 } }, 0);
      }),
    );
    const valid = encodeBencode({
      a: { id: new Uint8Array(20), target: new Uint8Array(20) },
      q: 'find_node',
      t: 'aa',
      y: 'q',
    });
    for (let cut = 0; cut < valid.length; cut++) {
      dht.handle({ kind: 'packet', data: valid.subarray(0, cut), from: { ip: '10.1.1.2', port: 9 } }, 0);
    }
    expect(dht.snapshot().searches).toBe(0);
  });
});

describe('the published vectors', () => {
  it('gives the bloom filter of BEP 33', () => {
    const filter = new BloomFilter();
    for (let i = 0; i < 256; i++) filter.add(`192.0.2.${String(i)}`, sha1);
    for (let i = 0; i <= 0x3e7; i++) filter.add(`2001:db8::${i.toString(16)}`, sha1);
    expect(toHex(filter.bytes).startsWith('f6c3f5eaa07ffd91bde89f777f26fb2b')).toBe(true);
    expect(filter.estimate()).toBeCloseTo(1224.9308, 3);
  });

  it('makes node ids that fit the address (BEP 42)', () => {
    const random = new Uint8Array(20).fill(0xff);
    random[19] = 1;
    expect(toHex(secureNodeId('124.31.75.21', random)).startsWith('5fbfbf')).toBe(true);
    expect(isSecureNodeId(fromHex('5a3ce9c14e7a08645677bbd1cfe7d8f956d53256'), '21.75.31.124')).toBe(true);
    expect(isSecureNodeId(fromHex('5b3ce9c14e7a08645677bbd1cfe7d8f956d53256'), '21.75.31.124')).toBe(false);
  });

  it('signs what BEP 44 says is signed', () => {
    const bytes = signedBytes(utf8Encode('Hello World!'), utf8Encode('foobar'), 1);
    expect(new TextDecoder().decode(bytes)).toBe('4:salt6:foobar3:seqi1e1:v12:Hello World!');
  });
});
