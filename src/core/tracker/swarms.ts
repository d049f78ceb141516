// The store of a tracker: info hash → peers, in one Int32Array of fixed size that several threads may share. Knows no
// protocol and no clock. Invariants: a swarm's downloaders precede its givers; the counters in the header are the sums
// over all lists; what is found by hash is exactly what the records hold. Work per call is bounded by the longest list.
import { Arena, sizeFor } from './store/arena.ts';
import { hashOne, type HashKey } from './store/keyed-hash.ts';
import {
  HEADER,
  layoutFor,
  LIST,
  LIST_WORDS,
  list6Of,
  RECORD,
  type Layout,
  type StoreLimits,
} from './store/layout.ts';
import { PeerLists } from './store/peer-lists.ts';
import { loadWords, Place } from './store/place.ts';
import {
  ageOf,
  COUNTED,
  earlyBits,
  earlyOf,
  packPeerWord,
  PARTIAL,
  SEED,
  TICK_MS,
  tickOf,
} from './store/peer-word.ts';
import { QuickRandom } from './store/sample.ts';
import { Selection } from './store/selection.ts';
import { StoreReply, type StoreCounts, type StoreQuery } from './store/store-query.ts';
import { SwarmIndex } from './store/swarm-index.ts';
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import type { Millis } from '../time.ts';

export interface SwarmsOptions extends StoreLimits {
  /** A peer not heard of for longer is forgotten; at most 4 h. */
  readonly peerLifetimeMs: Millis;
  /** Announces without an event that come sooner are early: after three in a row they get no peers. */
  readonly minIntervalMs: Millis;
  readonly maxPeersPerSwarm: number;
  /** Peers of one address (IPv6: one /64) over all swarms. */
  readonly maxPeersPerAddress: number;
  /** Secret of the hash tables; the same for all threads that share the memory. */
  readonly key: HashKey;
  /** Seed of the choice of peers. */
  readonly seed: number;
}

export interface SwarmsTotals {
  readonly swarms: number;
  readonly peers4: number;
  readonly peers6: number;
  readonly seeds: number;
  readonly partialSeeds: number;
  /** Bytes of the memory that have been in use. */
  readonly bytes: number;
}

/** Peers of an address are counted by hash; two addresses that share a counter share its cap. */
export const ADDRESS_COUNTERS: number = 1 << 16;
const EARLY_TOLERATED = 3;
/** A swarm without peers is kept for its count of downloads this long, if nobody needs the room. */
const EMPTY_KEPT_TICKS = (24 * 3600 * 1000) / TICK_MS;
/** Records looked at for an empty swarm when a new one needs room. */
const EVICTION_PROBES = 64;

/** Words that a store of these limits needs. */
export function storeWords(limits: StoreLimits): number {
  return ADDRESS_COUNTERS + layoutFor(limits).words;
}

export class Swarms {
  readonly #memory: Int32Array;
  readonly #addressCounts: Int32Array;
  readonly #layout: Layout;
  readonly #arena: Arena;
  readonly #index: SwarmIndex;
  readonly #v4: PeerLists;
  readonly #v6: PeerLists;
  readonly #options: SwarmsOptions;
  readonly #random: QuickRandom;
  readonly #selection: Selection;
  readonly #place: Place;
  readonly #ignored: StoreReply = new StoreReply(0);
  readonly #lifetimeTicks: number;
  readonly #minTicks: number;

  /**
   * `memory` has storeWords() words, all zero or as another Swarms with the same options and key left them. Several
   * tables may count the peers of an address together: then `addressCounts` lies elsewhere and `memory` is shorter by it.
   */
  constructor(memory: Int32Array, options: SwarmsOptions, addressCounts?: Int32Array) {
    this.#options = options;
    this.#layout = layoutFor(options);
    this.#addressCounts = addressCounts ?? memory.subarray(0, ADDRESS_COUNTERS);
    this.#memory = addressCounts === undefined ? memory.subarray(ADDRESS_COUNTERS) : memory;
    const { arenaAt, words } = this.#layout;
    this.#arena = new Arena(this.#memory, { header: HEADER.arena, start: arenaAt, end: words });
    this.#index = new SwarmIndex(this.#memory, this.#layout, options.key);
    const deps = { memory: this.#memory, arena: this.#arena, key: options.key };
    this.#v4 = new PeerLists(4, deps);
    this.#v6 = new PeerLists(6, deps);
    this.#random = new QuickRandom(options.seed);
    this.#selection = new Selection({
      memory: this.#memory,
      v4: this.#v4,
      v6: this.#v6,
      random: this.#random,
    });
    this.#place = new Place(this.#v4);
    this.#lifetimeTicks = Math.ceil(options.peerLifetimeMs / TICK_MS);
    this.#minTicks = Math.floor(options.minIntervalMs / TICK_MS);
  }

  /** Applies an announce and fills in the reply. The asker is never among the peers. */
  announce(query: StoreQuery, now: Millis, reply: StoreReply): void {
    reply.clear();
    loadWords(this.#index.hash, query.infoHash);
    const stopping = query.event === 'stopped';
    let record = this.#index.find();
    if (record === 0 && !stopping) record = this.#newSwarm();
    if (record === 0) {
      if (!stopping) reply.verdict = 'swarms-full';
      return;
    }
    const place = this.#place;
    place.record = record;
    place.lists = query.family === 4 ? this.#v4 : this.#v6;
    place.list = query.family === 4 ? record + RECORD.list4 : list6Of(this.#memory, record);
    place.tick = tickOf(now);
    loadWords(place.lists.address, query.ip);
    place.position = place.lists.find(place.list, query.port);
    this.#memory[record + RECORD.touched] = Math.floor(now / TICK_MS);
    if (stopping) {
      if (place.position >= 0) this.#remove(place.lists, place.list, place.position);
    } else {
      this.#store(query, place, reply);
      if (reply.verdict !== 'early') this.#selection.fill(query, place, reply);
    }
    reply.seeders = this.#seedersOf(record);
    reply.leechers = this.#total(record) - reply.seeders;
    reply.downloads = this.#memory[record + RECORD.downloads] ?? 0;
  }

  /** Counts of a swarm; false (and zeros) when it is not known. */
  scrape(infoHash: Uint8Array, counts: StoreCounts): boolean {
    loadWords(this.#index.hash, infoHash);
    const record = this.#index.find();
    counts.seeders = record === 0 ? 0 : this.#seedersOf(record);
    counts.leechers = record === 0 ? 0 : this.#total(record) - counts.seeders;
    counts.downloads = record === 0 ? 0 : (this.#memory[record + RECORD.downloads] ?? 0);
    counts.downloaders =
      record === 0
        ? 0
        : counts.leechers -
          this.#word(record + RECORD.list4 + LIST.partials) -
          this.#word(list6Of(this.#memory, record) + LIST.partials);
    return record !== 0;
  }

  /**
   * Forgets what is too old, walking over about `budget` peers and records; call it until it answers true (the walk
   * has come round), then leave it for some seconds.
   */
  sweep(now: Millis, budget: number): boolean {
    const memory = this.#memory;
    let at = this.#word(HEADER.sweepAt);
    let left = budget;
    const end = this.#index.usedRecords;
    while (left > 0 && at < end) {
      const record = this.#index.recordAt(at);
      left -= 1;
      if (memory[record + RECORD.used] === 1) {
        left = this.#expire(this.#v4, record + RECORD.list4, { tick: tickOf(now), left });
        left = this.#expire(this.#v6, list6Of(memory, record), { tick: tickOf(now), left });
        // A swarm that is too large for one step goes on with the next.
        if (memory[HEADER.sweepPeer] !== 0) break;
        const idle = Math.floor(now / TICK_MS) - this.#word(record + RECORD.touched);
        const keep = this.#word(record + RECORD.downloads) > 0 ? EMPTY_KEPT_TICKS : this.#lifetimeTicks;
        if (this.#total(record) === 0 && idle > keep) this.#forget(record);
      }
      at++;
    }
    memory[HEADER.sweepAt] = at >= end ? 0 : at;
    return at >= end;
  }

  /** Records that were ever in use: numbers below this may be given to readSwarm(). */
  get recordCount(): number {
    return this.#index.usedRecords;
  }

  /** Appends a swarm with its peers to a snapshot; nothing where there is none under this number. */
  readSwarm(number: number, now: Millis, out: ByteWriter): void {
    const record = this.#index.recordAt(number);
    if (this.#word(record + RECORD.used) !== 1) return;
    for (let i = 0; i < 5; i++) out.u32(this.#word(record + i) >>> 0);
    out.u32(this.#word(record + RECORD.downloads));
    this.#dump(this.#v4, record + RECORD.list4, { now, out });
    this.#dump(this.#v6, list6Of(this.#memory, record), { now, out });
  }

  /**
   * Takes in a swarm of a snapshot that is `ageMs` old; peers that would be too old, or find no room, are dropped. Of a
   * peer that is here already the younger word counts.
   */
  restoreSwarm(reader: ByteReader, now: Millis, ageMs: Millis): void {
    for (let i = 0; i < 5; i++) this.#index.hash[i] = reader.u32();
    const downloads = reader.u32();
    const record = this.#index.find() || this.#newSwarm();
    if (record !== 0) {
      this.#memory[record + RECORD.downloads] = Math.max(downloads, this.#word(record + RECORD.downloads));
      this.#memory[record + RECORD.touched] = Math.floor(now / TICK_MS);
    }
    const place = this.#place;
    for (const lists of [this.#v4, this.#v6]) {
      for (let left = reader.u32(); left > 0; left--) {
        for (let i = 0; i < lists.address.length; i++) lists.address[i] = reader.u32();
        const word = reader.u32();
        const age = reader.u16() + Math.ceil(ageMs / TICK_MS);
        place.record = record;
        place.lists = lists;
        if (record === 0 || age > this.#lifetimeTicks) continue;
        place.list = lists === this.#v4 ? record + RECORD.list4 : list6Of(this.#memory, record);
        const flags = word & (SEED | PARTIAL | COUNTED);
        const entry = packPeerWord(word >>> 16, flags, tickOf(now - age * TICK_MS));
        const position = lists.find(place.list, word >>> 16);
        const known = position < 0 ? 0 : lists.wordAt(place.list, position);
        if (position < 0) this.#add(place, entry, this.#ignored);
        else if (ageOf(known, tickOf(now)) > age)
          lists.update(place.list, position, entry | (known & COUNTED));
      }
    }
  }

  /** Forgets everything: what a thread left half done that died at work. */
  clear(): void {
    const { recordsAt } = this.#layout;
    const lock = this.#word(HEADER.lock);
    this.#memory.fill(0, 0, recordsAt);
    this.#memory[HEADER.lock] = lock;
  }

  /** Counts the peers of each address into other counters: for tables whose common counters are in doubt. */
  countAddresses(counts: Int32Array): void {
    for (let number = 0; number < this.#index.usedRecords; number++) {
      const record = this.#index.recordAt(number);
      if (this.#word(record + RECORD.used) !== 1) continue;
      for (const lists of [this.#v4, this.#v6]) {
        const list = lists === this.#v4 ? record + RECORD.list4 : list6Of(this.#memory, record);
        for (let position = this.#word(list + LIST.total) - 1; position >= 0; position--) {
          lists.loadAddress(list, position);
          Atomics.add(counts, this.#addressCounter(lists), 1);
        }
      }
    }
  }

  totals(): SwarmsTotals {
    return {
      swarms: this.#word(HEADER.swarms),
      peers4: this.#word(HEADER.peers4),
      peers6: this.#word(HEADER.peers6),
      seeds: this.#word(HEADER.seeds),
      partialSeeds: this.#word(HEADER.partials),
      bytes: 4 * (this.#arena.touchedWords + this.#index.usedRecords * RECORD.words + this.#layout.recordsAt),
    };
  }

  #store(query: StoreQuery, place: Place, reply: StoreReply): void {
    const { lists, list, record, position, tick } = place;
    const kind = query.seed ? SEED : query.event === 'paused' ? PARTIAL : 0;
    const old = position < 0 ? 0 : lists.wordAt(list, position);
    const counted = query.event === 'completed' ? COUNTED : old & COUNTED;
    if ((counted & ~old) !== 0)
      this.#memory[record + RECORD.downloads] = this.#word(record + RECORD.downloads) + 1;
    const early = position >= 0 && isPlain(query) && ageOf(old, tick) < this.#minTicks ? earlyOf(old) + 1 : 0;
    if (early > EARLY_TOLERATED) reply.verdict = 'early';
    const word = packPeerWord(query.port, kind | counted, tick) | earlyBits(Math.min(early, EARLY_TOLERATED));
    if (position >= 0) place.position = lists.update(list, position, word);
    else this.#add(place, word, reply);
  }

  #add(place: Place, word: number, reply: StoreReply): void {
    const { lists, record } = place;
    const counter = this.#addressCounter(lists);
    const used = this.#addressCounts[counter] ?? 0;
    const full =
      this.#total(record) >= this.#options.maxPeersPerSwarm || used >= this.#options.maxPeersPerAddress;
    place.position = full || !this.#hasList(place) ? -1 : lists.add(place.list, word);
    if (place.position < 0) reply.verdict = 'not-stored';
    else Atomics.add(this.#addressCounts, counter, 1);
  }

  /** Makes the list of IPv6 peers with the first of them. */
  #hasList(place: Place): boolean {
    if (place.list !== HEADER.noList) return true;
    const list = this.#arena.allocate(sizeFor(LIST_WORDS));
    if (list === 0) return false;
    this.#memory.fill(0, list, list + LIST_WORDS);
    this.#memory[place.record + RECORD.list6] = list;
    place.list = list;
    return true;
  }

  /** Takes out a swarm without peers. */
  #forget(record: number): void {
    const list = this.#word(record + RECORD.list6);
    if (list !== 0) this.#arena.free(list, sizeFor(LIST_WORDS));
    this.#index.remove(record);
  }

  #remove(lists: PeerLists, list: number, position: number): void {
    lists.loadAddress(list, position);
    Atomics.sub(this.#addressCounts, this.#addressCounter(lists), 1);
    lists.remove(list, position);
  }

  #addressCounter(lists: PeerLists): number {
    const [a = 0, b = 0] = lists.address;
    return (
      hashOne(this.#options.key, lists === this.#v4 ? a : a ^ Math.imul(b, 0x9e3779b1)) &
      (ADDRESS_COUNTERS - 1)
    );
  }

  #dump(lists: PeerLists, list: number, to: { readonly now: Millis; readonly out: ByteWriter }): void {
    const total = this.#word(list + LIST.total);
    to.out.u32(total);
    for (let position = 0; position < total; position++) {
      lists.loadAddress(list, position);
      for (const word of lists.address) to.out.u32(word >>> 0);
      const word = lists.wordAt(list, position);
      to.out.u32(word >>> 0);
      to.out.u16(ageOf(word, tickOf(to.now)));
    }
  }

  /**
   * Forgets peers that are too old; answers what is left of the budget. Where it runs out HEADER.sweepPeer says how many
   * peers remain: of the IPv4 list, or below zero of the IPv6 one.
   */
  #expire(lists: PeerLists, list: number, step: { readonly tick: number; readonly left: number }): number {
    const sign = lists === this.#v4 ? 1 : -1;
    const resumed = this.#word(HEADER.sweepPeer) * sign;
    if (resumed < 0) return step.left;
    const total = this.#word(list + LIST.total);
    let { left } = step;
    // From the back: whoever moves into a gap has been looked at already.
    let position = resumed === 0 ? total : Math.min(resumed, total);
    for (; position > 0 && left > 0; left--) {
      position--;
      if (ageOf(lists.wordAt(list, position), step.tick) > this.#lifetimeTicks)
        this.#remove(lists, list, position);
    }
    this.#memory[HEADER.sweepPeer] = position * sign;
    return left;
  }

  /** Room for a new swarm is taken from one without peers, never from a live one. */
  #newSwarm(): number {
    const record = this.#index.insert();
    if (record !== 0) return record;
    for (let probe = 0; probe < EVICTION_PROBES; probe++) {
      const candidate = this.#index.recordAt(this.#random.below(this.#index.usedRecords));
      if (this.#word(candidate + RECORD.used) === 1 && this.#total(candidate) === 0) {
        this.#forget(candidate);
        return this.#index.insert();
      }
    }
    return 0;
  }

  #word(at: number): number {
    return this.#memory[at] ?? 0;
  }

  #total(record: number): number {
    return (
      this.#word(record + RECORD.list4 + LIST.total) + this.#word(list6Of(this.#memory, record) + LIST.total)
    );
  }

  #seedersOf(record: number): number {
    return this.#seedsIn(record + RECORD.list4) + this.#seedsIn(list6Of(this.#memory, record));
  }

  #seedsIn(list: number): number {
    return (
      this.#word(list + LIST.total) - this.#word(list + LIST.downloaders) - this.#word(list + LIST.partials)
    );
  }
}

function isPlain(query: StoreQuery): boolean {
  return query.event === 'none' || query.event === 'paused';
}
