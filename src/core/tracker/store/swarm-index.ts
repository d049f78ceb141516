// From info hash to swarm record: open addressing over one word a slot, the record's number and 8 bits of its hash,
// so that a wrong slot seldom costs a look at the record. Records come from a list of free ones.
import { hashWords, type HashKey } from './keyed-hash.ts';
import { HEADER, RECORD, type Layout } from './layout.ts';

const NUMBER_MASK = 0xffffff;

/** Records are named by their offset in the memory; 0 is none. */
export class SwarmIndex {
  /** The info hash that find() and insert() are about, as five big-endian words; filled by the caller. */
  readonly hash: Int32Array = new Int32Array(5);
  readonly #memory: Int32Array;
  readonly #layout: Layout;
  readonly #key: HashKey;
  readonly #stored: Int32Array = new Int32Array(5);

  constructor(memory: Int32Array, layout: Layout, key: HashKey) {
    this.#memory = memory;
    this.#layout = layout;
    this.#key = key;
  }

  find(): number {
    const { indexAt, indexMask } = this.#layout;
    const hash = hashWords(this.#key, this.hash, 5);
    for (let slot = hash & indexMask; ; slot = (slot + 1) & indexMask) {
      const entry = this.#memory[indexAt + slot] ?? 0;
      if (entry === 0) return 0;
      if ((entry ^ hash) >>> 24 !== 0) continue;
      const record = this.recordAt((entry & NUMBER_MASK) - 1);
      if (this.#holdsHash(record)) return record;
    }
  }

  /** A new record, zero but for the hash, which must not be there; 0 when all records are in use. */
  insert(): number {
    const memory = this.#memory;
    const record = this.#takeRecord();
    if (record === 0) return 0;
    memory.fill(0, record, record + RECORD.words);
    memory.set(this.hash, record + RECORD.hash);
    memory[record + RECORD.used] = 1;
    memory[HEADER.swarms] = (memory[HEADER.swarms] ?? 0) + 1;
    const { indexAt, indexMask } = this.#layout;
    const hash = hashWords(this.#key, this.hash, 5);
    let slot = hash & indexMask;
    while (memory[indexAt + slot] !== 0) slot = (slot + 1) & indexMask;
    memory[indexAt + slot] = (hash & ~NUMBER_MASK) | (this.#numberOf(record) + 1);
    return record;
  }

  /** Takes a record out; its peer lists must be empty. */
  remove(record: number): void {
    const memory = this.#memory;
    const { indexAt, indexMask } = this.#layout;
    let hole = this.#homeOf(record);
    while (((memory[indexAt + hole] ?? 0) & NUMBER_MASK) - 1 !== this.#numberOf(record))
      hole = (hole + 1) & indexMask;
    for (let slot = (hole + 1) & indexMask; ; slot = (slot + 1) & indexMask) {
      const entry = memory[indexAt + slot] ?? 0;
      if (entry === 0) break;
      const home = this.#homeOf(this.recordAt((entry & NUMBER_MASK) - 1));
      if (((slot - home) & indexMask) >= ((slot - hole) & indexMask)) {
        memory[indexAt + hole] = entry;
        hole = slot;
      }
    }
    memory[indexAt + hole] = 0;
    memory[record] = memory[HEADER.freeRecord] ?? 0;
    memory[record + RECORD.used] = 0;
    memory[HEADER.freeRecord] = this.#numberOf(record) + 1;
    memory[HEADER.swarms] = (memory[HEADER.swarms] ?? 0) - 1;
  }

  recordAt(number: number): number {
    return this.#layout.recordsAt + number * RECORD.words;
  }

  /** Records that were ever in use: the range to walk over. */
  get usedRecords(): number {
    return this.#memory[HEADER.usedRecords] ?? 0;
  }

  #takeRecord(): number {
    const memory = this.#memory;
    const free = memory[HEADER.freeRecord] ?? 0;
    if (free !== 0) {
      const record = this.recordAt(free - 1);
      memory[HEADER.freeRecord] = memory[record] ?? 0;
      return record;
    }
    const used = memory[HEADER.usedRecords] ?? 0;
    if (used >= this.#layout.maxRecords) return 0;
    memory[HEADER.usedRecords] = used + 1;
    return this.recordAt(used);
  }

  #numberOf(record: number): number {
    return (record - this.#layout.recordsAt) / RECORD.words;
  }

  #homeOf(record: number): number {
    for (let i = 0; i < 5; i++) this.#stored[i] = this.#memory[record + i] ?? 0;
    return hashWords(this.#key, this.#stored, 5) & this.#layout.indexMask;
  }

  #holdsHash(record: number): boolean {
    for (let i = 0; i < 5; i++) if (this.#memory[record + i] !== this.hash[i]) return false;
    return true;
  }
}
