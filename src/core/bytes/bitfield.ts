// A set of piece indices in the wire's bit order: the high bit of byte 0 is piece 0 (BEP 3).
// Invariant: spare bits of the last byte are zero and `count` equals the number of bits set.
import { ProtocolError } from '../errors.ts';

export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  /** An empty set over `size` indices. */
  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array((size + 7) >>> 3);
  }

  /** Copies wire bytes; throws ProtocolError BITFIELD_BAD_LENGTH or BITFIELD_SPARE_BITS (BEP 3). */
  static parse(bytes: Uint8Array, size: number): Bitfield {
    const field = new Bitfield(size);
    if (bytes.length !== field.#bytes.length) {
      throw new ProtocolError('BITFIELD_BAD_LENGTH', 'the bitfield does not fit the piece count', {
        expected: field.#bytes.length,
        received: bytes.length,
      });
    }
    if ((size & 7) !== 0 && ((bytes[bytes.length - 1] ?? 0) & (0xff >>> (size & 7))) !== 0) {
      throw new ProtocolError('BITFIELD_SPARE_BITS', 'spare bits of the bitfield are set');
    }
    field.#bytes.set(bytes);
    for (const byte of bytes) field.#count += popcount(byte);
    return field;
  }

  static full(size: number): Bitfield {
    const field = new Bitfield(size);
    field.#bytes.fill(0xff);
    if ((size & 7) !== 0) field.#bytes[field.#bytes.length - 1] = (0xff << (8 - (size & 7))) & 0xff;
    field.#count = size;
    return field;
  }

  /** How many indices are in the set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
  }

  /** Adds an index; returns false if it was there or is out of range. */
  add(index: number): boolean {
    if (index < 0 || index >= this.size || this.has(index)) return false;
    this.#bytes[index >>> 3] = (this.#bytes[index >>> 3] ?? 0) | (0x80 >>> (index & 7));
    this.#count++;
    return true;
  }

  /** Removes an index; returns false if it was not there. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >>> 3] = (this.#bytes[index >>> 3] ?? 0) & ~(0x80 >>> (index & 7));
    this.#count--;
    return true;
  }

  /** A copy of the wire bytes. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }

  clone(): Bitfield {
    return Bitfield.parse(this.#bytes, this.size);
  }

  /** The indices in the set, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.size; i++) if (this.has(i)) yield i;
  }
}

function popcount(byte: number): number {
  let bits = byte;
  let count = 0;
  while (bits !== 0) {
    bits &= bits - 1;
    count++;
  }
  return count;
}
