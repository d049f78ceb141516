// The one announce and scrape behind every frontend: rules first, then the store. Frontends parse and write; they
// never decide.
import type { Millis } from '../time.ts';
import { isGlobalUnicast } from './address-range.ts';
import type { AnnounceQuery } from './announce-query.ts';
import type { Policy } from './policy.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';
import { REFUSALS, type Refusal } from './refusal.ts';
import type { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';

/** The store as the tracker sees it; Swarms is one. */
export interface PeerStore {
  announce(query: StoreQuery, now: Millis, reply: StoreReply): void;
  scrape(infoHash: Uint8Array, counts: StoreCounts): boolean;
}

/** Counters since the start; read by snapshots and metrics. */
export interface TrackerCounters {
  announces: number;
  scrapes: number;
  /** Announces and scrapes that were refused, the rate limit apart. */
  refused: number;
  rateLimited: number;
  started: number;
  completed: number;
  stopped: number;
  /** Announces answered whose peer found no room. */
  notStored: number;
}

export interface AnnounceCoreOptions {
  readonly policy: Policy;
  readonly rateLimit: RateLimitOptions;
  /** Uniform in [0, 1): jitter of intervals. */
  readonly random: () => number;
}

export class AnnounceCore {
  readonly counters: TrackerCounters = {
    announces: 0,
    scrapes: 0,
    refused: 0,
    rateLimited: 0,
    started: 0,
    completed: 0,
    stopped: 0,
    notStored: 0,
  };
  /** Replaced as a whole when the configuration is read again. */
  policy: Policy;
  readonly #store: PeerStore;
  readonly #rateLimit: RateLimit;
  readonly #random: () => number;

  constructor(store: PeerStore, options: AnnounceCoreOptions) {
    this.#store = store;
    this.policy = options.policy;
    this.#rateLimit = new RateLimit(options.rateLimit);
    this.#random = options.random;
  }

  /** Fills in the reply, or says why not. `query` holds the source address and what the client said. */
  announce(query: AnnounceQuery, now: Millis, reply: StoreReply): Refusal | undefined {
    const { counters, policy } = this;
    counters.announces++;
    if (!this.#affords(query.address, now, 1)) return REFUSALS['too-many-requests'];
    const refusal = this.#check(query, now);
    if (refusal !== undefined) {
      counters.refused++;
      return refusal;
    }
    query.numWant = query.event === 'stopped' ? 0 : numWant(query.asked, policy);
    this.#store.announce(query, now, reply);
    if (reply.verdict === 'swarms-full') {
      counters.refused++;
      return REFUSALS['tracker-full'];
    }
    if (reply.verdict === 'not-stored') counters.notStored++;
    if (query.event !== 'none' && query.event !== 'paused') counters[query.event]++;
    policy.access?.account?.(query, isAlone(query, reply), now);
    return undefined;
  }

  /** As announce() for a peer that is reached over its socket and stored elsewhere. */
  admitSocketPeer(query: AnnounceQuery, now: Millis): Refusal | undefined {
    this.counters.announces++;
    if (!this.#affords(query.address, now, 1)) return REFUSALS['too-many-requests'];
    const refusal = this.#admit(query, now);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (query.event !== 'none' && query.event !== 'paused') this.counters[query.event]++;
    return undefined;
  }

  /** The accounts of a peer that admitSocketPeer() let in. `others`: peers beside it in its swarm. */
  accountSocketPeer(query: AnnounceQuery, others: number, now: Millis): void {
    this.policy.access?.account?.(query, others === 0, now);
  }

  /** Whether a scrape of so many hashes from this address (4 or 16 bytes) is served. */
  admitScrape(ip: Uint8Array, now: Millis, hashes: number): Refusal | undefined {
    this.counters.scrapes++;
    if (hashes > this.policy.maxScrape) return this.#refuse(REFUSALS['too-many-hashes']);
    // Hashes beyond the first are cheaper than requests of their own, but not free.
    return this.#affords(ip, now, 1 + (hashes - 1) / 8) ? undefined : REFUSALS['too-many-requests'];
  }

  /** Counts of a swarm; zeros for one that is not known or not served. */
  scrape(infoHash: Uint8Array, counts: StoreCounts): boolean {
    return this.#store.scrape(infoHash, counts);
  }

  /** Seconds until the next announce. */
  intervalSeconds(): number {
    return Math.round(this.policy.intervalSeconds * (0.9 + 0.2 * this.#random()));
  }

  /** Loopback is the operator, or a proxy that should be told to forward addresses. */
  #affords(ip: Uint8Array, now: Millis, cost: number): boolean {
    if ((ip.length === 4 && ip[0] === 127) || this.#rateLimit.take(ip, now, cost)) return true;
    this.counters.rateLimited++;
    return false;
  }

  #refuse(refusal: Refusal): Refusal {
    this.counters.refused++;
    return refusal;
  }

  /** Whether this torrent may be announced with what the client shows. */
  #admit(query: AnnounceQuery, now: Millis): Refusal | undefined {
    const { policy } = this;
    if (policy.torrents?.allows(query.infoHash) === false) return REFUSALS['not-allowed'];
    return policy.access?.check(query, now);
  }

  #check(query: AnnounceQuery, now: Millis): Refusal | undefined {
    const { policy } = this;
    if (query.port < 1 || query.port > 65535) return REFUSALS['bad-port'];
    const refusal = this.#admit(query, now);
    if (refusal !== undefined) return refusal;
    if (policy.trustClientIp && query.claimedFamily !== 0) {
      query.setSource(query.claimedFamily === 4 ? query.claimedIp.subarray(0, 4) : query.claimedIp);
    }
    if (policy.publicOnly && !isGlobalUnicast(query.address)) return REFUSALS['bad-address'];
    return undefined;
  }
}

function isAlone(query: AnnounceQuery, reply: StoreReply): boolean {
  const self = query.event === 'stopped' || reply.verdict === 'not-stored' ? 0 : 1;
  return reply.seeders + reply.leechers <= self;
}

function numWant(asked: number, policy: Policy): number {
  return asked < 0 ? policy.defaultNumWant : Math.min(asked, policy.maxNumWant);
}
