// Peers of one address family, in blocks of the arena. Those that want data come first, those that only give behind
// them, so a seed can be offered the former alone and nobody is ever shuffled. Short lists are searched from the
// front; long ones have a hash index of positions. All state is in the shared array.
import { sizeFor, wordsOf, type Arena } from './arena.ts';
import { hashWords, type HashKey } from './keyed-hash.ts';
import { HEADER, LIST } from './layout.ts';
import { GIVER, PARTIAL, SEED } from './peer-word.ts';

/** Up to here a search from the front beats the index. */
const UNINDEXED_PEERS = 32;

export interface PeerListsDeps {
  readonly memory: Int32Array;
  readonly arena: Arena;
  readonly key: HashKey;
}

/** `list` is the offset of a list header (LIST) everywhere; positions count peers from the front of the list. */
export class PeerLists {
  /** The address that find() and add() are about; filled by the caller. */
  readonly address: Int32Array;
  readonly #memory: Int32Array;
  readonly #arena: Arena;
  readonly #key: HashKey;
  /** Words of an address: 1 or 4. */
  readonly #ipWords: number;
  /** Words of a peer. */
  readonly stride: number;
  readonly #counter: number;
  readonly #hashed: Int32Array;

  constructor(family: 4 | 6, deps: PeerListsDeps) {
    this.#memory = deps.memory;
    this.#arena = deps.arena;
    this.#key = deps.key;
    this.#ipWords = family === 4 ? 1 : 4;
    this.stride = this.#ipWords + 1;
    this.#counter = family === 4 ? HEADER.peers4 : HEADER.peers6;
    this.address = new Int32Array(this.#ipWords);
    this.#hashed = new Int32Array(this.stride);
  }

  /** Position of the peer with this.address and the port, or -1. */
  find(list: number, port: number): number {
    const memory = this.#memory;
    const block = this.#word(list + LIST.block);
    const index = this.#word(list + LIST.index);
    if (index === 0) {
      const end = block + this.#word(list + LIST.total) * this.stride;
      for (let at = block; at < end; at += this.stride)
        if (this.#isAt(at, port)) return (at - block) / this.stride;
      return -1;
    }
    const mask = this.#indexMask(list);
    for (let slot = this.#hashAddress(port) & mask; ; slot = (slot + 1) & mask) {
      const entry = memory[index + slot] ?? 0;
      if (entry === 0) return -1;
      if (this.#isAt(block + (entry - 1) * this.stride, port)) return entry - 1;
    }
  }

  /** Last word of a peer (see peer-word.ts). */
  wordAt(list: number, position: number): number {
    return this.#word(this.#word(list + LIST.block) + position * this.stride + this.#ipWords);
  }

  /** Adds the peer with this.address, which must not be there; answers its position, or -1 when memory is full. */
  add(list: number, word: number): number {
    const total = this.#word(list + LIST.total);
    if (total >= this.#capacity(list) && !this.#resize(list, total + 1 + (total >> 3))) return -1;
    const block = this.#word(list + LIST.block);
    let position = total;
    const downloaders = this.#word(list + LIST.downloaders);
    if ((word & GIVER) === 0) {
      if (downloaders < total) this.#move(list, downloaders, total);
      position = downloaders;
      this.#memory[list + LIST.downloaders] = downloaders + 1;
    }
    const at = block + position * this.stride;
    for (let i = 0; i < this.#ipWords; i++) this.#memory[at + i] = this.address[i] ?? 0;
    this.#memory[at + this.#ipWords] = word;
    this.#memory[list + LIST.total] = total + 1;
    this.#memory[this.#counter] = this.#word(this.#counter) + 1;
    this.#count(list, word, 1);
    if (this.#word(list + LIST.index) !== 0) this.#enter(list, position);
    return position;
  }

  /** Gives the peer a new last word; answers its position, which changes when it begins or ceases to want data. */
  update(list: number, position: number, word: number): number {
    const old = this.wordAt(list, position);
    const downloaders = this.#word(list + LIST.downloaders);
    let place = position;
    if ((old & GIVER) === 0 && (word & GIVER) !== 0) {
      place = downloaders - 1;
      this.#memory[list + LIST.downloaders] = downloaders - 1;
    } else if ((old & GIVER) !== 0 && (word & GIVER) === 0) {
      place = downloaders;
      this.#memory[list + LIST.downloaders] = downloaders + 1;
    }
    if (place !== position) this.#swap(list, position, place);
    this.#memory[this.#word(list + LIST.block) + place * this.stride + this.#ipWords] = word;
    this.#count(list, old, -1);
    this.#count(list, word, 1);
    return place;
  }

  remove(list: number, position: number): void {
    const word = this.wordAt(list, position);
    const last = this.#word(list + LIST.total) - 1;
    if (this.#word(list + LIST.index) !== 0) this.#leave(list, position);
    let hole = position;
    const downloaders = this.#word(list + LIST.downloaders);
    if (position < downloaders) {
      if (downloaders - 1 !== hole) this.#move(list, downloaders - 1, hole);
      hole = downloaders - 1;
      this.#memory[list + LIST.downloaders] = downloaders - 1;
    }
    if (last !== hole) this.#move(list, last, hole);
    this.#memory[list + LIST.total] = last;
    this.#memory[this.#counter] = this.#word(this.#counter) - 1;
    this.#count(list, word, -1);
    if (last * 3 < this.#capacity(list)) this.#resize(list, last + (last >> 2));
  }

  /** Loads this.address from a stored peer. */
  loadAddress(list: number, position: number): void {
    const at = this.#word(list + LIST.block) + position * this.stride;
    for (let i = 0; i < this.#ipWords; i++) this.address[i] = this.#word(at + i);
  }

  /** Writes the peer at an offset of the memory in compact form (BEP 7, 23); answers the offset behind it. */
  copy(peer: number, out: Uint8Array, at: number): number {
    const memory = this.#memory;
    let to = at;
    for (let i = 0; i < this.#ipWords; i++) {
      const word = memory[peer + i] ?? 0;
      out[to] = word >>> 24;
      out[to + 1] = word >>> 16;
      out[to + 2] = word >>> 8;
      out[to + 3] = word;
      to += 4;
    }
    const last = memory[peer + this.#ipWords] ?? 0;
    out[to] = last >>> 24;
    out[to + 1] = last >>> 16;
    return to + 2;
  }

  #count(list: number, word: number, change: number): void {
    if ((word & SEED) !== 0) this.#memory[HEADER.seeds] = this.#word(HEADER.seeds) + change;
    else if ((word & PARTIAL) !== 0) {
      this.#memory[list + LIST.partials] = this.#word(list + LIST.partials) + change;
      this.#memory[HEADER.partials] = this.#word(HEADER.partials) + change;
    }
  }

  #word(at: number): number {
    return this.#memory[at] ?? 0;
  }

  #isAt(at: number, port: number): boolean {
    const memory = this.#memory;
    if (memory[at] !== this.address[0] || (memory[at + this.#ipWords] ?? 0) >>> 16 !== port) return false;
    for (let i = 1; i < this.#ipWords; i++) if (memory[at + i] !== this.address[i]) return false;
    return true;
  }

  #capacity(list: number): number {
    if (this.#word(list + LIST.block) === 0) return 0;
    return Math.floor(wordsOf(this.#word(list + LIST.sizes) & 0xff) / this.stride);
  }

  /** Moves the list to a block for `peers` peers; false when memory is full (a list that shrinks then stays). */
  #resize(list: number, peers: number): boolean {
    const memory = this.#memory;
    const oldBlock = this.#word(list + LIST.block);
    const oldSize = this.#word(list + LIST.sizes) & 0xff;
    const total = this.#word(list + LIST.total);
    this.#dropIndex(list);
    if (total === 0 && peers === 0) {
      if (oldBlock !== 0) this.#arena.free(oldBlock, oldSize);
      memory[list + LIST.block] = 0;
      return true;
    }
    const size = sizeFor(peers * this.stride);
    if (oldBlock !== 0 && size === oldSize) return this.#buildIndex(list);
    const block = this.#arena.allocate(size);
    if (block !== 0) {
      memory.copyWithin(block, oldBlock, oldBlock + total * this.stride);
      if (oldBlock !== 0) this.#arena.free(oldBlock, oldSize);
      memory[list + LIST.block] = block;
      memory[list + LIST.sizes] = size;
    }
    return this.#buildIndex(list) && block !== 0;
  }

  #dropIndex(list: number): void {
    const index = this.#word(list + LIST.index);
    if (index === 0) return;
    this.#arena.free(index, this.#word(list + LIST.sizes) >>> 8);
    this.#memory[list + LIST.index] = 0;
    this.#memory[list + LIST.sizes] = this.#word(list + LIST.sizes) & 0xff;
  }

  /** Without memory for an index the list is searched from the front: slower, never wrong. */
  #buildIndex(list: number): boolean {
    const capacity = this.#capacity(list);
    if (capacity <= UNINDEXED_PEERS) return true;
    let size = 0;
    while (wordsOf(size) < capacity * 1.5) size += 2;
    const index = this.#arena.allocate(size);
    if (index === 0) return true;
    this.#memory.fill(0, index, index + wordsOf(size));
    this.#memory[list + LIST.index] = index;
    this.#memory[list + LIST.sizes] = (this.#word(list + LIST.sizes) & 0xff) | (size << 8);
    const total = this.#word(list + LIST.total);
    for (let position = 0; position < total; position++) this.#enter(list, position);
    return true;
  }

  #indexMask(list: number): number {
    return wordsOf(this.#word(list + LIST.sizes) >>> 8) - 1;
  }

  #hashAddress(port: number): number {
    this.#hashed.set(this.address);
    this.#hashed[this.#ipWords] = port;
    return hashWords(this.#key, this.#hashed, this.stride);
  }

  #hashAt(list: number, position: number): number {
    const at = this.#word(list + LIST.block) + position * this.stride;
    for (let i = 0; i < this.#ipWords; i++) this.#hashed[i] = this.#word(at + i);
    this.#hashed[this.#ipWords] = this.#word(at + this.#ipWords) >>> 16;
    return hashWords(this.#key, this.#hashed, this.stride);
  }

  #enter(list: number, position: number): void {
    const index = this.#word(list + LIST.index);
    const mask = this.#indexMask(list);
    let slot = this.#hashAt(list, position) & mask;
    while (this.#memory[index + slot] !== 0) slot = (slot + 1) & mask;
    this.#memory[index + slot] = position + 1;
  }

  #slotOf(list: number, position: number): number {
    const index = this.#word(list + LIST.index);
    const mask = this.#indexMask(list);
    let slot = this.#hashAt(list, position) & mask;
    while (this.#memory[index + slot] !== position + 1) slot = (slot + 1) & mask;
    return slot;
  }

  /** Takes a peer out of the index and closes the gap, so that no later entry is cut off from its slot. */
  #leave(list: number, position: number): void {
    const index = this.#word(list + LIST.index);
    const mask = this.#indexMask(list);
    let hole = this.#slotOf(list, position);
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#memory[index + slot] ?? 0;
      if (entry === 0) break;
      const home = this.#hashAt(list, entry - 1) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        this.#memory[index + hole] = entry;
        hole = slot;
      }
    }
    this.#memory[index + hole] = 0;
  }

  /** Copies a peer to a place whose own peer is gone or has been copied away. */
  #move(list: number, from: number, to: number): void {
    const block = this.#word(list + LIST.block);
    const index = this.#word(list + LIST.index);
    if (index !== 0) this.#memory[index + this.#slotOf(list, from)] = to + 1;
    for (let i = 0; i < this.stride; i++) {
      this.#memory[block + to * this.stride + i] = this.#word(block + from * this.stride + i);
    }
  }

  #swap(list: number, a: number, b: number): void {
    const block = this.#word(list + LIST.block);
    const index = this.#word(list + LIST.index);
    if (index !== 0) {
      const slotA = this.#slotOf(list, a);
      const slotB = this.#slotOf(list, b);
      this.#memory[index + slotA] = b + 1;
      this.#memory[index + slotB] = a + 1;
    }
    for (let i = 0; i < this.stride; i++) {
      const kept = this.#word(block + a * this.stride + i);
      this.#memory[block + a * this.stride + i] = this.#word(block + b * this.stride + i);
      this.#memory[block + b * this.stride + i] = kept;
    }
  }
}
