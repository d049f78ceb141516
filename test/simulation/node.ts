// One simulated client: the real engine, a link, and a driver with disk and hasher in memory.
import type { PeerAddress } from '../../src/core/address.ts';
import { formatAddress } from '../../src/core/address.ts';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { SystemError } from '../../src/core/errors.ts';
import { toPeerId } from '../../src/core/ids.ts';
import { createBufferPool } from '../../src/core/swarm/buffers.ts';
import type { BufferPool } from '../../src/core/swarm/buffers.ts';
import type { SwarmEffect } from '../../src/core/swarm/effects.ts';
import { SwarmEngine } from '../../src/core/swarm/engine.ts';
import type { SwarmInput } from '../../src/core/swarm/inputs.ts';
import type { SwarmOptions } from '../../src/core/swarm/options.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import { digests } from './digests.ts';
import { Link } from './link.ts';
import type { LinkOptions, Pipe } from './link.ts';
import type { World } from './world.ts';

export interface NodeOptions {
  readonly link: LinkOptions;
  /** Pieces on disk at the start. */
  readonly have?: Bitfield;
  readonly engine?: Partial<SwarmOptions>;
  readonly bufferBytes?: number;
  /** Keeps no bytes of its own, and takes all that comes for right: for crowds that would not fit into memory. */
  readonly keepsNothing?: boolean;
  /** Changes each message that the node sends; undefined swallows it. */
  readonly tamper?: (message: Message) => Message | undefined;
  /** What the node sends besides, when a message comes. */
  readonly answer?: (message: Message) => readonly Message[];
  /** Behind a router that lets nobody in whom the node has not sent to before. */
  readonly routed?: boolean;
  /** True where the disk refuses to write a piece, or has lost it. */
  readonly failsToWrite?: (piece: number) => boolean;
  readonly failsToRead?: (piece: number) => boolean;
}

export interface Connection {
  readonly key: number;
  readonly remote: SimulatedNode;
  readonly out: Pipe<Message>;
}

/** Connections of one client. */
const MAX_PEERS = 80;
const DEFAULT_BUFFER_BYTES = 64 * 1024 * 1024;
/** Hashing and writing take this long, plus a gigabyte a second. */
const DISK_LATENCY_MS = 3;
const DISK_BYTES_PER_MS = 1_000_000;

export class SimulatedNode {
  readonly world: World;
  readonly name: number;
  readonly address: PeerAddress;
  readonly engine: SwarmEngine;
  readonly link: Link;
  readonly disk: Uint8Array;
  readonly have: Bitfield;
  readonly connections: Map<number, Connection> = new Map();
  readonly peerId: ReturnType<typeof toPeerId>;
  readonly buffers: CountingPool;
  /** Most bytes that the engine may have on loan: the budget, or two pieces. */
  readonly bufferBudget: number;
  /** Reasons for which others banned this node. */
  readonly bannedBy: string[] = [];
  readonly log: SwarmEffect[] = [];
  readonly #options: NodeOptions;
  readonly #tamper: ((message: Message) => Message | undefined) | undefined;
  completedAt: number | undefined;
  /** Called once, when all is there. */
  onWhole: (() => void) | undefined;
  joinedAt = 0;
  #timer: number | undefined;
  gone = false;
  /** Pieces hashed. */
  hashed = 0;

  constructor(world: World, name: number, options: NodeOptions) {
    this.world = world;
    this.name = name;
    this.address = {
      ip: `10.${String(name >> 16)}.${String((name >> 8) & 255)}.${String(name & 255)}`,
      port: 6881,
    };
    this.link = new Link(world.queue, options.link);
    this.#tamper = options.tamper;
    this.#options = options;
    const { sample } = world;
    this.have = options.have?.clone() ?? new Bitfield(sample.metainfo.pieceCount);
    this.disk = options.keepsNothing === true ? sample.bytes : new Uint8Array(sample.bytes.length);
    if (options.keepsNothing !== true) {
      for (const piece of this.have)
        this.disk.set(world.pieceBytes(piece), piece * sample.metainfo.pieceLength);
    }
    const id = new Uint8Array(20).fill(45);
    new DataView(id.buffer).setUint32(16, name);
    this.peerId = toPeerId(id);
    this.buffers = countingPool(
      options.bufferBytes,
      options.keepsNothing === true ? world.scratch : undefined,
    );
    this.bufferBudget = Math.max(
      options.bufferBytes ?? DEFAULT_BUFFER_BYTES,
      2 * sample.metainfo.pieceLength,
    );
    this.engine = new SwarmEngine({
      infoHash: sample.metainfo.infoHash,
      infoHashV2: undefined,
      peerId: this.peerId,
      maxPeers: MAX_PEERS,
      seed: world.random32(),
      buffers: this.buffers,
      digests,
      ...options.engine,
    });
  }

  get isRouted(): boolean {
    return this.#options.routed === true;
  }

  /** No more connections are taken. */
  get isCrowded(): boolean {
    return this.connections.size >= (this.#options.engine?.maxPeers ?? MAX_PEERS);
  }

  isConnectedTo(other: SimulatedNode): boolean {
    for (const { remote } of this.connections.values()) if (remote === other) return true;
    return false;
  }

  get isWhole(): boolean {
    return this.completedAt !== undefined;
  }

  join(): void {
    this.joinedAt = this.world.queue.now;
    this.handle({ kind: 'metainfo', metainfo: this.world.sample.metainfo, have: this.have.clone() });
  }

  handle(input: SwarmInput): void {
    if (this.gone) return;
    this.engine.handle(input, this.world.queue.now);
    for (let effect = this.engine.poll(); effect !== undefined; effect = this.engine.poll())
      this.#apply(effect);
    this.#arm();
  }

  /** A message has arrived. */
  receive(key: number, message: Message): void {
    if (!this.connections.has(key)) return;
    this.handle({ kind: 'message', peer: key, message });
    for (const said of this.#options.answer?.(message) ?? []) this.#put(key, said, 0);
  }

  #arm(): void {
    const due = this.engine.nextTimeout();
    if (due === undefined || (this.#timer !== undefined && this.#timer <= due)) return;
    this.#timer = due;
    this.world.queue.at(due, () => {
      if (this.#timer !== due || this.gone) return;
      this.#timer = undefined;
      this.handle({ kind: 'tick' });
    });
  }

  #apply(effect: SwarmEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#send(effect.peer, effect.message, 0);
      case 'upload':
        return this.#upload(effect);
      case 'disconnect':
        if (effect.ban) this.connections.get(effect.peer)?.remote.bannedBy.push(effect.reason);
        this.log.push(effect);
        return this.world.close(this, effect.peer);
      case 'dial':
        if (effect.punch === true) return this.world.punch(this, formatAddress(effect.address));
        return this.world.dial(this, formatAddress(effect.address));
      case 'verify-piece':
        return this.#verify(effect.piece, effect.data);
      case 'write-piece':
        return this.#write(effect.piece, effect.data);
      case 'complete':
        if (this.completedAt !== undefined) return;
        this.completedAt = this.world.queue.now;
        this.onWhole?.();
        return;
      default:
        this.log.push(effect);
    }
  }

  #send(key: number, original: Message, payload: number): void {
    const message = this.#tamper === undefined ? original : this.#tamper(original);
    if (message !== undefined) this.#put(key, message, payload);
  }

  #put(key: number, message: Message, payload: number): void {
    this.connections.get(key)?.out.send(message, { bytes: sizeOf(message), payload });
  }

  #upload(effect: Extract<SwarmEffect, { kind: 'upload' }>): void {
    const { peer, piece } = effect;
    if (this.#options.failsToRead?.(piece) === true && this.have.delete(piece)) {
      this.world.queue.after(DISK_LATENCY_MS, () => {
        this.handle({ kind: 'read-failed', peer, piece });
      });
    }
    if (!this.have.has(piece)) return;
    const start = effect.piece * this.world.sample.metainfo.pieceLength;
    for (let done = 0; done < effect.length; done += effect.blockLength) {
      const begin = effect.begin + done;
      const length = Math.min(effect.blockLength, effect.length - done);
      const data = this.disk.subarray(start + begin, start + begin + length);
      this.#send(effect.peer, { kind: 'piece', piece: effect.piece, begin, data }, length);
    }
  }

  #verify(piece: number, data: Uint8Array): void {
    this.world.queue.after(DISK_LATENCY_MS + data.length / DISK_BYTES_PER_MS, () => {
      const ok =
        this.#options.keepsNothing === true || Buffer.compare(data, this.world.pieceBytes(piece)) === 0;
      this.hashed++;
      this.handle({ kind: 'piece-verified', piece, ok });
    });
  }

  #write(piece: number, data: Uint8Array): void {
    this.world.queue.after(DISK_LATENCY_MS + data.length / DISK_BYTES_PER_MS, () => {
      if (this.#options.failsToWrite?.(piece) === true) {
        this.handle({ kind: 'write-failed', piece, error: new SystemError('DISK_FULL', 'no space') });
        return;
      }
      // A process that is gone writes nothing more.
      if (this.gone) return;
      if (this.#options.keepsNothing !== true)
        this.disk.set(data, piece * this.world.sample.metainfo.pieceLength);
      this.have.add(piece);
      this.handle({ kind: 'piece-written', piece });
    });
  }
}

interface CountingPool extends BufferPool {
  lentBytes: number;
  mostBytes: number;
}

/** Counts what is lent. With `scratch` everybody gets that one buffer, and nobody may read what is in it. */
function countingPool(budgetBytes = DEFAULT_BUFFER_BYTES, scratch?: Uint8Array): CountingPool {
  const pool = createBufferPool({ budgetBytes });
  const counting = {
    memory: pool.memory,
    lentBytes: 0,
    mostBytes: 0,
    lease(length: number): Uint8Array | undefined {
      const buffer = scratch === undefined ? pool.lease(length) : scratch.subarray(0, length);
      if (buffer !== undefined) counting.lentBytes += length;
      counting.mostBytes = Math.max(counting.mostBytes, counting.lentBytes);
      return buffer;
    },
    release(buffer: Uint8Array): void {
      counting.lentBytes -= buffer.length;
      if (scratch === undefined) pool.release(buffer);
    },
  };
  return counting;
}

/** Bytes on the wire. */
function sizeOf(message: Message): number {
  switch (message.kind) {
    case 'piece':
      return 13 + message.data.length;
    case 'bitfield':
      return 5 + message.bits.length;
    case 'extended':
      return 6 + message.payload.length;
    case 'request':
    case 'cancel':
    case 'reject':
      return 17;
    case 'have':
    case 'suggest':
    case 'allowed-fast':
      return 9;
    case 'hashes':
      return 53 + message.hashes.length;
    default:
      return 5;
  }
}
