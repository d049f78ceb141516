// The 68-byte handshake (BEP 3): protocol name, reserved bits, info hash, peer id.
import { ProtocolError } from '../errors.ts';
import { toInfoHash, toPeerId } from '../ids.ts';
import type { InfoHash, PeerId } from '../ids.ts';
import type { Capabilities } from './messages.ts';

/** Bytes of a whole handshake, and of its part up to the peer id. */
export const HANDSHAKE_BYTES = 68;
export const HANDSHAKE_HASH_END = 48;

export interface Handshake {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly capabilities: Capabilities;
}

/** What comes before the peer id: enough to answer an incoming connection. */
export type HandshakeStart = Omit<Handshake, 'peerId'>;

const PROTOCOL = Uint8Array.from('\x13BitTorrent protocol', (char) => char.charCodeAt(0));
const RESERVED_AT = PROTOCOL.length;
const HASH_AT = RESERVED_AT + 8;

export function encodeHandshake(handshake: Handshake): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(PROTOCOL);
  // BEP 10: bit 20 from the right.
  bytes[RESERVED_AT + 5] = handshake.capabilities.extended ? 0x10 : 0;
  // BEP 5: last bit; BEP 6: third least significant bit; BEP 52: fourth most significant bit of the last byte.
  bytes[RESERVED_AT + 7] =
    (handshake.capabilities.dht ? 0x01 : 0) |
    (handshake.capabilities.fast ? 0x04 : 0) |
    (handshake.capabilities.v2 ? 0x10 : 0);
  bytes.set(handshake.infoHash, HASH_AT);
  bytes.set(handshake.peerId, HANDSHAKE_HASH_END);
  return bytes;
}

/** Whether the first bytes of a stream can begin a plain handshake; true for none at all. */
export function isHandshakePrefix(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, PROTOCOL.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PROTOCOL[i]) return false;
  return true;
}

/** At least the first 48 bytes. Throws ProtocolError WIRE_BAD_PROTOCOL, WIRE_BAD_HANDSHAKE. Ids are copies. */
export function parseHandshakeStart(bytes: Uint8Array): HandshakeStart {
  if (!isHandshakePrefix(bytes)) {
    throw new ProtocolError('WIRE_BAD_PROTOCOL', 'the other side does not speak the BitTorrent protocol');
  }
  if (bytes.length < HANDSHAKE_HASH_END) throw truncated(bytes.length);
  const high = bytes[RESERVED_AT + 5] ?? 0;
  const low = bytes[RESERVED_AT + 7] ?? 0;
  return {
    infoHash: toInfoHash(copy(bytes, HASH_AT, HANDSHAKE_HASH_END)),
    capabilities: {
      extended: (high & 0x10) !== 0,
      dht: (low & 0x01) !== 0,
      fast: (low & 0x04) !== 0,
      v2: (low & 0x10) !== 0,
    },
  };
}

/** All 68 bytes. Throws ProtocolError WIRE_BAD_PROTOCOL, WIRE_BAD_HANDSHAKE. Ids are copies. */
export function parseHandshake(bytes: Uint8Array): Handshake {
  const start = parseHandshakeStart(bytes);
  if (bytes.length !== HANDSHAKE_BYTES) throw truncated(bytes.length);
  return { ...start, peerId: toPeerId(copy(bytes, HANDSHAKE_HASH_END, HANDSHAKE_BYTES)) };
}

/** A plain Uint8Array even where `bytes` is a host's subclass whose own slice would be a view. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

function truncated(received: number): ProtocolError {
  return new ProtocolError('WIRE_BAD_HANDSHAKE', 'a handshake has 68 bytes', {
    expected: HANDSHAKE_BYTES,
    received,
  });
}
