// A world of simulated nodes: one virtual clock, one seed, every run the same.
import { formatAddress } from '../../src/core/address.ts';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { Rng } from '../../src/core/swarm/rng.ts';
import type { Capabilities, Message } from '../../src/core/wire/messages.ts';
import { EventQueue } from './event-queue.ts';
import { Pipe } from './link.ts';
import type { PipeOptions } from './link.ts';
import { SimulatedNode } from './node.ts';
import type { NodeOptions } from './node.ts';
import type { Sample } from './sample.ts';

/** A dial that nobody answers, and the repetition of a SYN. */
const SILENCE_MS = 10_000;
const REPEAT_MS = 1_000;

const CAPABILITIES: Capabilities = { extended: true, fast: true, dht: false, v2: false };

export interface WorldOptions {
  readonly sample: Sample;
  readonly seed: number;
  readonly pipe: PipeOptions;
  readonly capabilities?: Capabilities;
}

export class World {
  readonly queue: EventQueue = new EventQueue();
  readonly sample: Sample;
  readonly nodes: SimulatedNode[] = [];
  /** A piece that is written and never read. */
  readonly scratch: Uint8Array;
  readonly #byAddress = new Map<string, SimulatedNode>();
  readonly #pipe: PipeOptions;
  readonly #rng: Rng;
  readonly #capabilities: Capabilities;
  /** Pairs of names: the first has sent to the second, whose answers its router lets in. */
  readonly #holes = new Set<string>();
  #nextKey = 1;

  constructor({ sample, seed, pipe, capabilities = CAPABILITIES }: WorldOptions) {
    this.#capabilities = capabilities;
    this.sample = sample;
    this.scratch = new Uint8Array(sample.metainfo.pieceLength);
    this.#pipe = pipe;
    this.#rng = new Rng(seed);
  }

  /** One way. */
  get latencyMs(): number {
    return this.#pipe.latencyMs;
  }

  random32(): number {
    return this.#rng.uint32();
  }

  pieceBytes(piece: number): Uint8Array {
    const { pieceLength } = this.sample.metainfo;
    return this.sample.bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength);
  }

  add(options: NodeOptions): SimulatedNode {
    const node = new SimulatedNode(this, this.nodes.length + 1, options);
    this.nodes.push(node);
    this.#byAddress.set(formatAddress(node.address), node);
    return node;
  }

  full(): Bitfield {
    return Bitfield.full(this.sample.metainfo.pieceCount);
  }

  /** Opens a connection after the time of a TCP and a BitTorrent handshake. */
  connect(from: SimulatedNode, to: SimulatedNode): void {
    const capabilities = this.#capabilities;
    const key = this.#nextKey++;
    const open = (end: SimulatedNode, remote: SimulatedNode, outgoing: boolean): void => {
      const out = new Pipe<Message>(
        this.queue,
        { from: end.link, to: remote.link },
        {
          ...this.#pipe,
          random: () => this.#rng.uint32() / 0x1_0000_0000,
          onTaken: (bytes) => {
            end.handle({ kind: 'uploaded', peer: key, bytes });
          },
          onMessage: (message) => {
            remote.receive(key, message);
          },
        },
      );
      end.connections.set(key, { key, remote, out });
      const { address, peerId } = remote;
      end.handle({
        kind: 'peer-connected',
        peer: key,
        transport: 'memory',
        address,
        outgoing,
        peerId,
        capabilities,
      });
    };
    this.queue.after(4 * this.#pipe.latencyMs, () => {
      if (from.gone || to.gone) return;
      // As drivers do: a second connection with the same peer is refused, and one too many.
      if (from === to || from.isConnectedTo(to) || from.isCrowded || to.isCrowded) {
        from.handle({ kind: 'dial-failed', address: to.address });
        return;
      }
      open(from, to, true);
      open(to, from, false);
    });
  }

  dial(from: SimulatedNode, address: string): void {
    const to = this.#byAddress.get(address);
    if (to !== undefined && !to.gone && this.#isOpen(from, to)) this.connect(from, to);
    else this.#fail(from, address, to?.isRouted === true ? SILENCE_MS : 2 * this.#pipe.latencyMs);
  }

  /** A dial that opens the dialler's own router, and is repeated once. */
  punch(from: SimulatedNode, address: string): void {
    const to = this.#byAddress.get(address);
    if (to === undefined) {
      this.#fail(from, address, SILENCE_MS);
      return;
    }
    this.#holes.add(`${String(from.name)} ${String(to.name)}`);
    this.queue.after(REPEAT_MS, () => {
      if (this.#isOpen(from, to)) this.connect(from, to);
      else this.#fail(from, address, SILENCE_MS);
    });
  }

  /** A dial whose every packet is lost. */
  lose(from: SimulatedNode, address: string): void {
    this.#fail(from, address, SILENCE_MS);
  }

  #isOpen(from: SimulatedNode, to: SimulatedNode): boolean {
    return !to.isRouted || this.#holes.has(`${String(to.name)} ${String(from.name)}`);
  }

  #fail(from: SimulatedNode, address: string, afterMs: number): void {
    const [ip = '', port = ''] = address.split(':');
    this.queue.after(afterMs, () => {
      from.handle({ kind: 'dial-failed', address: { ip, port: Number(port) } });
    });
  }

  /** One end closes; the other learns of it after the latency. */
  close(end: SimulatedNode, key: number): void {
    const connection = end.connections.get(key);
    if (connection === undefined) return;
    end.connections.delete(key);
    connection.out.close();
    this.queue.after(0, () => {
      end.handle({ kind: 'peer-closed', peer: key });
    });
    this.queue.after(this.#pipe.latencyMs, () => {
      const there = connection.remote.connections.get(key);
      if (there === undefined) return;
      connection.remote.connections.delete(key);
      there.out.close();
      connection.remote.handle({ kind: 'peer-closed', peer: key });
    });
  }

  /** The node vanishes with all its connections. */
  leave(node: SimulatedNode): void {
    for (const key of [...node.connections.keys()]) this.close(node, key);
    node.gone = true;
  }

  /** Runs until the condition holds; false when the time is up or nothing more happens. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    while (!condition()) {
      if (this.queue.now > limitMs || !this.queue.step()) return false;
    }
    return true;
  }
}
