// One swarm table for several threads: stripes, each a Swarms with a lock of its own, in one shared memory. A swarm's
// stripe follows from its info hash by a secret, so nobody can aim at one. Every thread has a StripedSwarms over the
// same memory. Invariant: a stripe is read and written by the thread alone whose number its lock holds. A thread that
// dies leaves its number there: recover() empties that stripe, whose peers come back with their next announces.
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import type { Millis } from '../time.ts';
import { hashWords } from './store/keyed-hash.ts';
import { HEADER, layoutFor } from './store/layout.ts';
import { loadWords } from './store/place.ts';
import type { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { StripeLock } from './store/stripe-lock.ts';
import type { SwarmTable } from './swarm-table.ts';
import { ADDRESS_COUNTERS, Swarms, type SwarmsOptions, type SwarmsTotals } from './swarms.ts';

/** A power of two; enough that a handful of threads seldom meet, few enough that a large swarm finds room in one. */
const STRIPES = 16;

interface Stripe {
  readonly swarms: Swarms;
  readonly lock: StripeLock;
}

/** Words for all stripes together. */
export function stripedWords(options: SwarmsOptions): number {
  return ADDRESS_COUNTERS + STRIPES * stripeWords(options);
}

export class StripedSwarms implements SwarmTable {
  /** What the StripedSwarms of all threads lie in. */
  readonly memory: SharedArrayBuffer;
  readonly #stripes: readonly Stripe[];
  readonly #addressCounts: Int32Array;
  readonly #key: SwarmsOptions['key'];
  readonly #words: Int32Array = new Int32Array(5);
  #sweeping = 0;

  /** `shared` has room for stripedWords() words; `thread` is this thread's number, above 0. */
  constructor(shared: SharedArrayBuffer, options: SwarmsOptions, thread: number) {
    this.memory = shared;
    const memory = new Int32Array(shared);
    this.#addressCounts = memory.subarray(0, ADDRESS_COUNTERS);
    const [a, b] = options.key;
    // Not the key of the tables: their slots must not follow from the stripe.
    this.#key = [b ^ 0x5bd1e995, a ^ 0x27d4eb2f];
    const words = stripeWords(options);
    this.#stripes = Array.from({ length: STRIPES }, (_, i) => {
      const part = memory.subarray(ADDRESS_COUNTERS + i * words, ADDRESS_COUNTERS + (i + 1) * words);
      const seed = options.seed ^ Math.imul(i + 1, 0x9e3779b1);
      return {
        swarms: new Swarms(part, { ...stripeOptions(options), seed }, this.#addressCounts),
        lock: new StripeLock(part, HEADER.lock, thread),
      };
    });
  }

  /** A stripe that cannot be had is answered as if it had no room: the client comes again. */
  announce(query: StoreQuery, now: Millis, reply: StoreReply): void {
    const stripe = this.#stripeOf(query.infoHash);
    if (stripe?.lock.acquire() !== true) {
      reply.clear();
      reply.verdict = 'swarms-full';
      return;
    }
    // Should this throw, the lock stays: what is half done must not be seen before it is cleared away.
    stripe.swarms.announce(query, now, reply);
    stripe.lock.release();
  }

  scrape(infoHash: Uint8Array, counts: StoreCounts): boolean {
    const stripe = this.#stripeOf(infoHash);
    if (stripe?.lock.acquire() !== true) return false;
    const known = stripe.swarms.scrape(infoHash, counts);
    stripe.lock.release();
    return known;
  }

  sweep(now: Millis, budget: number): boolean {
    const stripe = this.#stripes[this.#sweeping];
    let done = true;
    if (stripe?.lock.acquire() === true) {
      done = stripe.swarms.sweep(now, budget);
      stripe.lock.release();
    }
    if (done) this.#sweeping = (this.#sweeping + 1) % STRIPES;
    return done && this.#sweeping === 0;
  }

  get recordCount(): number {
    return STRIPES * Math.max(...this.#stripes.map(({ swarms }) => swarms.recordCount));
  }

  readSwarm(number: number, now: Millis, out: ByteWriter): void {
    const stripe = this.#stripes[number % STRIPES];
    const place = Math.floor(number / STRIPES);
    if (stripe === undefined || place >= stripe.swarms.recordCount || !stripe.lock.acquire()) return;
    stripe.swarms.readSwarm(place, now, out);
    stripe.lock.release();
  }

  restoreSwarm(reader: ByteReader, now: Millis, ageMs: Millis): void {
    const stripe = this.#stripeOf(reader.peek(20));
    if (stripe?.lock.acquire() !== true) throw new RangeError('a stripe is held while the store is filled');
    stripe.swarms.restoreSwarm(reader, now, ageMs);
    stripe.lock.release();
  }

  totals(): SwarmsTotals {
    const all = this.#stripes.map(({ swarms }) => swarms.totals());
    const sum = (of: (totals: SwarmsTotals) => number): number =>
      all.reduce((total, each) => total + of(each), 0);
    return {
      swarms: sum(({ swarms }) => swarms),
      peers4: sum(({ peers4 }) => peers4),
      peers6: sum(({ peers6 }) => peers6),
      seeds: sum(({ seeds }) => seeds),
      partialSeeds: sum(({ partialSeeds }) => partialSeeds),
      bytes: sum(({ bytes }) => bytes),
    };
  }

  /**
   * Empties what the thread of this number held when it died, and sets it free; answers how many stripes that were (at
   * most one). Run by one thread alone.
   */
  recover(thread: number): number {
    const torn = this.#stripes.filter(({ lock }) => lock.holder === thread);
    if (torn.length === 0) return 0;
    for (const { swarms } of torn) swarms.clear();
    // The address counters still have the peers that are gone: count again, with everybody else at rest.
    const held = this.#stripes.filter(({ lock }) => lock.holder !== thread && lock.acquire());
    this.#addressCounts.fill(0);
    for (const { swarms } of this.#stripes) swarms.countAddresses(this.#addressCounts);
    for (const { lock } of [...held, ...torn]) lock.release();
    return torn.length;
  }

  #stripeOf(infoHash: Uint8Array): Stripe | undefined {
    loadWords(this.#words, infoHash);
    return this.#stripes[hashWords(this.#key, this.#words, 5) & (STRIPES - 1)];
  }
}

function stripeOptions(options: SwarmsOptions): SwarmsOptions {
  const share = options.maxSwarms / STRIPES;
  return {
    ...options,
    // Hashes do not spread evenly: five deviations more are needed less than once in 100,000 times.
    maxSwarms: Math.ceil(share + Math.max(share / 10, 5 * Math.sqrt(share))) + 4,
    arenaBytes: Math.ceil(options.arenaBytes / STRIPES),
  };
}

function stripeWords(options: SwarmsOptions): number {
  // Whole lines of the processor's cache.
  return Math.ceil(layoutFor(stripeOptions(options)).words / 16) * 16;
}
