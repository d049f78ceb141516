// Small conversions between bytes and text, and comparison of byte strings.
// "latin1" here means one character for each byte, 0 to 255: the form in which bencode keys are held.
import { ProtocolError, UsageError } from '../errors.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Longest run handed to `String.fromCharCode` at once: arguments live on the stack. */
const CHUNK = 4096;
/** Up to here a loop beats the call into the host's decoder. */
const SHORT = 64;

/** Arguments for `String.fromCharCode`, one array for each length. */
const runs: number[][] = [];

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One array with the bytes of all, in order. */
export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

/** Same length and same bytes. Not constant-time: never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
}

/** Reads hex of either case; throws ProtocolError HEX_INVALID. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new ProtocolError('HEX_INVALID', 'hex has two digits for each byte');
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(text.charCodeAt(2 * i));
    const low = hexDigit(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) throw new ProtocolError('HEX_INVALID', `no hex digit near ${String(2 * i)}`);
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Upper-case base32 without padding (RFC 4648). */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((held >>> (bits - 5)) & 31);
    held &= 31;
  }
  return bits === 0 ? text : text + BASE32.charAt((held << (5 - bits)) & 31);
}

/** Reads base32 of either case, without padding; throws ProtocolError BASE32_INVALID. */
export function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const char of text) {
    const value = BASE32.indexOf(char.toUpperCase());
    if (value < 0) throw new ProtocolError('BASE32_INVALID', `no base32 digit: ${JSON.stringify(char)}`);
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >>> bits;
    }
  }
  if (bits >= 5 || (held & ((1 << bits) - 1)) !== 0) {
    throw new ProtocolError('BASE32_INVALID', 'base32 ends in the middle of a byte');
  }
  return bytes;
}

export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Reads UTF-8; what is none becomes U+FFFD. A byte order mark is kept. */
export function utf8Decode(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length > SHORT) return decoder.decode(bytes);
  for (let i = 0; i < length; i++) if ((bytes[i] ?? 0) > 0x7f) return decoder.decode(bytes);
  return latin1Slice(bytes, 0, length);
}

/** One character for each byte. */
export function latin1Decode(bytes: Uint8Array): string {
  return latin1Slice(bytes, 0, bytes.length);
}

/** One character for each byte of [start, end), which must lie inside. Written for many short runs: no view is made. */
export function latin1Slice(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT) return latin1Run(bytes, start, end);
  let text = '';
  for (let at = start; at < end; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + CHUNK, end)));
  }
  return text;
}

/** A run of up to `SHORT` bytes as one flat string; text that is added up is slower to make and to compare. */
function latin1Run(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  const codes = (runs[length] ??= new Array<number>(length).fill(0));
  for (let i = 0; i < length; i++) codes[i] = bytes[start + i] ?? 0;
  return String.fromCharCode(...codes);
}

/** Reads text of one character a byte as the UTF-8 it holds; ASCII stays as it is. */
export function latin1ToUtf8(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return utf8Decode(latin1Encode(text));
  return text;
}

/** One byte for each character; throws UsageError TEXT_NOT_LATIN1 for a character above U+00FF. */
export function latin1Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new UsageError('TEXT_NOT_LATIN1', `character ${String(i)} is no single byte`);
    bytes[i] = code;
  }
  return bytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
