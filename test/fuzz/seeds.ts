// Valid inputs of every format, made by our own encoders: where mutation begins.
import { encodeBencode } from '../../src/core/bencode/encode.ts';
import { concatBytes, latin1Encode, utf8Encode } from '../../src/core/bytes/bytes.ts';
import { encodeQuery, encodeResponse } from '../../src/core/dht/krpc.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { encodeAnnounceFrame, encodeAnswerFrame } from '../../src/core/rtc/frames.ts';
import { encodeUdpConnect, encodeUdpScrape } from '../../src/core/tracker/udp-codec.ts';
import { encodePacket, PACKET_TYPE } from '../../src/core/utp/packet.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { encodeExtendedHandshake } from '../../src/core/wire/extended.ts';
import { encodeHandshake } from '../../src/core/wire/handshake.ts';
import { encodeHolepunch } from '../../src/core/wire/holepunch.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import { encodeMetadata } from '../../src/core/wire/metadata.ts';
import { encodePex } from '../../src/core/wire/pex.ts';
import { encodeResume } from '../../src/engine/resume.ts';
import { digests } from '../support/digests.ts';
import { hybridTorrent, v1Torrent, v2Torrent } from '../support/torrents.ts';

export const HASH: Uint8Array = new Uint8Array(20).fill(0x2e);
const ID = latin1Encode('-SW0001-abcdefghijkl');
const address = { ip: '10.1.2.3', port: 6881 };
const v6 = { ip: '2001:db8::7', port: 6881 };

export function texts(...list: readonly string[]): Uint8Array[] {
  return list.map((text) => utf8Encode(text));
}

export const torrents: readonly Uint8Array[] = [
  v1Torrent(),
  v2Torrent(),
  hybridTorrent(),
  v1Torrent(
    { private: 1, source: 'x' },
    { 'announce-list': [['http://t/a', 'udp://t:1']], 'url-list': 'http://w/' },
  ),
  v1Torrent({
    files: [
      { length: 10, path: ['..', 'etc'] },
      { length: 16384, attr: 'l', path: ['l'], 'symlink path': ['..'] },
    ],
  }),
];
export const infos: readonly Uint8Array[] = torrents.map((bytes) => parseTorrent(bytes, digests).infoBytes);
export const bencode: readonly Uint8Array[] = texts(
  'i-7e',
  'le',
  'd1:ai1e1:bl0:ee',
  '4:spam',
  'd1:ad1:bd1:cleeee',
);
export const magnets: readonly Uint8Array[] = texts(
  `magnet:?xt=urn:btih:${'2e'.repeat(20)}&dn=a+b&tr=http%3A%2F%2Ft%2Fa&x.pe=10.0.0.1:1&so=0,2-4`,
  `magnet:?xt=urn:btmh:1220${'ab'.repeat(32)}&ws=http://w/&xs=http://x/`,
  `magnet:?xt=urn:btih:${'A'.repeat(32)}`,
);

const range = { piecesRoot: new Uint8Array(32).fill(3), baseLayer: 0, index: 2, length: 2, proofLayers: 1 };
const wire: readonly Message[] = [
  ...([{ kind: 'keep-alive' }, { kind: 'choke' }, { kind: 'unchoke' }, { kind: 'interested' }] as const),
  ...([{ kind: 'not-interested' }, { kind: 'have-all' }, { kind: 'have-none' }] as const),
  { kind: 'have', piece: 1 },
  { kind: 'bitfield', bits: Uint8Array.of(0xf0) },
  { kind: 'request', piece: 1, begin: 0, length: 16384 },
  { kind: 'cancel', piece: 1, begin: 0, length: 16384 },
  { kind: 'reject', piece: 1, begin: 0, length: 16384 },
  { kind: 'piece', piece: 0, begin: 0, data: new Uint8Array(40) },
  { kind: 'port', port: 6881 },
  { kind: 'suggest', piece: 1 },
  { kind: 'allowed-fast', piece: 1 },
  { kind: 'hash-request', range },
  { kind: 'hashes', range, hashes: new Uint8Array(96) },
  { kind: 'hash-reject', range },
];
export const extended: readonly Uint8Array[] = [
  encodeExtendedHandshake({
    ...{ extensions: { ut_pex: 1, ut_metadata: 2 }, client: 'x', port: 1, requestQueue: 9, metadataSize: 5 },
    ...{ uploadOnly: true, yourIp: '1.2.3.4', ipv4: '1.2.3.4' },
  }),
];
export const metadata: readonly Uint8Array[] = [
  encodeMetadata({ kind: 'request', piece: 0 }),
  encodeMetadata({ kind: 'reject', piece: 0 }),
  encodeMetadata({ kind: 'data', piece: 0, totalSize: 20, data: new Uint8Array(20) }),
];
export const pex: readonly Uint8Array[] = [
  encodePex({
    added: [
      { address, flags: 1 },
      { address: v6, flags: 2 },
    ],
    dropped: [address],
  }),
];
export const holepunches: readonly Uint8Array[] = [
  encodeHolepunch({ kind: 'rendezvous', address, error: 0 }),
  encodeHolepunch({ kind: 'connect', address: v6, error: 0 }),
];
const wrapped: readonly Message[] = [
  ...extended.map((payload) => ({ kind: 'extended', id: 0, payload }) as const),
  ...pex.map((payload) => ({ kind: 'extended', id: 1, payload }) as const),
  ...metadata.map((payload) => ({ kind: 'extended', id: 2, payload }) as const),
];
export const messages: readonly Uint8Array[] = [...wire, ...wrapped].map((message) =>
  encodeMessage(message).slice(),
);
export const conversation: readonly Uint8Array[] = [
  concatBytes(messages),
  concatBytes(messages.slice(0, 12)),
  ...messages,
];
export const handshake: Uint8Array = encodeHandshake({
  infoHash: toInfoHash(HASH),
  peerId: toPeerId(ID),
  capabilities: { extended: true, fast: true, dht: true, v2: true },
});

const id = new Uint8Array(20).fill(9);
const transaction = Uint8Array.of(1, 2);
const query = (method: string, args: object): Uint8Array =>
  encodeQuery({ transaction, method, args: { id, ...args }, readOnly: false });
export const krpc: readonly Uint8Array[] = [
  query('ping', {}),
  query('find_node', { target: HASH, want: [latin1Encode('n4'), latin1Encode('n6')] }),
  query('get_peers', { info_hash: HASH, scrape: 1 }),
  query('announce_peer', { info_hash: HASH, port: 1, token: transaction, implied_port: 1 }),
  query('get', { target: HASH, seq: 1 }),
  query('put', { v: latin1Encode('hello'), token: transaction }),
  query('sample_infohashes', { target: HASH }),
  encodeResponse(
    transaction,
    { id, nodes: new Uint8Array(52), token: transaction, values: [new Uint8Array(6)] },
    address,
  ),
];
const header = { connectionId: 7, timestamp: 1, timestampDifference: 2, window: 65536, seq: 1, ack: 0 };
export const utp: readonly Uint8Array[] = [
  ...Object.values(PACKET_TYPE).map((type) => encodePacket({ ...header, type })),
  encodePacket({ ...header, type: 2 }, new Uint8Array(4)),
];
export const trackerReplies: readonly Uint8Array[] = [
  encodeBencode({
    complete: 1,
    incomplete: 2,
    interval: 1800,
    peers: new Uint8Array(12),
    peers6: new Uint8Array(18),
  }),
  encodeBencode({ interval: 60, peers: [{ ip: '1.2.3.4', port: 5, 'peer id': id }] }),
  encodeBencode({ 'failure reason': 'no', 'retry in': 'never' }),
  encodeBencode({ files: new Map([['x'.repeat(20), { complete: 1, downloaded: 2, incomplete: 3 }]]) }),
];
export const udpReplies: readonly Uint8Array[] = [
  Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9, 9, 9, 9, 9, 9),
  Uint8Array.of(0, 0, 0, 1, 1, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 1, 10, 0, 0, 1, 1, 1),
  Uint8Array.of(0, 0, 0, 2, 1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1),
  Uint8Array.of(0, 0, 0, 3, 1, 2, 3, 4, 110, 111),
];
export const udpRequests: readonly Uint8Array[] = [
  encodeUdpConnect(7),
  encodeUdpScrape({ connectionId: new Uint8Array(8), transactionId: 7 }, [toInfoHash(HASH)]),
  concatBytes([
    new Uint8Array(8),
    Uint8Array.of(0, 0, 0, 1),
    new Uint8Array(84),
    Uint8Array.of(0, 9, 2, 1, 47),
  ]),
];
const hash = '%2e'.repeat(20);
export const httpRequests: readonly Uint8Array[] = texts(
  `/announce?info_hash=${hash}&peer_id=-SW0001-abcdefghijkl&port=6881&left=0&event=started&numwant=9&compact=1`,
  `/announce/token?info_hash=${hash}&peer_id=${hash}&port=1&ip=2001:db8::1&key=7`,
  `/scrape?info_hash=${hash}&info_hash=${hash}`,
);
const [infoHash, peerId] = [HASH, ID];
export const frames: readonly Uint8Array[] = [
  encodeAnnounceFrame({
    ...{ infoHash, peerId, uploaded: 0, downloaded: 0, left: 5, event: 'started' },
    offers: [{ offerId: 'o'.repeat(20), sdp: 'v=0' }],
  }),
  encodeAnswerFrame({ infoHash, peerId, toPeerId: 'p'.repeat(20), offerId: 'o'.repeat(20), sdp: 'v=0' }),
  '{"action":"announce","interval":120,"complete":1,"incomplete":2,"info_hash":"....................","x":null}',
  '{"action":"scrape","info_hash":["...................."]}',
].map(latin1Encode);
export const stun: readonly Uint8Array[] = [
  Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
];
export const resumes: readonly Uint8Array[] = [
  encodeResume({
    info: { bytes: infos[0] ?? HASH, pieceLayers: new Map([['ab'.repeat(32), new Uint8Array(64)]]) },
    have: Uint8Array.of(0xc0),
    files: [{ length: 10, modifiedMs: 5 }, undefined],
    ...{ clean: true, unflushedSince: 'boot', downloaded: 1, uploaded: 2 },
  }),
];
export const configs: readonly Uint8Array[] = texts(
  'port = 6969\nhost = "::1"\nudp = true\ntrusted-proxies = ["10.0.0.0/8"]\nallow = "list.txt"\n',
  '[x]\na = 1979-05-27T07:32:00Z\nb = """\nx"""\n',
  'interval = 99999999999999999999\n',
);

/** Masked text, its continuation, a ping and a goodbye (RFC 6455). */
export const webSocketFrames: readonly Uint8Array[] = [
  Uint8Array.of(0x81, 0x83, 1, 2, 3, 4, 0x30, 0x30, 0x30, 0x88, 0x80, 0, 0, 0, 0),
  Uint8Array.of(0x01, 0x81, 0, 0, 0, 0, 0x41, 0x89, 0x80, 9, 9, 9, 9, 0x80, 0x81, 0, 0, 0, 0, 0x42),
  Uint8Array.of(0x81, 0xfe, 0, 126, 0, 0, 0, 0, ...new Uint8Array(126).fill(0x43)),
];
