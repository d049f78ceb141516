// Bytes as text for addresses (RFC 4648 section 5, no padding), strict: one text for each run of bytes.
import { ProtocolError } from '../errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = new Map(Array.from(ALPHABET, (char, value) => [char, value]));

export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += ALPHABET[(buffer >> (bits - 6)) & 63] ?? '';
  }
  return bits === 0 ? text : text + (ALPHABET[(buffer << (6 - bits)) & 63] ?? '');
}

/** Throws ProtocolError BASE64_INVALID. */
export function fromBase64Url(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let at = 0;
  let bits = 0;
  let buffer = 0;
  for (const char of text) {
    const value = VALUES.get(char);
    if (value === undefined) throw invalid();
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (buffer >> bits) & 0xff;
  }
  // What is left over must be zeros, and less than a character.
  if (bits >= 6 || (buffer & ((1 << bits) - 1)) !== 0) throw invalid();
  return bytes;
}

function invalid(): ProtocolError {
  return new ProtocolError('BASE64_INVALID', 'not base64url without padding');
}
