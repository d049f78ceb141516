// STUN binding (RFC 8489), as much as tells a stranger its own address: what a publisher answers, so that visitors
// need no third party to find out. Stateless; an answer is at most 24 bytes longer than its question.
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const MAGIC_COOKIE = 0x2112a442;
const XOR_MAPPED_ADDRESS = 0x0020;
const HEADER_BYTES = 20;
const FAMILY = { 4: 1, 16: 2 } as const;

/** True for what may be a STUN message: first two bits zero, the cookie in its place, whole words (section 5). */
export function isStun(packet: Uint8Array): boolean {
  if (packet.length < HEADER_BYTES) return false;
  const reader = new ByteReader(packet);
  const type = reader.u16();
  const length = reader.u16();
  return (
    type < 0x4000 &&
    length % 4 === 0 &&
    reader.u32() === MAGIC_COOKIE &&
    packet.length === HEADER_BYTES + length
  );
}

/** The answer to a binding request from `ip` (4 or 16 bytes) and `port`; undefined for anything else. */
export function answerBinding(packet: Uint8Array, ip: Uint8Array, port: number): Uint8Array | undefined {
  const family = ip.length === 4 || ip.length === 16 ? FAMILY[ip.length] : undefined;
  if (family === undefined || !isStun(packet)) return undefined;
  if (new ByteReader(packet).u16() !== BINDING_REQUEST) return undefined;
  const transaction = packet.subarray(8, HEADER_BYTES);
  const out = new ByteWriter(HEADER_BYTES + 24);
  out
    .u16(BINDING_SUCCESS)
    .u16(8 + ip.length)
    .u32(MAGIC_COOKIE)
    .bytes(transaction);
  out
    .u16(XOR_MAPPED_ADDRESS)
    .u16(4 + ip.length)
    .u8(0)
    .u8(family);
  return out
    .u16(port ^ (MAGIC_COOKIE >>> 16))
    .bytes(masked(ip, transaction))
    .finish();
}

/** Section 14.2: the address under the cookie, an IPv6 one under the cookie and the transaction's id. */
function masked(ip: Uint8Array, transaction: Uint8Array): Uint8Array {
  const mask = new ByteWriter(16).u32(MAGIC_COOKIE).bytes(transaction).finish();
  return ip.map((byte, i) => byte ^ (mask[i] ?? 0));
}
