// ut_holepunch messages (BEP 55): a common peer tells two others, neither of which can be dialled, to dial each other.
import { formatIp, parseIp } from '../address.ts';
import type { PeerAddress } from '../address.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { ProtocolError } from '../errors.ts';

export interface HolepunchMessage {
  readonly kind: 'rendezvous' | 'connect' | 'error';
  readonly address: PeerAddress;
  /** One of HOLEPUNCH_ERRORS; 0 where there is no error, but some senders leave noise there. */
  readonly error: number;
}

/** BEP 55. */
export const HOLEPUNCH_ERRORS = {
  noSuchPeer: 1,
  notConnected: 2,
  noSupport: 3,
  noSelf: 4,
} as const;

const KINDS = ['rendezvous', 'connect', 'error'] as const;

/** The payload of an extended message under the receiver's `ut_holepunch` id. Throws ProtocolError IP_INVALID. */
export function encodeHolepunch({ kind, address, error }: HolepunchMessage): Uint8Array {
  const ip = parseIp(address.ip);
  if (ip === undefined) throw new ProtocolError('IP_INVALID', `not an IP address: ${address.ip}`);
  return new ByteWriter(24)
    .u8(KINDS.indexOf(kind))
    .u8(ip.length === 4 ? 0 : 1)
    .bytes(ip)
    .u16(address.port)
    .u32(error)
    .finish();
}

/** Throws ProtocolError BYTES_TRUNCATED or WIRE_BAD_HOLEPUNCH. */
export function parseHolepunch(payload: Uint8Array): HolepunchMessage {
  const reader = new ByteReader(payload);
  const kind = KINDS[reader.u8()];
  const family = reader.u8();
  if (kind === undefined || family > 1) {
    throw new ProtocolError('WIRE_BAD_HOLEPUNCH', 'a holepunch message of unknown type or address family');
  }
  const ip = formatIp(reader.bytes(family === 0 ? 4 : 16));
  return { kind, address: { ip, port: reader.u16() }, error: reader.u32() };
}
