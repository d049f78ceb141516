// Who the client is when proxies stand in between: X-Forwarded-For and Forwarded (RFC 7239) are read from the right,
// and only as far as each hop is an address that the operator trusts. Anyone can write these headers.
import { BlockList } from 'node:net';
import { formatIp, parseIp } from '../core/address.ts';
import { UsageError } from '../core/errors.ts';
import type { RequestHead } from './http-request.ts';

export interface ProxyTrust {
  /** Whether nobody at all is trusted: the usual case, decided without a look. */
  readonly nobody: boolean;
  /** `ip` has 4 or 16 bytes. */
  trusts(ip: Uint8Array): boolean;
}

/** Takes addresses and CIDR ranges; throws UsageError PROXY_BAD_RANGE. */
export function createProxyTrust(ranges: readonly string[]): ProxyTrust {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const bytes = parseIp(address);
    const bits = prefix === undefined ? (bytes?.length ?? 0) * 8 : Number(prefix);
    if (bytes === undefined || !/^\d{1,3}$/.test(prefix ?? '0') || bits > bytes.length * 8) {
      throw new UsageError('PROXY_BAD_RANGE', `not an address or range of addresses: ${range}`);
    }
    list.addSubnet(address, bits, bytes.length === 4 ? 'ipv4' : 'ipv6');
  }
  return {
    nobody: ranges.length === 0,
    trusts: (ip) => list.check(formatIp(ip), ip.length === 4 ? 'ipv4' : 'ipv6'),
  };
}

/** The nearest address that is no trusted proxy; the connection's own where the headers are not to be believed. */
export function clientAddress(
  peer: Uint8Array,
  head: Pick<RequestHead, 'forwardedFor' | 'forwarded'>,
  proxies: ProxyTrust,
): Uint8Array {
  if (proxies.nobody || (head.forwardedFor === '' && head.forwarded === '')) return peer;
  const hops = head.forwarded === '' ? head.forwardedFor.split(',') : forwardedHops(head.forwarded);
  let client = peer;
  for (const hop of hops.reverse()) {
    if (!proxies.trusts(client)) break;
    const ip = parseIp(bareAddress(hop));
    if (ip === undefined) break;
    client = ip;
  }
  return client;
}

/** The `for` parameter of each element. */
function forwardedHops(value: string): string[] {
  return value.split(',').map((element) => /(?:^|;)\s*for=("[^"]*"|[^;]*)/i.exec(element)?.[1] ?? '');
}

/** Takes off quotes, brackets and a port. */
function bareAddress(text: string): string {
  const plain = text.trim().replace(/^"|"$/g, '');
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(plain);
  if (bracketed !== null) return bracketed[1] ?? '';
  return plain.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}
