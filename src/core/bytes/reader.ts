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
    const high = this.u16();
    return high * 0x10000 + this.u16();
  }

  /** Eight bytes as a number: exact up to 2^53 - 1, the nearest double above. */
  u64(): number {
    const high = this.u32();
    return high * 0x1_0000_0000 + this.u32();
  }

  /** The next `length` bytes, a view on the source. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#source.subarray(at, at + length);
  }

  /** All that is left, a view on the source. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
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
