// What the encoder writes to. Long strings are kept as they are until the end, and copied once.
import { UsageError } from '../errors.ts';

const COLON = 0x3a;
const DIGIT_0 = 0x30;
/** From here on a string is a part of its own. */
const LONG = 65_536;
/** Up to here a loop beats the call that copies. */
const SHORT = 32;
/** Integers up to here have their digits made without text. */
const SMALL = 0x7fff_ffff;
/** Digits of `SMALL`, and of any length of bytes. */
const SMALL_DIGITS = 10;

export class Output {
  readonly #parts: Uint8Array[] = [];
  #buffer = new Uint8Array(256);
  /** Bytes used of the buffer. */
  #at = 0;
  /** Bytes of the parts. */
  #before = 0;

  u8(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#at++] = value;
    return this;
  }

  /** A whole number; at most as many digits as a bigint may have. */
  decimal(value: number | bigint): this {
    return typeof value === 'number' && value >= 0 && value <= SMALL
      ? this.#small(value)
      : this.#ascii(String(value));
  }

  /** Length, colon and bytes. They must not change before the end. */
  string(bytes: Uint8Array): void {
    this.#small(bytes.length).u8(COLON);
    if (bytes.length >= LONG) {
      this.#close();
      this.#add(bytes);
      return;
    }
    this.#reserve(bytes.length);
    if (bytes.length <= SHORT)
      for (let i = 0; i < bytes.length; i++) this.#buffer[this.#at + i] = bytes[i] ?? 0;
    else this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A string of one byte a character; throws UsageError TEXT_NOT_LATIN1 for a character above U+00FF. */
  key(text: string): void {
    this.#small(text.length).u8(COLON).#ascii(text);
  }

  finish(): Uint8Array {
    if (this.#before === 0) return this.#buffer.subarray(0, this.#at);
    this.#close();
    const whole = new Uint8Array(this.#before);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #ascii(text: string): this {
    this.#reserve(text.length);
    const buffer = this.#buffer;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0xff) throw new UsageError('TEXT_NOT_LATIN1', `character ${String(i)} is no single byte`);
      buffer[this.#at++] = code;
    }
    return this;
  }

  #small(value: number): this {
    this.#reserve(SMALL_DIGITS);
    const buffer = this.#buffer;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    let left = value;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const rest = Math.floor(left / 10);
      buffer[at] = DIGIT_0 + left - rest * 10;
      left = rest;
    }
    this.#at += digits;
    return this;
  }

  /** Starts a new buffer behind what is written. */
  #close(): void {
    this.#add(this.#buffer.subarray(0, this.#at));
    this.#buffer = this.#buffer.subarray(this.#at);
    this.#at = 0;
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#before += part.length;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}
