// HMAC-SHA256 (RFC 2104) over the digest the core is given, and a comparison whose time says nothing.
import { concatBytes } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';

const BLOCK_BYTES = 64;

export type Mac = (message: Uint8Array) => Uint8Array;

/** A MAC of 32 bytes under one key; the key's pads are made once. */
export function createHmac(key: Uint8Array, { sha256 }: Pick<Digests, 'sha256'>): Mac {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const inner = block.map((byte) => byte ^ 0x36);
  const outer = block.map((byte) => byte ^ 0x5c);
  return (message) => sha256(concatBytes([outer, sha256(concatBytes([inner, message]))]));
}

/** True for the same bytes; the time depends on their number alone. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
