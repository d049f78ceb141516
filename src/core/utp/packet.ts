// uTP packets (BEP 29): a 20-byte header, a chain of extensions, the payload. Numbers are big-endian.

export const PACKET_TYPE = { data: 0, fin: 1, state: 2, reset: 3, syn: 4 } as const;
export type PacketType = (typeof PACKET_TYPE)[keyof typeof PACKET_TYPE];

export const HEADER_BYTES = 20;

export interface UtpHeader {
  readonly type: PacketType;
  readonly connectionId: number;
  /** Microseconds on the sender's clock, modulo 2^32. */
  readonly timestamp: number;
  /** Microseconds from the other side's last timestamp to its arrival, modulo 2^32; 0 where there was none yet. */
  readonly timestampDifference: number;
  /** Bytes that the sender has room for. */
  readonly window: number;
  readonly seq: number;
  readonly ack: number;
}

export interface UtpPacket extends UtpHeader {
  /** One bit for each packet from ack + 2 on, lowest bit first. */
  readonly selectiveAck: Uint8Array | undefined;
  /** A view of the datagram. */
  readonly payload: Uint8Array;
}

const VERSION = 1;
const SELECTIVE_ACK = 1;

/** Distance from b to a in the circle of 16-bit sequence numbers: positive where a comes after b. */
export function seqDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** A datagram as a packet, or undefined if it is none: what comes in on a shared UDP port need not be ours. */
export function parsePacket(bytes: Uint8Array): UtpPacket | undefined {
  const type = (bytes[0] ?? 0) >>> 4;
  if (bytes.length < HEADER_BYTES || ((bytes[0] ?? 0) & 0x0f) !== VERSION || !isPacketType(type))
    return undefined;
  let extension = bytes[1] ?? 0;
  let at = HEADER_BYTES;
  let selectiveAck: Uint8Array | undefined;
  // Each turn moves on by at least two bytes, so the chain ends.
  while (extension !== 0) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length) return undefined;
    if (extension === SELECTIVE_ACK) selectiveAck = bytes.subarray(at + 2, end);
    extension = bytes[at] ?? 0;
    at = end;
  }
  return {
    type,
    connectionId: getU16(bytes, 2),
    timestamp: getU32(bytes, 4),
    timestampDifference: getU32(bytes, 8),
    window: getU32(bytes, 12),
    seq: getU16(bytes, 16),
    ack: getU16(bytes, 18),
    selectiveAck,
    payload: bytes.subarray(at),
  };
}

/** A packet without payload. `selectiveAck` has a length that is a multiple of 4. */
export function encodePacket(header: UtpHeader, selectiveAck?: Uint8Array): Uint8Array {
  if (selectiveAck === undefined) return writeHeader(new Uint8Array(HEADER_BYTES), header);
  const packet = writeHeader(new Uint8Array(HEADER_BYTES + 2 + selectiveAck.length), header);
  packet[1] = SELECTIVE_ACK;
  packet[HEADER_BYTES + 1] = selectiveAck.length;
  packet.set(selectiveAck, HEADER_BYTES + 2);
  return packet;
}

/** Writes the header over the first 20 bytes, with no extensions, and returns the packet. */
export function writeHeader(packet: Uint8Array, header: UtpHeader): Uint8Array {
  packet[0] = (header.type << 4) | VERSION;
  packet[1] = 0;
  putU16(packet, 2, header.connectionId);
  putU32(packet, 4, header.timestamp);
  putU32(packet, 8, header.timestampDifference);
  putU32(packet, 12, header.window);
  putU16(packet, 16, header.seq);
  putU16(packet, 18, header.ack);
  return packet;
}

function isPacketType(type: number): type is PacketType {
  return type <= PACKET_TYPE.syn;
}

function getU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function getU32(bytes: Uint8Array, at: number): number {
  return ((getU16(bytes, at) << 16) | getU16(bytes, at + 2)) >>> 0;
}

function putU16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

function putU32(target: Uint8Array, at: number, value: number): void {
  putU16(target, at, value >>> 16);
  putU16(target, at + 2, value);
}
