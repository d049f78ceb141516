// Canonical peer priority (BEP 40): both ends of a connection give it the same number, so that a swarm as a whole
// agrees on which connections to keep when it is full.
import { formatAddress, parseIp } from '../address.ts';
import type { PeerAddress } from '../address.ts';
import { concatBytes } from '../bytes/bytes.ts';
import { crc32c } from '../bytes/crc32c.ts';
import { UsageError } from '../errors.ts';

/** Higher is better. Symmetric. Throws UsageError IP_INVALID, and for addresses of two families. */
export function peerPriority(a: PeerAddress, b: PeerAddress): number {
  const ipA = parseIp(a.ip);
  const ipB = parseIp(b.ip);
  if (ipA?.length !== ipB?.length || ipA === undefined || ipB === undefined) {
    throw new UsageError(
      'IP_INVALID',
      `no two addresses of one family: ${formatAddress(a)} ${formatAddress(b)}`,
    );
  }
  if (compare(ipA, ipB) === 0) return crc32c(sorted(portBytes(a.port), portBytes(b.port)));
  const kept = keptBytes(ipA, ipB);
  return crc32c(sorted(masked(ipA, kept), masked(ipB, kept)));
}

/**
 * How many leading bytes stay whole; the others are masked with 55. IPv4: two, and one more than is shared from there.
 * IPv6: six to eight, where deployed clients widen the mask one byte earlier than the examples of BEP 40 do.
 */
function keptBytes(a: Uint8Array, b: Uint8Array): number {
  let shared = 0;
  while (a[shared] === b[shared]) shared++;
  return a.length === 4 ? Math.max(2, shared + 1) : Math.min(8, Math.max(6, shared + 2));
}

function masked(ip: Uint8Array, kept: number): Uint8Array {
  return ip.map((byte, i) => (i < kept ? byte : byte & 0x55));
}

function sorted(a: Uint8Array, b: Uint8Array): Uint8Array {
  return concatBytes(compare(a, b) <= 0 ? [a, b] : [b, a]);
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >>> 8, port & 0xff);
}
