// The client's side of BEP 15 with BEP 41 options: requests become datagrams, datagrams become replies.
// All numbers are big-endian; packets longer than their layout are allowed ("do not expect a certain size").
import { parseCompactPeers, type PeerAddress } from '../address.ts';
import { latin1Encode, utf8Decode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { InfoHash } from '../ids.ts';
import type { AnnounceEvent, AnnounceRequest } from './model.ts';

export const UDP_ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;
/** BEP 15: the magic constant 0x41727101980 that opens a connect request, as two words. */
export const UDP_PROTOCOL_ID: readonly [number, number] = [0x417, 0x27101980];
/** BEP 15: about 74 hashes fit one scrape packet. */
export const UDP_SCRAPE_MAX = 74;
const EVENTS: Readonly<Record<AnnounceEvent, number>> = {
  none: 0,
  completed: 1,
  started: 2,
  stopped: 3,
  // BEP 21 defines `paused` for HTTP; 4 is ignored by trackers that do not know it, as an event of no meaning.
  paused: 4,
};

/** 8 opaque bytes that a tracker handed out. */
export type ConnectionId = Uint8Array;

export type UdpReply =
  | { readonly kind: 'connect'; readonly transactionId: number; readonly connectionId: ConnectionId }
  | {
      readonly kind: 'announce';
      readonly transactionId: number;
      readonly intervalSeconds: number;
      readonly leechers: number;
      readonly seeders: number;
      readonly peers: readonly PeerAddress[];
    }
  | {
      readonly kind: 'scrape';
      readonly transactionId: number;
      readonly counts: readonly {
        readonly seeders: number;
        readonly downloads: number;
        readonly leechers: number;
      }[];
    }
  | { readonly kind: 'error'; readonly transactionId: number; readonly message: string };

/** 16 bytes. */
export function encodeUdpConnect(transactionId: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, UDP_PROTOCOL_ID[0]);
  view.setUint32(4, UDP_PROTOCOL_ID[1]);
  view.setUint32(8, UDP_ACTION.connect);
  view.setUint32(12, transactionId);
  return new Uint8Array(view.buffer);
}

export interface UdpEnvelope {
  readonly connectionId: ConnectionId;
  readonly transactionId: number;
}

/** 98 bytes, then the URL's path and query as BEP 41 options (`target` may be empty). */
export function encodeUdpAnnounce(
  envelope: UdpEnvelope,
  request: AnnounceRequest,
  target: string,
): Uint8Array {
  const options = encodeUrlData(target);
  const packet = new Uint8Array(98 + options.length);
  const view = new DataView(packet.buffer);
  writeEnvelope(packet, envelope, UDP_ACTION.announce);
  packet.set(request.infoHash, 16);
  packet.set(request.peerId, 36);
  view.setBigUint64(56, BigInt(request.downloaded));
  view.setBigUint64(64, request.left === undefined ? 0x7fffffffffffffffn : BigInt(request.left));
  view.setBigUint64(72, BigInt(request.uploaded));
  view.setUint32(80, EVENTS[request.event]);
  view.setUint32(84, 0);
  view.setUint32(88, request.key);
  view.setInt32(92, request.numWant ?? -1);
  view.setUint16(96, request.port);
  packet.set(options, 98);
  return packet;
}

/** At most UDP_SCRAPE_MAX hashes. */
export function encodeUdpScrape(envelope: UdpEnvelope, infoHashes: readonly InfoHash[]): Uint8Array {
  const packet = new Uint8Array(16 + 20 * infoHashes.length);
  writeEnvelope(packet, envelope, UDP_ACTION.scrape);
  infoHashes.forEach((hash, i) => {
    packet.set(hash, 16 + 20 * i);
  });
  return packet;
}

/**
 * Any packet from a tracker. `family` is that of the tracker's address: it decides the size of a peer (BEP 15).
 * Throws ProtocolError UDP_TRACKER_BAD_PACKET.
 */
export function parseUdpReply(packet: Uint8Array, family: 4 | 6): UdpReply {
  if (packet.length < 8) throw bad('shorter than 8 bytes', packet.length);
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const transactionId = view.getUint32(4);
  switch (view.getUint32(0)) {
    case UDP_ACTION.connect:
      if (packet.length < 16) throw bad('a connect reply shorter than 16 bytes', packet.length);
      return { kind: 'connect', transactionId, connectionId: packet.slice(8, 16) };
    case UDP_ACTION.announce:
      return parseAnnounce(view, packet, family);
    case UDP_ACTION.scrape:
      return parseScrape(view, transactionId);
    case UDP_ACTION.error:
      return { kind: 'error', transactionId, message: utf8Decode(packet.subarray(8)).replace(/\0+$/, '') };
    default:
      throw bad('an unknown action', view.getUint32(0));
  }
}

/** BEP 41: URLData options of at most 255 bytes each, none for an empty target. */
function encodeUrlData(target: string): Uint8Array {
  const data = latin1Encode(target);
  const options: number[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const part = data.subarray(at, at + 255);
    options.push(2, part.length, ...part);
  }
  return Uint8Array.from(options);
}

/** The joined URLData of BEP 41 options, one character a byte. Throws ProtocolError UDP_TRACKER_BAD_PACKET. */
export function parseUrlData(options: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < options.length) {
    const type = options[at++] ?? 0;
    if (type === 0) break;
    if (type === 1) continue;
    const length = options[at++];
    if (length === undefined || at + length > options.length) {
      throw bad('an option that runs past the end', options.length);
    }
    if (type === 2) text += String.fromCharCode(...options.subarray(at, at + length));
    at += length;
  }
  return text;
}

function parseAnnounce(view: DataView, packet: Uint8Array, family: 4 | 6): UdpReply {
  if (packet.length < 20) throw bad('an announce reply shorter than 20 bytes', packet.length);
  const stride = family === 4 ? 6 : 18;
  const whole = packet.length - ((packet.length - 20) % stride);
  return {
    kind: 'announce',
    transactionId: view.getUint32(4),
    intervalSeconds: view.getUint32(8),
    leechers: view.getUint32(12),
    seeders: view.getUint32(16),
    peers: parseCompactPeers(packet.subarray(20, whole), family),
  };
}

function parseScrape(view: DataView, transactionId: number): UdpReply {
  const counts = [];
  for (let at = 8; at + 12 <= view.byteLength; at += 12) {
    counts.push({
      seeders: view.getUint32(at),
      downloads: view.getUint32(at + 4),
      leechers: view.getUint32(at + 8),
    });
  }
  return { kind: 'scrape', transactionId, counts };
}

function writeEnvelope(packet: Uint8Array, envelope: UdpEnvelope, action: number): void {
  const view = new DataView(packet.buffer);
  packet.set(envelope.connectionId, 0);
  view.setUint32(8, action);
  view.setUint32(12, envelope.transactionId);
}

function bad(what: string, received: unknown): ProtocolError {
  return new ProtocolError('UDP_TRACKER_BAD_PACKET', `a tracker datagram is wrong: ${what}`, { received });
}
