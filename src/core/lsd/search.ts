// Local service discovery (BEP 14): multicast messages in the shape of HTTP by which peers of one network find each
// other. Read leniently: header names in any case, unknown headers skipped.
import { fromHex, latin1Decode, latin1Encode, toHex } from '../bytes/bytes.ts';
import type { PeerAddress } from '../address.ts';
import { formatAddress } from '../address.ts';
import { ProtocolError } from '../errors.ts';
import { toInfoHash, type InfoHash } from '../ids.ts';

/** Where the messages go: IPv4 and IPv6. */
export const LSD_GROUPS: readonly PeerAddress[] = [
  { ip: '239.192.152.143', port: 6771 },
  { ip: 'ff15::efc0:988f', port: 6771 },
];

/** BEP 14: a message is not to exceed 1400 bytes, so that it travels in one packet. */
const MAX_BYTES = 1400;
const START = 'BT-SEARCH * HTTP/1.1';

export interface LsdSearch {
  /** Where the sender takes connections. */
  readonly port: number;
  readonly infoHashes: readonly InfoHash[];
  /** By which the sender knows its own messages again; undefined where it sent none. */
  readonly cookie: string | undefined;
}

export function encodeSearch(search: LsdSearch, group: PeerAddress): Uint8Array {
  const lines = [
    START,
    `Host: ${formatAddress(group)}`,
    `Port: ${String(search.port)}`,
    ...search.infoHashes.map((hash) => `Infohash: ${toHex(hash)}`),
    ...(search.cookie === undefined ? [] : [`cookie: ${search.cookie}`]),
  ];
  return latin1Encode(`${lines.join('\r\n')}\r\n\r\n\r\n`);
}

/** Throws ProtocolError LSD_INVALID for what is no such message. */
export function parseSearch(packet: Uint8Array): LsdSearch {
  if (packet.length > MAX_BYTES) throw invalid('too long');
  const [start, ...lines] = latin1Decode(packet).split('\r\n');
  if (start !== START) throw invalid('not a search');
  let port = 0;
  let cookie: string | undefined;
  const infoHashes: InfoHash[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'port') port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
    else if (name === 'cookie') cookie = value;
    else if (name === 'infohash') infoHashes.push(parseHash(value));
  }
  if (port < 1 || port > 65_535) throw invalid('no port');
  return { port, infoHashes, cookie };
}

function parseHash(text: string): InfoHash {
  if (!/^[0-9a-fA-F]{40}$/.test(text)) throw invalid('no info hash');
  return toInfoHash(fromHex(text.toLowerCase()));
}

function invalid(what: string): ProtocolError {
  return new ProtocolError('LSD_INVALID', `a local search is ${what}`);
}
