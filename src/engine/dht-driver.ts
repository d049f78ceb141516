// Runs the DHT machine over a datagram socket: keeps searches for our torrents going and hands out what they find.
import type { PeerAddress } from '../core/address.ts';
import { Dht, type DhtOptions, type DhtSnapshot } from '../core/dht/dht.ts';
import type { DhtEffect, DhtInput, LookupKey } from '../core/dht/inputs.ts';
import type { DhtItem, VerifySignature } from '../core/dht/items.ts';
import type { DhtNode } from '../core/dht/krpc.ts';
import type { NodeAddress } from '../core/metainfo/metainfo.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import type { Digests } from '../ports/hasher.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';

export interface DhtDriverOptions extends DhtOptions {
  /** Host names or addresses that know other nodes. */
  readonly bootstrap: readonly NodeAddress[];
}

export interface DhtDriverDeps {
  readonly socket: DatagramSocket;
  readonly resolve: DatagramPort['resolve'];
  readonly clock: Clock;
  readonly random: Random;
  readonly digests: Digests;
  readonly verify: VerifySignature;
  readonly log: Log;
}

export interface SwarmSearch {
  readonly infoHash: Uint8Array;
  /** Port to announce, asked at each round; undefined only searches. */
  readonly announce: () => { readonly port: number; readonly seed: boolean } | undefined;
  readonly onPeers: (peers: readonly PeerAddress[]) => void;
}

/** A search that is made once. */
export interface DhtQuestion {
  readonly goal: Unnumbered<Extract<DhtInput, { kind: 'get-item' | 'put-item' | 'sample' }>>;
  /** Each checked item that is newer than those before. */
  readonly onItem?: ((item: DhtItem) => void) | undefined;
  readonly onSamples?: ((infoHashes: readonly Uint8Array[]) => void) | undefined;
}

type Unnumbered<Input> = Input extends { readonly lookup: LookupKey } ? Omit<Input, 'lookup'> : never;

/** How a search ended, in numbers of nodes. */
export type LookupEnd = Pick<Extract<DhtEffect, { kind: 'lookup-done' }>, 'answered' | 'stored' | 'outdated'>;

export interface DhtDriver {
  /** Searches now and every 15 minutes (sooner while nothing answers) until the returned function is called. */
  follow(search: SwarmSearch): () => void;
  /** Resolves when the search is over, with `answered` 0 where no node is known yet or the node is closed. */
  ask(question: DhtQuestion): Promise<LookupEnd>;
  /** A node that a peer told of by its PORT message, or that a torrent names. */
  addNode(address: PeerAddress): void;
  /** A node by its name; one that does not resolve is logged and skipped. */
  addHost(host: NodeAddress): void;
  /** Nodes of an earlier run. */
  restore(nodes: readonly DhtNode[]): void;
  snapshot(): DhtSnapshot;
  /** Good nodes, for the next run. */
  nodes(): readonly DhtNode[];
  close(): void;
}

/** Whoever waits for the effects of a search. */
interface Listener {
  readonly onPeers?: SwarmSearch['onPeers'] | undefined;
  readonly onItem?: DhtQuestion['onItem'];
  readonly onSamples?: DhtQuestion['onSamples'];
  readonly finish: (end: LookupEnd) => void;
}

const NOTHING: LookupEnd = { answered: 0, stored: 0, outdated: 0 };
const ROUND_MS = 15 * 60_000;
/** First rounds come quickly, while the table is filling; each next one after twice the time. */
const RETRY_FIRST_MS = 500;

/** Starts at once; bootstrap hosts that do not resolve are logged and skipped. */
export function createDhtDriver(options: DhtDriverOptions, deps: DhtDriverDeps): DhtDriver {
  return new Driver(options, deps);
}

class Driver implements DhtDriver {
  readonly #deps: DhtDriverDeps;
  readonly #dht: Dht;
  readonly #abort = new AbortController();
  readonly #lookups = new Map<LookupKey, Listener>();
  readonly #unlisten: () => void;
  #nextKey: LookupKey = 1;
  #cancelTimer: (() => void) | undefined;

  constructor(options: DhtDriverOptions, deps: DhtDriverDeps) {
    this.#deps = deps;
    const { random, digests, verify } = deps;
    this.#dht = new Dht(
      options,
      {
        sha1: (data) => digests.sha1(data),
        verify,
        random: () => random.uint32(),
        randomBytes: (length) => random.bytes(length),
      },
      deps.clock.now(),
    );
    this.#unlisten = deps.socket.onMessage((data, from) => {
      // KRPC is a bencoded dictionary; other protocols on this socket start with other bytes.
      if (data[0] === DICT_START) this.#handle({ kind: 'packet', data, from });
    });
    for (const host of options.bootstrap) this.addHost(host);
    this.#arm();
  }

  follow(search: SwarmSearch): () => void {
    let cancelTimer: (() => void) | undefined;
    let stopped = false;
    let retryMs = RETRY_FIRST_MS;
    const round = (): void => {
      if (stopped) return;
      const lookup = this.#nextKey++;
      this.#lookups.set(lookup, {
        onPeers: search.onPeers,
        finish: ({ answered }) => {
          if (stopped) return;
          cancelTimer = this.#deps.clock.schedule(answered < ENOUGH_ANSWERS ? retryMs : ROUND_MS, round);
          retryMs = Math.min(2 * retryMs, ROUND_MS);
        },
      });
      this.#handle({ kind: 'find-peers', lookup, infoHash: search.infoHash, announce: search.announce() });
    };
    round();
    return () => {
      stopped = true;
      cancelTimer?.();
    };
  }

  ask({ goal, onItem, onSamples }: DhtQuestion): Promise<LookupEnd> {
    if (this.#abort.signal.aborted) return Promise.resolve(NOTHING);
    const lookup = this.#nextKey++;
    return new Promise((finish) => {
      this.#lookups.set(lookup, { onItem, onSamples, finish });
      this.#handle({ ...goal, lookup });
    });
  }

  addNode(address: PeerAddress): void {
    this.#handle({ kind: 'bootstrap', addresses: [address] });
  }

  addHost({ host, port }: NodeAddress): void {
    void this.#bootstrap(host, port);
  }

  restore(nodes: readonly DhtNode[]): void {
    if (nodes.length > 0) this.#handle({ kind: 'restore', nodes });
  }

  snapshot(): DhtSnapshot {
    return this.#dht.snapshot();
  }

  nodes(): readonly DhtNode[] {
    return this.#dht.nodes();
  }

  close(): void {
    this.#abort.abort();
    this.#unlisten();
    this.#cancelTimer?.();
    const open = [...this.#lookups.values()];
    this.#lookups.clear();
    for (const { finish } of open) finish(NOTHING);
  }

  async #bootstrap(host: string, port: number): Promise<void> {
    try {
      const addresses = await this.#deps.resolve(host, this.#abort.signal);
      if (this.#abort.signal.aborted) return;
      this.#handle({ kind: 'bootstrap', addresses: addresses.map((ip) => ({ ip, port })) });
    } catch (error) {
      this.#deps.log.debug('DHT bootstrap host not resolved', { host, error: String(error) });
    }
  }

  #handle(input: DhtInput): void {
    if (this.#abort.signal.aborted) return;
    this.#dht.handle(input, this.#deps.clock.now());
    for (let effect = this.#dht.poll(); effect !== undefined; effect = this.#dht.poll()) this.#apply(effect);
    this.#arm();
  }

  #apply(effect: DhtEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#deps.socket.send(effect.data, effect.to);
        break;
      case 'peers':
        this.#lookups.get(effect.lookup)?.onPeers?.(effect.peers);
        break;
      case 'lookup-done':
        this.#finish(effect.lookup, effect);
        break;
      case 'external-address':
        this.#deps.log.info('address as others see it', { ip: effect.address.ip });
        break;
      case 'item':
        this.#lookups.get(effect.lookup)?.onItem?.(effect.item);
        break;
      case 'samples':
        this.#lookups.get(effect.lookup)?.onSamples?.(effect.infoHashes);
        break;
    }
  }

  #finish(lookup: LookupKey, end: LookupEnd): void {
    const listener = this.#lookups.get(lookup);
    this.#lookups.delete(lookup);
    listener?.finish(end);
  }

  #arm(): void {
    this.#cancelTimer?.();
    const delay = Math.max(1, this.#dht.nextTimeout() - this.#deps.clock.now());
    this.#cancelTimer = this.#deps.clock.schedule(delay, () => {
      this.#handle({ kind: 'tick' });
    });
  }
}

/** `d`, the first byte of every KRPC packet. */
const DICT_START = 0x64;
/** With fewer answers than this the search has not seen its neighbourhood. */
const ENOUGH_ANSWERS = 4;
