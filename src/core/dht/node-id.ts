// 160-bit node ids: XOR distance (BEP 5) and the ids that an IP address allows (BEP 42).
import { crc32c } from '../bytes/crc32c.ts';
import { isLocalIp, parseIp } from '../address.ts';

export const NODE_ID_LENGTH = 20;
const MASK_V4 = [0x03, 0x0f, 0x3f, 0xff] as const;
const MASK_V6 = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff] as const;

/** Negative when `a` is closer to the target than `b`, positive when farther, 0 when they are equal. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_LENGTH; i++) {
    const t = target[i] ?? 0;
    const difference = ((a[i] ?? 0) ^ t) - ((b[i] ?? 0) ^ t);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two ids share, 0..160. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_LENGTH; i++) {
    const difference = (a[i] ?? 0) ^ (b[i] ?? 0);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return NODE_ID_LENGTH * 8;
}

/** An id that BEP 42 allows for this external address; `random` gives 20 random bytes. */
export function secureNodeId(ip: string, random: Uint8Array): Uint8Array {
  const id = random.slice(0, NODE_ID_LENGTH);
  const prefix = securePrefix(ip, id[19] ?? 0);
  if (prefix === undefined) return id;
  id[0] = prefix >>> 24;
  id[1] = (prefix >>> 16) & 0xff;
  id[2] = ((prefix >>> 8) & 0xf8) | ((id[2] ?? 0) & 0x07);
  return id;
}

/** True if the id's first 21 bits fit the address (BEP 42). Local addresses are exempt. */
export function isSecureNodeId(id: Uint8Array, ip: string): boolean {
  if (isLocalIp(ip)) return true;
  const prefix = securePrefix(ip, id[19] ?? 0);
  if (prefix === undefined) return false;
  return (
    id[0] === prefix >>> 24 &&
    id[1] === ((prefix >>> 16) & 0xff) &&
    ((id[2] ?? 0) & 0xf8) === ((prefix >>> 8) & 0xf8)
  );
}

function securePrefix(ip: string, seed: number): number | undefined {
  const bytes = parseIp(ip);
  if (bytes === undefined) return undefined;
  const mask = bytes.length === 4 ? MASK_V4 : MASK_V6;
  const masked = Uint8Array.from(mask, (bits, i) => bits & (bytes[i] ?? 0));
  masked[0] = (masked[0] ?? 0) | ((seed & 7) << 5);
  return crc32c(masked);
}
