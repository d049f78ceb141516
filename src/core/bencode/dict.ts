// A decoded dictionary: two arrays side by side, which takes a third of the memory of a Map and far less time to make.
// Dictionaries with the same keys share one array of them: a torrent has the same few words for every file.

/** Integers are `number` when safe, else `bigint`; strings are bytes. */
export type BencodeValue = number | bigint | Uint8Array | BencodeValue[] | BencodeDict;

/**
 * Read like a `Map`, by whoever decoded it; it cannot be written to. Keys hold one character for each byte of the key,
 * so any key survives and text order is byte order; they are in the order in which they were read.
 */
export type BencodeDict = ReadonlyMap<string, BencodeValue>;

/** Up to here looking at each key beats halving. */
const SHORT = 8;
/** Dictionaries of more keys than this are folders, whose keys are their own. */
const SHAPED = 16;

/** The members of the dictionaries that are being read, those of the innermost on top. */
export class MemberStack {
  readonly #keys: string[] = [];
  readonly #values: BencodeValue[] = [];
  /** The keys of the dictionary last taken, for each number of them. */
  readonly #shapes: (readonly string[])[] = [[]];
  #top = 0;

  get top(): number {
    return this.#top;
  }

  push(key: string, value: BencodeValue): void {
    this.#keys[this.#top] = key;
    this.#values[this.#top++] = value;
  }

  /** A copy of the members from `base` up. */
  toMap(base: number): Map<string, BencodeValue> {
    return new Map(new SortedDict(this.#shape(base), this.#values, base));
  }

  /** Takes the members from `base` up as a dictionary; their keys must ascend. */
  take(base: number): BencodeDict {
    const dict = new SortedDict(this.#shape(base), this.#values, base);
    this.#top = base;
    return dict;
  }

  #shape(base: number): readonly string[] {
    const length = this.#top - base;
    const known = this.#shapes[length];
    if (known !== undefined && this.#hasKeys(base, known)) return known;
    const keys = this.#keys.slice(base, this.#top);
    if (length <= SHAPED) this.#shapes[length] = keys;
    return keys;
  }

  #hasKeys(base: number, known: readonly string[]): boolean {
    for (let place = 0; place < known.length; place++) {
      if (this.#keys[base + place] !== known[place]) return false;
    }
    return true;
  }
}

/** Keys ascend. The first two values have fields of their own: few dictionaries but folders have more than two. */
class SortedDict implements BencodeDict {
  readonly #keys: readonly string[];
  readonly #first: BencodeValue | undefined;
  readonly #second: BencodeValue | undefined;
  readonly #rest: readonly BencodeValue[] | undefined;

  /** The values are taken from `base` up, as many as there are keys. */
  constructor(keys: readonly string[], values: readonly BencodeValue[], base: number) {
    const size = keys.length;
    this.#keys = keys;
    this.#first = size > 0 ? values[base] : undefined;
    this.#second = size > 1 ? values[base + 1] : undefined;
    this.#rest = size > 2 ? values.slice(base + 2, base + size) : undefined;
  }

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): BencodeValue | undefined {
    const place = this.#placeOf(key);
    return place < 0 ? undefined : this.#at(place);
  }

  has(key: string): boolean {
    return this.#placeOf(key) >= 0;
  }

  keys(): MapIterator<string> {
    return this.#keys.values();
  }

  *values(): MapIterator<BencodeValue> {
    for (let place = 0; place < this.#keys.length; place++) yield this.#at(place);
  }

  *entries(): MapIterator<[string, BencodeValue]> {
    for (const [place, key] of this.#keys.entries()) yield [key, this.#at(place)];
  }

  [Symbol.iterator](): MapIterator<[string, BencodeValue]> {
    return this.entries();
  }

  forEach(call: (value: BencodeValue, key: string, dict: BencodeDict) => void): void {
    for (const [place, key] of this.#keys.entries()) call(this.#at(place), key, this);
  }

  #at(place: number): BencodeValue {
    const value = place === 0 ? this.#first : place === 1 ? this.#second : this.#rest?.[place - 2];
    return value ?? 0;
  }

  #placeOf(key: string): number {
    const keys = this.#keys;
    if (keys.length <= SHORT) return keys.indexOf(key);
    let low = 0;
    let high = keys.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = keys[middle] ?? '';
      if (found === key) return middle;
      if (found < key) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

export function isDict(value: unknown): value is BencodeDict {
  return value instanceof SortedDict || value instanceof Map;
}

/** The members come in the order of their keys. */
export function isSorted(dict: object): dict is BencodeDict {
  return dict instanceof SortedDict;
}
