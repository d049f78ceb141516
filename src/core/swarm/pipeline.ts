// How many blocks to have requested from one peer.
// Law: outstanding = rate * latency (Little). We ask for what the peer delivers within a target latency: enough that
// its link never runs dry, little enough that no queue of seconds stands between us and the next wish.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Millis } from '../time.ts';
import { RateMeter } from './rate.ts';

/** How a kind of peer is asked; depths in blocks. */
export interface Pace {
  /** Time of deliveries that stands requested, besides two round trips. */
  readonly queueMs: Millis;
  readonly firstDepth: number;
  readonly leastDepth: number;
}

/**
 * Peers that share a link should all ask for about the same: who asks for little gets little and asks for less. At least
 * what a peer that many ask of serves in one turn (upload-turns.ts): of sixty peers, more is much of the content.
 */
export const PEER_PACE: Pace = { queueMs: 250, firstDepth: 16, leastDepth: 4 };
/** Neighbours become one HTTP range: each costs both sides work and a round trip, so few and long ones are best. */
export const WEB_SEED_PACE: Pace = { queueMs: 500, firstDepth: 64, leastDepth: 16 };

/** Of a peer that brings so few blocks in this time they all stand requested: with less it runs dry between its turns. */
const FEW = 8;
const FEW_MS = 750;
/** A round trip is measured as the least of this long. */
const ROUND_TRIP_MEMORY_MS = 15_000;
const BUCKET_MS = 100;
const BUCKETS = 10;

export class Pipeline {
  readonly #pace: Pace;
  readonly #rate: RateMeter;
  #depth: number;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #memoryEnds: Millis;
  #before = 0;

  constructor(now: Millis, pace: Pace) {
    this.#pace = pace;
    this.#depth = pace.firstDepth;
    this.#rate = new RateMeter(now, BUCKET_MS, BUCKETS);
    this.#memoryEnds = now + ROUND_TRIP_MEMORY_MS;
  }

  /** Blocks to keep requested. */
  get depth(): number {
    return this.#depth;
  }

  /** Requests go out after a time without any. */
  started(now: Millis): void {
    this.#before = this.expectedRate(now);
    this.#rate.restart(now);
  }

  /** Bytes a second over the last second. */
  rate(now: Millis): number {
    return this.#rate.perSecond(now);
  }

  /** Bytes a second that may be expected: measured, or, until a block comes, from before a time without requests. */
  expectedRate(now: Millis): number {
    return Math.max(this.#rate.perSecond(now), this.#before);
  }

  /** A block came, `latencyMs` after its request. At most one block more is asked for: doubling in a round trip. */
  onBlock(bytes: number, latencyMs: Millis, now: Millis): void {
    this.#rate.add(bytes, now);
    this.#before = 0;
    if (now >= this.#memoryEnds) {
      this.#leastBefore = this.#least;
      this.#least = Number.POSITIVE_INFINITY;
      this.#memoryEnds = now + ROUND_TRIP_MEMORY_MS;
    }
    if (latencyMs < this.#least) this.#least = latencyMs;
    const roundTrip = Math.min(this.#least, this.#leastBefore);
    const { queueMs, leastDepth } = this.#pace;
    const blocksPerMs = this.#rate.perSecond(now) / 1000 / BLOCK_LENGTH;
    const wanted = Math.max(blocksPerMs * (2 * roundTrip + queueMs), Math.min(FEW, blocksPerMs * FEW_MS));
    this.#depth = Math.min(this.#depth + 1, Math.max(leastDepth, Math.ceil(wanted)));
  }

  /** The peer went silent: it is asked for one block at a time until it delivers. */
  collapse(): void {
    this.#depth = 1;
    this.#before = 0;
  }
}
