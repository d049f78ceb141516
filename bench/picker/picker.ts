// What choosing pieces costs: one engine of ours with many pieces and many peers, each of which has some of them, tells
// of new ones and answers every request. Blocks are copied and pieces hashed as in a download; nothing touches a network
// or a disk. Prints where the processor's time went, by the profiler of V8, once all peers are there.
import { createHash } from 'node:crypto';
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import type { Metainfo } from '../../src/core/metainfo/metainfo.ts';
import { createBufferPool } from '../../src/core/swarm/buffers.ts';
import type { SwarmEffect } from '../../src/core/swarm/effects.ts';
import { SwarmEngine } from '../../src/core/swarm/engine.ts';
import type { SwarmInput } from '../../src/core/swarm/inputs.ts';
import { Rng } from '../../src/core/swarm/rng.ts';
import { createSample } from '../../test/simulation/sample.ts';
import { digests } from '../../test/simulation/digests.ts';
import { describeMachine, report, rounded, type Row } from '../support/report.ts';

const USAGE = `usage: node bench/run.mjs picker [--pieces 10000] [--peers 500] [--blocks 4] [--json FILE]
blocks: of 16 KiB in a piece. Prints the share of the processor's time by part of the engine.
`;

/** Parts of the engine by their files; the rest is the wire's, the disk's or Node's. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  picker: ['picker', 'availability', 'rarity-order', 'deadlines', 'sharing'],
  requests: ['requests', 'pipeline', 'rate'],
  interest: ['interest', 'bitfield'],
  blocks: ['active-piece', 'downloads', 'pieces', 'content', 'buffers'],
};

interface Load {
  readonly pieces: number;
  readonly peers: number;
  readonly blocks: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pieces: { type: 'string', default: '10000' },
      peers: { type: 'string', default: '500' },
      blocks: { type: 'string', default: '4' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const load = { pieces: Number(values.pieces), peers: Number(values.peers), blocks: Number(values.blocks) };
  const machine = describeMachine();
  const download = new Download(load);
  const started = performance.now();
  download.meetAll();
  const meeting = performance.now() - started;
  const { seconds, haves, shares } = await profile(() => download.run());
  const blocks = load.pieces * load.blocks;
  const rows: Row[] = [...shares]
    .sort(([, a], [, b]) => b - a)
    .map(([part, share]) => ({
      part,
      'share %': rounded(share * 100),
      'us/block': rounded((share * seconds * 1e6) / blocks),
    }));
  rows.push({
    part: `all: ${String(blocks)} blocks, ${String(haves)} haves`,
    'share %': 100,
    'us/block': rounded((seconds * 1e6) / blocks),
  });
  await report(machine, rows, { path: values.json, details: { load, seconds, meetingMs: meeting } });
  process.stdout.write(
    `before: ${String(rounded((meeting * 1000) / load.peers))} us for each peer that comes\n`,
  );
}

/** A download from first to last block; peers get more pieces while it goes on. */
class Download {
  readonly #load: Load;
  readonly #engine: SwarmEngine;
  readonly #rng = new Rng(7);
  readonly #has: Bitfield[] = [];
  readonly #waiting: SwarmInput[] = [];
  readonly #data = new Uint8Array(16_384);
  #now = 0;
  #haves = 0;
  #isDone = false;

  constructor(load: Load) {
    this.#load = load;
    this.#engine = new SwarmEngine({
      infoHash: toInfoHash(new Uint8Array(20).fill(1)),
      infoHashV2: undefined,
      peerId: toPeerId(new Uint8Array(20)),
      maxPeers: load.peers,
      seed: 1,
      buffers: createBufferPool({ budgetBytes: 256 * 2 ** 20 }),
      digests,
    });
  }

  meetAll(): void {
    const { pieces, peers } = this.#load;
    this.#handle({ kind: 'metainfo', metainfo: metainfoOf(this.#load), have: new Bitfield(pieces) });
    for (let peer = 0; peer < peers; peer++) this.#meet(peer);
  }

  /** Returns the number of have messages. */
  run(): number {
    const { peers } = this.#load;
    while (!this.#isDone) {
      // Twenty milliseconds in which each peer answers all that it was asked, and some get a piece.
      this.#now += 20;
      for (const input of this.#waiting.splice(0)) this.#handle(input);
      for (let i = 0; i < peers / 5; i++) this.#gain(this.#rng.below(peers));
      this.#handle({ kind: 'tick' });
    }
    return this.#haves;
  }

  #meet(peer: number): void {
    const { pieces } = this.#load;
    const has = peer % 50 === 0 ? Bitfield.full(pieces) : new Bitfield(pieces);
    const part = this.#rng.below(100);
    for (let piece = 0; piece < pieces; piece++) if (this.#rng.below(100) < part) has.add(piece);
    this.#has.push(has);
    const peerId = toPeerId(new Uint8Array(20).fill(peer & 255));
    const capabilities = { extended: false, fast: true, dht: false, v2: false };
    const address = { ip: `10.0.${String(peer >> 8)}.${String(peer & 255)}`, port: 6881 };
    const outgoing = false;
    this.#handle({
      kind: 'peer-connected',
      peer,
      transport: 'memory',
      address,
      outgoing,
      peerId,
      capabilities,
    });
    this.#handle({ kind: 'message', peer, message: { kind: 'bitfield', bits: has.toBytes() } });
    this.#handle({ kind: 'message', peer, message: { kind: 'unchoke' } });
  }

  #gain(peer: number): void {
    const piece = this.#rng.below(this.#load.pieces);
    if (this.#has[peer]?.add(piece) !== true) return;
    this.#haves++;
    this.#handle({ kind: 'message', peer, message: { kind: 'have', piece } });
  }

  #handle(input: SwarmInput): void {
    this.#engine.handle(input, this.#now);
    for (let effect = this.#engine.poll(); effect !== undefined; effect = this.#engine.poll())
      this.#apply(effect);
  }

  #apply(effect: SwarmEffect): void {
    if (effect.kind === 'send' && effect.message.kind === 'request') {
      const { piece, begin } = effect.message;
      this.#waiting.push({
        kind: 'message',
        peer: effect.peer,
        message: { kind: 'piece', piece, begin, data: this.#data },
      });
    } else if (effect.kind === 'verify-piece') {
      createHash('sha1').update(effect.data).digest();
      this.#waiting.push({ kind: 'piece-verified', piece: effect.piece, ok: true });
    } else if (effect.kind === 'write-piece')
      this.#waiting.push({ kind: 'piece-written', piece: effect.piece });
    else if (effect.kind === 'complete') this.#isDone = true;
  }
}

function metainfoOf({ pieces, blocks }: Load): Metainfo {
  const pieceLength = blocks * 16_384;
  const length = pieces * pieceLength;
  const { metainfo } = createSample({ length: 0, pieceLength });
  const files = metainfo.files.map((file) => ({ ...file, length }));
  return { ...metainfo, pieceCount: pieces, length, files };
}

interface Profile {
  readonly seconds: number;
  readonly haves: number;
  readonly shares: ReadonlyMap<string, number>;
}

async function profile(run: () => number): Promise<Profile> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const haves = run();
  const { profile: taken } = await session.post('Profiler.stop');
  const times = new Map<string, number>();
  const files = new Map(taken.nodes.map((node) => [node.id, node.callFrame]));
  let total = 0;
  for (const [i, id] of (taken.samples ?? []).entries()) {
    const frame = files.get(id);
    const micros = taken.timeDeltas?.[i] ?? 0;
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const part = partOf(frame.url, frame.functionName);
    times.set(part, (times.get(part) ?? 0) + micros);
    total += micros;
  }
  const shares = new Map([...times].map(([part, micros]) => [part, micros / total]));
  return { seconds: total / 1e6, haves, shares };
}

function partOf(url: string, name: string): string {
  const file = /([^/]+)\.ts$/.exec(url)?.[1];
  if (file !== undefined && !url.includes('/core/')) return 'this bench';
  for (const [part, names] of Object.entries(PARTS))
    if (file !== undefined && names.includes(file)) return part;
  if (file !== undefined) return 'rest of the engine';
  return name === '(garbage collector)' ? 'garbage collector' : 'Node: hashing and the rest';
}
