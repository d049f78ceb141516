// bencode, bytes to values (BEP 3). Every function here throws BencodeError and nothing else.
//
// Two rules of reading. Canonical, the default: the one way of writing each value, so that
// `encodeBencode(decodeBencode(bytes))` gives the same bytes. Tolerant (`canonical: false`), for what foreign programs
// send: forgives what has one clear meaning all the same, which is keys out of order, leading zeros, "-0" and integers
// beyond 64 bits. Refused by both: a key twice in a dictionary, because two readers would see two different values.
import { latin1Slice } from '../bytes/bytes.ts';
import { LIMITS } from '../limits.ts';
import { MemberStack } from './dict.ts';
import type { BencodeDict, BencodeValue } from './dict.ts';
import { BencodeError } from './error.ts';
import { KeyCache } from './key-cache.ts';
import { viewOf, ViewCache } from './view-cache.ts';

export type { BencodeDict, BencodeValue } from './dict.ts';

const DIGIT_0 = 0x30;
const COLON = 0x3a;
const MINUS = 0x2d;
const DICT = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

const MAX_VALUES = LIMITS.bencodeValues.value;
const MAX_DEPTH = LIMITS.bencodeDepth.value;
const MAX_DIGITS = LIMITS.bencodeIntegerDigits.value;
/** So many digits cannot leave the safe integers. */
const SAFE_DIGITS = 15;
/** From this length on words are looked up: the tables take some KiB themselves, more than most messages of peers. */
const LONG = 4096;
const INT64_MAX = 2n ** 63n - 1n;

export interface DecodeOptions {
  /** False reads by the tolerant rule; true (the default) takes only the one canonical form. */
  readonly canonical?: boolean;
}

/**
 * Reads one value that fills the bytes. Strings are views on them, in long input equal short ones shared: do not write to them.
 * @example decodeBencode(new TextEncoder().encode('li1ei2ee')) // [1, 2]
 */
export function decodeBencode(bytes: Uint8Array, options: DecodeOptions = {}): BencodeValue {
  const decoder = new Decoder(bytes, options);
  const value = decoder.value();
  decoder.finish();
  return value;
}

/** Reads the value at the front; `end` is the offset behind it, where other data may follow (BEP 9). */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): { readonly value: BencodeValue; readonly end: number } {
  const decoder = new Decoder(bytes, options);
  const value = decoder.value();
  return { value, end: decoder.offset };
}

/**
 * Reads the dictionary at the front, and keeps with each of its keys the raw bytes of the value as they stand: what an
 * info hash is the hash of. `end` is the offset behind the dictionary.
 */
export function decodeBencodeDict(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): { readonly dict: BencodeDict; readonly raw: ReadonlyMap<string, Uint8Array>; readonly end: number } {
  if (bytes[0] !== DICT) throw new BencodeError('BENCODE_NO_DICT', 'no dictionary', 0);
  const decoder = new Decoder(bytes, options);
  const raw = new Map<string, Uint8Array>();
  const dict = decoder.dict((key, start, end) => raw.set(key, bytes.subarray(start, end)));
  return { dict, raw, end: decoder.offset };
}

/** Recursive descent with the depth capped; the cursor is one field, moved only forwards. */
class Decoder {
  readonly #bytes: Uint8Array;
  readonly #canonical: boolean;
  /** Undefined where they would cost more than they save. */
  readonly #keys: KeyCache | undefined;
  readonly #views: ViewCache | undefined;
  readonly #members = new MemberStack();
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(bytes: Uint8Array, options: DecodeOptions) {
    this.#bytes = bytes;
    this.#canonical = options.canonical ?? true;
    if (bytes.length < LONG) return;
    this.#keys = new KeyCache();
    this.#views = new ViewCache();
  }

  get offset(): number {
    return this.#at;
  }

  finish(): void {
    if (this.#at !== this.#bytes.length) this.#fail('BENCODE_TRAILING', 'data after the value');
  }

  value(): BencodeValue {
    if (++this.#values > MAX_VALUES) this.#fail('BENCODE_TOO_MANY', 'too many values');
    const bytes = this.#bytes;
    const at = this.#at;
    if (at >= bytes.length) return this.#fail('BENCODE_TRUNCATED', 'a value is missing');
    switch (bytes[at]) {
      case DICT:
        return this.dict();
      case LIST:
        return this.#list();
      case INTEGER:
        return this.#integer();
      default: {
        const start = this.#stringStart();
        return this.#views?.read(bytes, start, this.#at) ?? viewOf(bytes, start, this.#at);
      }
    }
  }

  dict(onMember?: (key: string, start: number, end: number) => void): BencodeDict {
    this.#enter();
    const members = this.#members;
    const base = members.top;
    let unsorted: Map<string, BencodeValue> | undefined;
    let greatest: string | undefined;
    while (!this.#leaves()) {
      const keyAt = this.#at;
      const start = this.#stringStart();
      const key = this.#keys?.read(this.#bytes, start, this.#at) ?? latin1Slice(this.#bytes, start, this.#at);
      if (greatest === undefined || key > greatest) greatest = key;
      else unsorted = this.#outOfOrder(unsorted ?? members.toMap(base), key, keyAt);
      const valueAt = this.#at;
      const value = this.value();
      if (unsorted === undefined) members.push(key, value);
      else unsorted.set(key, value);
      onMember?.(key, valueAt, this.#at);
    }
    const sorted = members.take(base);
    return unsorted ?? sorted;
  }

  /** Most lists are paths of a few elements: made in one go, they take no more memory than they need. */
  #list(): BencodeValue[] {
    this.#enter();
    if (this.#leaves()) return [];
    const first = this.value();
    if (this.#leaves()) return [first];
    const second = this.value();
    if (this.#leaves()) return [first, second];
    const list = [first, second, this.value()];
    while (!this.#leaves()) list.push(this.value());
    return list;
  }

  #enter(): void {
    this.#at++;
    if (++this.#depth > MAX_DEPTH) this.#fail('BENCODE_TOO_DEEP', 'nested too deeply');
  }

  /** Steps over the end of a list or dictionary, if it is here. */
  #leaves(): boolean {
    if (this.#at >= this.#bytes.length) this.#fail('BENCODE_TRUNCATED', 'a list or dictionary is not closed');
    if (this.#bytes[this.#at] !== END) return false;
    this.#at++;
    this.#depth--;
    return true;
  }

  /** BEP 3: keys must appear in sorted order, sorted as raw strings. Returns the members so far. */
  #outOfOrder(members: Map<string, BencodeValue>, key: string, at: number): Map<string, BencodeValue> {
    if (members.has(key)) throw new BencodeError('BENCODE_DUPLICATE_KEY', 'a key appears twice', at);
    if (this.#canonical) throw new BencodeError('BENCODE_UNSORTED', 'keys are not sorted', at);
    return members;
  }

  /** Reads a string's length and moves behind the string; returns where its bytes start. */
  #stringStart(): number {
    const bytes = this.#bytes;
    const first = this.#at;
    const limit = bytes.length;
    let at = first;
    let length = 0;
    let byte = -1;
    while (at < limit) {
      byte = bytes[at] ?? 0;
      const digit = byte - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      if (length > limit) this.#fail('BENCODE_TRUNCATED', 'a string reaches beyond the end');
      at++;
    }
    if (at >= limit) this.#fail('BENCODE_TRUNCATED', 'a string is cut off');
    if (byte !== COLON || at === first) this.#fail('BENCODE_UNEXPECTED', 'neither a value nor a key');
    if (this.#canonical && at - first > 1 && bytes[first] === DIGIT_0) {
      this.#fail('BENCODE_LEADING_ZERO', 'a string length with a leading zero');
    }
    const start = at + 1;
    if (length > limit - start) this.#fail('BENCODE_TRUNCATED', 'a string reaches beyond the end');
    this.#at = start + length;
    return start;
  }

  #integer(): number | bigint {
    const bytes = this.#bytes;
    const negative = bytes[this.#at + 1] === MINUS;
    const first = this.#at + (negative ? 2 : 1);
    let at = first;
    let value = 0;
    let digit = -1;
    for (; at < bytes.length; at++) {
      digit = (bytes[at] ?? 0) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at >= bytes.length) this.#fail('BENCODE_TRUNCATED', 'an integer is cut off');
    if (digit !== END - DIGIT_0 || at === first) this.#fail('BENCODE_BAD_INTEGER', 'no integer');
    if (this.#canonical && bytes[first] === DIGIT_0 && (negative || at - first > 1)) {
      this.#fail('BENCODE_LEADING_ZERO', 'an integer with a leading zero, or "-0"');
    }
    if (at - first > SAFE_DIGITS) return this.#largeInteger(first, at, negative);
    this.#at = at + 1;
    return negative && value !== 0 ? -value : value;
  }

  #largeInteger(first: number, end: number, negative: boolean): number | bigint {
    // Turning digits into a bigint takes quadratic time.
    if (end - first > MAX_DIGITS) {
      this.#fail('BENCODE_INTEGER_TOO_LARGE', 'an integer with too many digits');
    }
    const digits = String.fromCharCode(...this.#bytes.subarray(first, end));
    const value = negative ? -BigInt(digits) : BigInt(digits);
    if (this.#canonical && (value > INT64_MAX || value < -INT64_MAX - 1n)) {
      this.#fail('BENCODE_INTEGER_TOO_LARGE', 'an integer beyond 64 bits');
    }
    this.#at = end + 1;
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  }

  #fail(code: string, message: string): never {
    throw new BencodeError(code, message, this.#at);
  }
}
