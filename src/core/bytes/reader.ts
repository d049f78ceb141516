// A bounds-checked big-endian cursor over bytes.
import { ProtocolError } from '../errors.ts';

/** Every method reads at the cursor and moves it; reading past the end throws ProtocolError BYTES_TRUNCATED. */
export class ByteReader {
  readonly #source: Uint8Array;
  #at = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#source.length - this.#at;
  }

  u8(): number {
    return this.#source[this.#take(1)] ?? 0;
  }

  u16(): number {
    const at = this.#take(2);
    return ((this.#source[at] ?? 0) << 8) | (this.#source[at + 1] ?? 0);
  }

  u32(): number {
    return this.#u32At(this.#take(4));
  }

  /** Eight bytes as a number: exact up to 2^53 - 1, the nearest double above. */
  u64(): number {
    const at = this.#take(8);
    return this.#u32At(at) * 0x1_0000_0000 + this.#u32At(at + 4);
  }

  /** The next `length` bytes, a view on the source. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#source.subarray(at, at + length);
  }

  /** The next `length` bytes, without moving on; a view on the source. */
  peek(length: number): Uint8Array {
    const bytes = this.bytes(length);
    this.#at -= length;
    return bytes;
  }

  /** All that is left, a view on the source. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  #u32At(at: number): number {
    const source = this.#source;
    const low = ((source[at + 1] ?? 0) << 16) | ((source[at + 2] ?? 0) << 8) | (source[at + 3] ?? 0);
    return (source[at] ?? 0) * 0x100_0000 + low;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#source.length - at) {
      throw new ProtocolError('BYTES_TRUNCATED', 'the message ends too early', {
        expected: length,
        received: this.remaining,
      });
    }
    this.#at = at + length;
    return at;
  }
}
