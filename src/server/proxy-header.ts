// The PROXY protocol, versions 1 and 2, as load balancers put it in front of a connection: who the client really is.
// Read only from addresses that the operator trusts, and there demanded: a proxy that has it on always sends it.
import { parseIp } from '../core/address.ts';

export type ProxyHeader =
  /** The header ends at `length`; `ip` is undefined where the proxy speaks for itself (LOCAL, UNKNOWN). */
  | { readonly kind: 'header'; readonly length: number; readonly ip: Uint8Array | undefined }
  /** Too few bytes yet. */
  | { readonly kind: 'incomplete' }
  /** No header, or none that makes sense. */
  | { readonly kind: 'none' };

const SIGNATURE = Uint8Array.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
/** Version 1: 107 characters at most, the end of the line with them. */
const MAX_LINE = 107;
const HEAD_BYTES = 16;
/** Version 2 may carry more (TLVs), which nobody here reads; what is longer than this is no header. */
const MAX_BLOCK = 2048;
const NONE: ProxyHeader = { kind: 'none' };
const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };

/** Never throws; never asks for more than 2064 bytes. */
export function parseProxyHeader(data: Uint8Array): ProxyHeader {
  if (isPrefix(data, SIGNATURE)) return parseBinary(data);
  return parseLine(data);
}

function parseLine(data: Uint8Array): ProxyHeader {
  const text = Buffer.from(data.subarray(0, MAX_LINE)).toString('latin1');
  if (!text.startsWith('PROXY ')) return 'PROXY '.startsWith(text) ? INCOMPLETE : NONE;
  const end = text.indexOf('\r\n');
  if (end < 0) return data.length < MAX_LINE ? INCOMPLETE : NONE;
  const length = end + 2;
  const [, family, source = '', , sourcePort = '', targetPort = '', ...more] = text.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { kind: 'header', length, ip: undefined };
  const ip = parseIp(source);
  const wanted = family === 'TCP4' ? 4 : family === 'TCP6' ? 16 : 0;
  const ports = isPort(sourcePort) && isPort(targetPort) && more.length === 0;
  return ip?.length === wanted && ports ? { kind: 'header', length, ip } : NONE;
}

function parseBinary(data: Uint8Array): ProxyHeader {
  if (data.length < HEAD_BYTES) return INCOMPLETE;
  const command = data[12] ?? 0;
  const family = data[13] ?? 0;
  const block = ((data[14] ?? 0) << 8) | (data[15] ?? 0);
  if (command >> 4 !== 2 || (command & 0xf) > 1 || block > MAX_BLOCK) return NONE;
  const length = HEAD_BYTES + block;
  if (data.length < length) return INCOMPLETE;
  // LOCAL: the proxy itself asks, to see whether we are well.
  if ((command & 0xf) === 0) return { kind: 'header', length, ip: undefined };
  const size = family >> 4 === 1 ? 4 : family >> 4 === 2 ? 16 : 0;
  if (size === 0) return { kind: 'header', length, ip: undefined };
  if (block < 2 * size + 4) return NONE;
  return { kind: 'header', length, ip: data.slice(HEAD_BYTES, HEAD_BYTES + size) };
}

/** Whether the shorter of both begins the longer. */
function isPrefix(data: Uint8Array, signature: Uint8Array): boolean {
  const length = Math.min(data.length, signature.length);
  for (let i = 0; i < length; i++) if (data[i] !== signature[i]) return false;
  return length > 0;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535;
}
