// ut_pex messages (BEP 11): peers that the sender is connected to, and those it no longer is.
import { encodeCompactPeer, formatIp } from '../address.ts';
import type { PeerAddress } from '../address.ts';
import { decodeBencodePrefix } from '../bencode/decode.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { dictOf, getBytes } from '../bencode/fields.ts';
import type { BencodeDict } from '../bencode/decode.ts';
import { concatBytes } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** Bits of a peer's flags (BEP 11). */
export const PEX_FLAGS = {
  prefersEncryption: 0x01,
  uploadOnly: 0x02,
  utp: 0x04,
  holepunch: 0x08,
  /** The sender dialled it: others can too. */
  reachable: 0x10,
} as const;

/** BEP 11: not more than so many added and so many dropped in each message but the first. */
export const PEX_PEERS_PER_MESSAGE = 50;

export interface PexPeer {
  readonly address: PeerAddress;
  /** An OR of `PEX_FLAGS`; 0 where the sender gave none. */
  readonly flags: number;
}

export interface PexMessage {
  readonly added: readonly PexPeer[];
  readonly dropped: readonly PeerAddress[];
}

/** The payload of an extended message under the receiver's `ut_pex` id. Throws ProtocolError IP_INVALID. */
export function encodePex(message: PexMessage): Uint8Array {
  const added4 = message.added.filter(({ address }) => !address.ip.includes(':'));
  const added6 = message.added.filter(({ address }) => address.ip.includes(':'));
  const dropped4 = message.dropped.filter(({ ip }) => !ip.includes(':'));
  const dropped6 = message.dropped.filter(({ ip }) => ip.includes(':'));
  return encodeBencode({
    added: compact(added4.map(({ address }) => address)),
    'added.f': Uint8Array.from(added4, ({ flags }) => flags),
    added6: compact(added6.map(({ address }) => address)),
    'added6.f': Uint8Array.from(added6, ({ flags }) => flags),
    dropped: compact(dropped4),
    dropped6: compact(dropped6),
  });
}

/**
 * Reads at most `LIMITS.pexPeers` of each list and family, and ignores the rest. Peers at port 0 are left out.
 * Throws ProtocolError BENCODE_* or WIRE_BAD_PEX.
 */
export function parsePex(payload: Uint8Array): PexMessage {
  const dict = dictOf(decodeBencodePrefix(payload, { canonical: false }).value);
  if (dict === undefined) throw new ProtocolError('WIRE_BAD_PEX', 'a pex message is not a dictionary');
  return {
    added: [...peersOf(dict, 'added', 4), ...peersOf(dict, 'added6', 16)],
    dropped: [...peersOf(dict, 'dropped', 4), ...peersOf(dict, 'dropped6', 16)].map(({ address }) => address),
  };
}

function compact(addresses: readonly PeerAddress[]): Uint8Array {
  return concatBytes(addresses.map(encodeCompactPeer));
}

/** Flags are of the same index as their peer, so port 0 must not shift them. */
function peersOf(dict: BencodeDict, key: string, ipLength: 4 | 16): PexPeer[] {
  const bytes = getBytes(dict, key) ?? new Uint8Array(0);
  const flags = getBytes(dict, `${key}.f`);
  const stride = ipLength + 2;
  if (bytes.length % stride !== 0) {
    throw new ProtocolError('WIRE_BAD_PEX', `${key} comes in units of ${String(stride)} bytes`, {
      received: bytes.length,
    });
  }
  const peers: PexPeer[] = [];
  const count = Math.min(bytes.length / stride, LIMITS.pexPeers.value);
  for (let i = 0; i < count; i++) {
    const at = i * stride;
    const port = ((bytes[at + ipLength] ?? 0) << 8) | (bytes[at + ipLength + 1] ?? 0);
    if (port === 0) continue;
    peers.push({
      address: { ip: formatIp(bytes.subarray(at, at + ipLength)), port },
      flags: flags?.[i] ?? 0,
    });
  }
  return peers;
}
