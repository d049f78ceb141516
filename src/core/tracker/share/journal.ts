// What the other machines are still to be told. Several words about one peer are one: the last. The journal is bounded:
// what falls out when the shared store is away for long is brought by the comparison of everything at its return.
import { keyOfShared, SHARED_COMPLETED, type SharedPeer } from './shared-peer.ts';

export class Journal {
  readonly #entries = new Map<string, SharedPeer>();
  readonly #capacity: number;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Words that found no room since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  add(peer: SharedPeer): void {
    const key = keyOfShared(peer);
    const before = this.#entries.get(key);
    if (before === undefined && this.#entries.size >= this.#capacity) {
      this.#dropped++;
      return;
    }
    const kept = (before?.flags ?? 0) & SHARED_COMPLETED;
    this.#entries.set(key, kept === 0 ? peer : { ...peer, flags: peer.flags | kept });
  }

  has(peer: Pick<SharedPeer, 'infoHash' | 'place'>): boolean {
    return this.#entries.has(keyOfShared(peer));
  }

  /** Takes out the oldest, `max` at most. */
  take(max: number): SharedPeer[] {
    const taken: SharedPeer[] = [];
    for (const [key, peer] of this.#entries) {
      if (taken.length >= max) break;
      taken.push(peer);
      this.#entries.delete(key);
    }
    return taken;
  }

  /** Puts back what could not be told; what was said since is younger and stays. */
  putBack(peers: readonly SharedPeer[]): void {
    for (const peer of peers) if (!this.has(peer)) this.add(peer);
  }
}
