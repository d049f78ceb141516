// Peers that others announced to us (BEP 5), unique by address per info hash (BEP 33), forgotten after 30 minutes.
// Caps keep a flood of announces from eating memory: the oldest info hash goes first.
import type { PeerAddress } from '../address.ts';
import { toHex } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import { BloomFilter } from './bloom.ts';

const PEER_LIFE_MS = 30 * 60_000;

interface StoredPeer {
  readonly address: PeerAddress;
  readonly seed: boolean;
  readonly at: Millis;
}

export class DhtPeerStore {
  /** Hex info hash -> key of address -> peer, least recently announced first. */
  readonly #swarms = new Map<string, Map<string, StoredPeer>>();

  get size(): number {
    return this.#swarms.size;
  }

  announce(
    infoHash: Uint8Array,
    peer: PeerAddress,
    options: { readonly seed: boolean; readonly now: Millis },
  ): void {
    const key = toHex(infoHash);
    const swarm = this.#swarms.get(key) ?? new Map<string, StoredPeer>();
    // Local networks run many nodes behind one address, so there the port counts too.
    const peerKey = `${peer.ip} ${String(peer.port)}`;
    this.#swarms.delete(key);
    this.#swarms.set(key, swarm);
    swarm.delete(peerKey);
    swarm.set(peerKey, { address: peer, seed: options.seed, at: options.now });
    dropOldest(swarm, LIMITS.dhtPeersPerSwarm.value);
    dropOldest(this.#swarms, LIMITS.dhtSwarms.value);
  }

  /** Up to `count` live peers of one address family, a random run of them. */
  select(infoHash: Uint8Array, options: SelectOptions): PeerAddress[] {
    const swarm = this.#swarms.get(toHex(infoHash));
    if (swarm === undefined) return [];
    const family = [...swarm.values()].filter(
      (peer) => peer.address.ip.includes(':') === (options.family === 6) && !(options.noSeeds && peer.seed),
    );
    const start = family.length > options.count ? options.random % family.length : 0;
    return [...family.slice(start), ...family.slice(0, start)].slice(0, options.count).map((p) => p.address);
  }

  /** Bloom filters of seeds and other peers (BEP 33), or undefined for an unknown swarm. */
  scrape(
    infoHash: Uint8Array,
    sha1: Digests['sha1'],
  ): { readonly seeds: Uint8Array; readonly peers: Uint8Array } | undefined {
    const swarm = this.#swarms.get(toHex(infoHash));
    if (swarm === undefined) return undefined;
    const seeds = new BloomFilter();
    const peers = new BloomFilter();
    for (const peer of swarm.values()) (peer.seed ? seeds : peers).add(peer.address.ip, sha1);
    return { seeds: seeds.bytes, peers: peers.bytes };
  }

  /** Up to `count` info hashes in hex (BEP 51), from a random start. */
  sample(count: number, random: number): string[] {
    const keys = [...this.#swarms.keys()];
    const start = keys.length > count ? random % keys.length : 0;
    return [...keys.slice(start), ...keys.slice(0, start)].slice(0, count);
  }

  expire(now: Millis): void {
    for (const [key, swarm] of this.#swarms) {
      for (const [peerKey, peer] of swarm) {
        if (now - peer.at < PEER_LIFE_MS) break;
        swarm.delete(peerKey);
      }
      if (swarm.size === 0) this.#swarms.delete(key);
    }
  }
}

export interface SelectOptions {
  readonly count: number;
  readonly family: 4 | 6;
  readonly noSeeds: boolean;
  readonly random: number;
}

function dropOldest<V>(map: Map<string, V>, cap: number): void {
  while (map.size > cap) {
    const first = map.keys().next();
    if (first.done === true) return;
    map.delete(first.value);
  }
}
