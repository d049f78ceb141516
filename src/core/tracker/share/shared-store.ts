// The store of a tracker that shares its swarms with others: answers come from this machine's memory at once, what
// changes is noted for the others, and what they note is replayed here as if it had been announced here.
import type { Millis } from '../../time.ts';
import type { PeerStore } from '../announce.ts';
import { StoreCounts, StoreQuery, StoreReply } from '../store/store-query.ts';
import type { Journal } from './journal.ts';
import {
  SHARED_COMPLETED,
  SHARED_GONE,
  SHARED_PARTIAL,
  SHARED_SEED,
  type SharedPeer,
} from './shared-peer.ts';

export class SharedStore implements PeerStore {
  readonly #local: PeerStore;
  readonly #journal: Journal;
  readonly #toSharedTime: (now: Millis) => Millis;
  readonly #counts: StoreCounts = new StoreCounts();
  readonly #query: StoreQuery = new StoreQuery();
  readonly #ignored: StoreReply = new StoreReply(0);

  constructor(
    local: PeerStore,
    deps: { readonly journal: Journal; readonly toSharedTime: (now: Millis) => Millis },
  ) {
    this.#local = local;
    this.#journal = deps.journal;
    this.#toSharedTime = deps.toSharedTime;
  }

  announce(query: StoreQuery, now: Millis, reply: StoreReply): void {
    const before = this.#counts;
    const decisive = query.event === 'completed' || query.event === 'stopped';
    if (decisive) this.#local.scrape(query.infoHash, before);
    this.#local.announce(query, now, reply);
    if (reply.verdict === 'swarms-full' || reply.verdict === 'not-stored') return;
    const counted = query.event === 'completed' && reply.downloads > before.downloads;
    // The goodbye of somebody who never was here would only fill the others' memory.
    const peersBefore = before.seeders + before.leechers;
    if (query.event === 'stopped' && reply.seeders + reply.leechers >= peersBefore) return;
    this.#journal.add({
      infoHash: query.infoHash.slice(),
      place: placeOf(query),
      flags: flagsOf(query) | (counted ? SHARED_COMPLETED : 0),
      at: this.#toSharedTime(now),
    });
  }

  scrape(infoHash: Uint8Array, counts: StoreCounts): boolean {
    return this.#local.scrape(infoHash, counts);
  }

  /** Takes in what another machine heard just now. */
  replay(peer: SharedPeer, now: Millis): void {
    const query = this.#query;
    const { place, flags } = peer;
    const port = place.length - 2;
    query.infoHash.set(peer.infoHash);
    query.family = place.length === 6 ? 4 : 6;
    query.ip.set(place.subarray(0, port));
    query.port = ((place[port] ?? 0) << 8) | (place[port + 1] ?? 0);
    query.seed = (flags & SHARED_SEED) !== 0;
    query.event = eventOf(flags);
    this.#local.announce(query, now, this.#ignored);
  }

  /** Finished downloads of a swarm, as far as it is known here. */
  downloadsOf(infoHash: Uint8Array): number {
    this.#local.scrape(infoHash, this.#counts);
    return this.#counts.downloads;
  }
}

function placeOf(query: StoreQuery): Uint8Array {
  const ipLength = query.family === 4 ? 4 : 16;
  const place = new Uint8Array(ipLength + 2);
  place.set(query.ip.subarray(0, ipLength));
  place[ipLength] = query.port >>> 8;
  place[ipLength + 1] = query.port;
  return place;
}

function flagsOf(query: StoreQuery): number {
  if (query.event === 'stopped') return SHARED_GONE;
  if (query.seed) return SHARED_SEED;
  return query.event === 'paused' ? SHARED_PARTIAL : 0;
}

/** `started` for all that is nothing else: such a word is never too early. */
function eventOf(flags: number): StoreQuery['event'] {
  if ((flags & SHARED_GONE) !== 0) return 'stopped';
  if ((flags & SHARED_COMPLETED) !== 0) return 'completed';
  return (flags & SHARED_PARTIAL) === 0 ? 'started' : 'paused';
}
