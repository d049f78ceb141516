// The extended handshake (BEP 10): which extensions a peer takes under which message id, and what it says of itself.
// Read leniently: a field of the wrong type or out of range counts as absent, as real clients get them wrong.
import { utf8Decode } from '../bytes/bytes.ts';
import { decodeBencodePrefix } from '../bencode/decode.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { dictOf, getBytes, getDict, getInt } from '../bencode/fields.ts';
import { formatIp, parseIp } from '../address.ts';
import { ProtocolError } from '../errors.ts';

/** The ids under which we take extension messages; id 0 is the handshake itself. Names are of the BEPs. */
export const EXTENSION_IDS = {
  /** BEP 11. */
  ut_pex: 1,
  /** BEP 9. */
  ut_metadata: 2,
  /** BEP 21. */
  upload_only: 3,
  /** BEP 55. */
  ut_holepunch: 4,
  /** BEP 54. */
  lt_donthave: 7,
} as const;

export type ExtensionName = keyof typeof EXTENSION_IDS;
/** The id to put on messages of each extension that is on. */
export type ExtensionIds = Readonly<Partial<Record<ExtensionName, number>>>;

export interface ExtendedHandshake {
  readonly extensions: ExtensionIds;
  /** Name and version of the client, at most 100 characters. */
  readonly client?: string | undefined;
  /** The port on which the sender takes connections. */
  readonly port?: number | undefined;
  /** How many requests the sender queues; at least 1. */
  readonly requestQueue?: number | undefined;
  /** Bytes of the info dictionary; at least 1 (BEP 9). */
  readonly metadataSize?: number | undefined;
  /** The receiver's address as the sender sees it. */
  readonly yourIp?: string | undefined;
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  /** The sender will not download: seed or partial seed (BEP 21). */
  readonly uploadOnly: boolean;
}

const EXTENSION_NAMES = Object.keys(EXTENSION_IDS) as readonly ExtensionName[];
const MAX_CLIENT_CHARS = 100;

/** The payload of extended message 0. Throws ProtocolError IP_INVALID for a text that is no address. */
export function encodeExtendedHandshake(handshake: ExtendedHandshake): Uint8Array {
  return encodeBencode({
    m: { ...handshake.extensions },
    v: handshake.client,
    p: handshake.port,
    reqq: handshake.requestQueue,
    metadata_size: handshake.metadataSize,
    yourip: ipBytes(handshake.yourIp),
    ipv4: ipBytes(handshake.ipv4),
    ipv6: ipBytes(handshake.ipv6),
    upload_only: handshake.uploadOnly ? 1 : undefined,
  });
}

/** The payload of extended message 0. Throws ProtocolError BENCODE_* or WIRE_BAD_EXTENDED when it is no dictionary. */
export function parseExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const dict = dictOf(decodeBencodePrefix(payload, { canonical: false }).value);
  if (dict === undefined) {
    throw new ProtocolError('WIRE_BAD_EXTENDED', 'the extended handshake is not a dictionary');
  }
  const names = getDict(dict, 'm');
  const extensions: Partial<Record<ExtensionName, number>> = {};
  for (const name of names === undefined ? [] : EXTENSION_NAMES) {
    // BEP 10: id 0 turns the extension off.
    const id = within(names === undefined ? undefined : getInt(names, name), 1, 255);
    if (id !== undefined) extensions[name] = id;
  }
  const client = getBytes(dict, 'v');
  return {
    extensions,
    client: client === undefined ? undefined : utf8Decode(client.subarray(0, MAX_CLIENT_CHARS)),
    port: within(getInt(dict, 'p'), 1, 65_535),
    requestQueue: within(getInt(dict, 'reqq'), 1, Number.MAX_SAFE_INTEGER),
    metadataSize: within(getInt(dict, 'metadata_size'), 1, Number.MAX_SAFE_INTEGER),
    yourIp: ipText(getBytes(dict, 'yourip')),
    ipv4: ipText(getBytes(dict, 'ipv4')),
    ipv6: ipText(getBytes(dict, 'ipv6')),
    uploadOnly: (getInt(dict, 'upload_only') ?? 0) > 0,
  };
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function ipText(bytes: Uint8Array | undefined): string | undefined {
  return bytes !== undefined && (bytes.length === 4 || bytes.length === 16) ? formatIp(bytes) : undefined;
}

function ipBytes(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const bytes = parseIp(text);
  if (bytes === undefined) throw new ProtocolError('IP_INVALID', `not an IP address: ${text}`);
  return bytes;
}
