// A peer's network address and its compact forms: 6 bytes IPv4 (BEP 23), 18 bytes IPv6 (BEP 7).
import { ProtocolError } from './errors.ts';

const DOT = 0x2e;
const DIGIT_0 = 0x30;

/** An IP address in canonical text form (never a host name) and a port. */
export interface PeerAddress {
  readonly ip: string;
  readonly port: number;
}

/** `1.2.3.4:80` or `[::1]:80`: a printable form that is also usable as a map key. */
export function formatAddress(address: PeerAddress): string {
  return address.ip.includes(':')
    ? `[${address.ip}]:${String(address.port)}`
    : `${address.ip}:${String(address.port)}`;
}

/** Text of 4 or 16 network-order bytes; IPv6 is compressed per RFC 5952. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) {
    throw new ProtocolError('IP_BAD_LENGTH', `an IP address has 4 or 16 bytes, not ${String(bytes.length)}`);
  }
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  return compressGroups(groups);
}

/** The 4 or 16 bytes of an IP address in text form, or undefined if it is none. Zone ids are refused. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Compact peers: 6 bytes each for IPv4 (BEP 23), 18 for IPv6 (BEP 7). Port 0 entries are left out. */
export function parseCompactPeers(bytes: Uint8Array, family: 4 | 6): PeerAddress[] {
  const ipLength = family === 4 ? 4 : 16;
  const stride = ipLength + 2;
  if (bytes.length % stride !== 0) {
    throw new ProtocolError(
      'COMPACT_PEERS_BAD_LENGTH',
      `compact peers come in units of ${String(stride)} bytes`,
      {
        received: bytes.length,
      },
    );
  }
  const peers: PeerAddress[] = [];
  for (let at = 0; at < bytes.length; at += stride) {
    const port = ((bytes[at + ipLength] ?? 0) << 8) | (bytes[at + ipLength + 1] ?? 0);
    if (port !== 0) peers.push({ ip: formatIp(bytes.subarray(at, at + ipLength)), port });
  }
  return peers;
}

/** One address as 6 or 18 bytes; throws ProtocolError IP_INVALID for a text that is no IP. */
export function encodeCompactPeer(address: PeerAddress): Uint8Array {
  const ip = parseIp(address.ip);
  if (ip === undefined) throw new ProtocolError('IP_INVALID', `not an IP address: ${address.ip}`);
  const bytes = new Uint8Array(ip.length + 2);
  bytes.set(ip);
  bytes[ip.length] = address.port >>> 8;
  bytes[ip.length + 1] = address.port & 0xff;
  return bytes;
}

/** Loopback, private and link-local addresses. */
export function isLocalIp(ip: string): boolean {
  const bytes = parseIp(ip);
  if (bytes === undefined) return false;
  const [a = 0, b = 0] = bytes;
  if (bytes.length === 16) {
    return ip === '::1' || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80);
  }
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254)
  );
}

/** IPv6 link-local: an address that is one of many until the network interface is named, which nobody does to peers. */
export function needsZone(ip: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(ip);
}

function compressGroups(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let at = 0;
  let value = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && value >= 0 && at < 3) {
      bytes[at++] = value;
      value = -1;
      continue;
    }
    const digit = code - DIGIT_0;
    // Leading zeros are octal to some.
    if (digit < 0 || digit > 9 || value === 0) return undefined;
    value = Math.max(0, value) * 10 + digit;
    if (value > 255) return undefined;
  }
  if (at < 3 || value < 0) return undefined;
  bytes[3] = value;
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = i === parts.length - 1 ? parseIpv4(part) : undefined;
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      const group = Number.parseInt(part, 16);
      bytes.push(group >>> 8, group & 0xff);
    }
  }
  return bytes.length <= 16 ? bytes : undefined;
}

/** Whoever has one address of an IPv6 /64 has all of it. */
export function networkOf(ip: string): string {
  const bytes = parseIp(ip);
  return bytes?.length === 16 ? bytes.subarray(0, 8).join() : ip;
}
