// Addresses as the system writes them, to bytes: quick for IPv4, because this runs for every packet and connection.
import { parseIp } from '../core/address.ts';
import { plainIp } from '../node/ip.ts';

const DOT = 0x2e;

/** Fills `out` (4 bytes) from dotted text that is known to be well-formed; false if it is anything else than that. */
export function readIpv4(text: string, out: Uint8Array): boolean {
  let part = 0;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      out[part++] = value;
      value = 0;
    } else {
      if (code < 0x30 || code > 0x39) return false;
      value = value * 10 + code - 0x30;
    }
  }
  out[part] = value;
  return part === 3;
}

/** 4 or 16 bytes; IPv4 mapped into IPv6 is IPv4. Undefined for what is no address. */
export function ipBytes(text: string): Uint8Array | undefined {
  const ip4 = new Uint8Array(4);
  if (readIpv4(text.startsWith('::ffff:') ? text.slice(7) : text, ip4)) return ip4;
  return parseIp(plainIp(text));
}
