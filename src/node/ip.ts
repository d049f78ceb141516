// IP addresses as node:net and node:dgram give them, in the canonical text form of PeerAddress.
import { formatIp, parseIp } from '../core/address.ts';

const MAPPED_PREFIX = '::ffff:';

/** Takes off a zone id and the IPv4-mapped prefix, and compresses IPv6. */
export function plainIp(text: string): string {
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  if (bare.startsWith(MAPPED_PREFIX) && bare.includes('.')) return bare.slice(MAPPED_PREFIX.length);
  if (!bare.includes(':')) return bare;
  const bytes = parseIp(bare);
  return bytes === undefined ? bare : formatIp(bytes);
}
