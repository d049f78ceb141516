// Where everything lies in a store's Int32Array: header, index of swarms, swarm records, arena for peers. Each part is
// sized once for the most it may hold; pages that are never touched cost no memory.
import { ARENA_HEADER_WORDS } from './arena.ts';

/** Header words: counters that several threads read, and the lists of the allocators. */
export const HEADER = {
  /** The number of the thread that works on the store; 0 for none. */
  lock: 0,
  swarms: 1,
  /** First free record (number + 1), and how many were ever used. */
  freeRecord: 2,
  usedRecords: 3,
  peers4: 4,
  peers6: 5,
  seeds: 6,
  partials: 7,
  /** Where the sweep goes on: record number. */
  sweepAt: 8,
  /** Six words that stay zero: the list of a swarm that has none. */
  noList: 10,
  /** Peers of that record that the sweep has not seen yet (see Swarms.sweep). */
  sweepPeer: 16,
  arena: 32,
} as const;
const HEADER_WORDS = 32 + ARENA_HEADER_WORDS;

/** Words of a swarm record: one line of the processor's cache. */
export const RECORD = {
  /** Five words; in a free record the first links to the next free one. */
  hash: 0,
  downloads: 5,
  /** Tick of the last announce. */
  touched: 6,
  used: 7,
  list4: 8,
  /** Offset of the list of IPv6 peers in the arena, 0 while there were none. */
  list6: 14,
  words: 16,
} as const;

/** Where the list of a swarm's IPv6 peers is; the empty one where there is none. */
export function list6Of(memory: Int32Array, record: number): number {
  const list = memory[record + RECORD.list6] ?? 0;
  return list === 0 ? HEADER.noList : list;
}

/** Words of a peer list, inside its record. */
export const LIST_WORDS = 6;
export const LIST = {
  /** Offset of the peers in the arena, 0 for none. */
  block: 0,
  /** Size class of `block`, and of `index` shifted by 8. */
  sizes: 1,
  total: 2,
  /** Peers [0, downloaders) want data, those behind only give. */
  downloaders: 3,
  /** Partial seeds among the givers (BEP 21). */
  partials: 4,
  /** Offset of the hash index, 0 while the list is short. */
  index: 5,
} as const;

export interface StoreLimits {
  readonly maxSwarms: number;
  /** Bytes for peer lists. */
  readonly arenaBytes: number;
}

export interface Layout {
  readonly indexAt: number;
  /** Slots of the swarm index less one; a power of two less one. */
  readonly indexMask: number;
  readonly recordsAt: number;
  readonly maxRecords: number;
  readonly arenaAt: number;
  readonly words: number;
}

/** Record numbers share a word with 8 bits of fingerprint. */
const MAX_SWARMS: number = 2 ** 24 - 2;

export function layoutFor(limits: StoreLimits): Layout {
  const maxRecords = Math.min(limits.maxSwarms, MAX_SWARMS);
  let slots = 16;
  while (slots < maxRecords * 1.5) slots *= 2;
  const recordsAt = HEADER_WORDS + slots;
  const arenaAt = recordsAt + maxRecords * RECORD.words;
  return {
    indexAt: HEADER_WORDS,
    indexMask: slots - 1,
    recordsAt,
    maxRecords,
    arenaAt,
    words: arenaAt + Math.floor(limits.arenaBytes / 4),
  };
}
