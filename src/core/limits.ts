// Every cap on remote input, with its reason. docs/limits.md is generated from this table.
// Each row is a `Limit`, written as a literal because declarations are emitted without type inference.

export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly reason: string;
}

export const LIMITS = {
  bencodeDepth: {
    value: 100,
    unit: 'levels',
    reason: 'deeper nesting has no use in any BEP and would exhaust the stack',
  },
  bencodeValues: {
    value: 8_000_000,
    unit: 'values',
    reason: 'each costs memory however short its bytes; a million files take about six million',
  },
  bencodeIntegerDigits: {
    value: 64,
    unit: 'digits',
    reason: 'reading digits takes quadratic time; no field needs more than 20',
  },
  torrentFileBytes: {
    value: 134_217_728,
    unit: 'bytes',
    reason: 'a 1 TiB hybrid with 16 KiB leaves hidden needs under 100 MB',
  },
  torrentFiles: {
    value: 1_000_000,
    unit: 'files',
    reason: 'each takes an object and a path in memory for as long as the torrent is open',
  },
  pieceCount: {
    value: 16_000_000,
    unit: 'pieces',
    reason: 'state is kept for every piece, and the bitfield must fit one message',
  },
  pieceLengthBytes: {
    value: 536_870_912,
    unit: 'bytes',
    reason: 'a piece is in memory until its hash is known; the largest that other clients take',
  },
  pathDepth: {
    value: 100,
    unit: 'elements',
    reason: 'as deep as bencode may nest; no disk is laid out deeper',
  },
  pathBytes: { value: 3_072, unit: 'bytes', reason: 'Linux takes 4,096 with the download folder in front' },
  magnetBytes: {
    value: 65_536,
    unit: 'bytes',
    reason: 'a link with hundreds of trackers has a tenth of that',
  },
  metadataBytes: {
    value: 67_108_864,
    unit: 'bytes',
    reason: 'largest info dictionary taken from a peer (BEP 9)',
  },
  wireMessageBytes: {
    value: 2_097_152,
    unit: 'bytes',
    reason: 'a bitfield of 16 million pieces; blocks are capped separately',
  },
  blockBytes: {
    value: 131_072,
    unit: 'bytes',
    reason: 'clients close the connection on requests over 128 KiB (BEP 3 practice)',
  },
  requestsQueuedByPeer: { value: 2_000, unit: 'requests', reason: 'the reqq that we announce (BEP 10)' },
  pexPeers: {
    value: 200,
    unit: 'peers',
    reason: 'of each list in a message; BEP 11 asks for 50 after the first',
  },
  holepunchPerMinute: {
    value: 20,
    unit: 'messages',
    reason: 'of a peer; each makes us or another send packets to an address that it chooses (BEP 55)',
  },
  fastPieces: {
    value: 1_024,
    unit: 'pieces',
    reason: 'suggestions and allowed fast pieces kept of one peer (BEP 6)',
  },
  utpConnections: {
    value: 2_000,
    unit: 'connections',
    reason: 'more than any session keeps; SYNs beyond are not answered (BEP 29)',
  },
  utpHalfOpen: {
    value: 128,
    unit: 'connections',
    reason: 'answered SYNs whose address may be forged; they expire after 10 s (BEP 29)',
  },
  proxyAnswerBytes: { value: 16_384, unit: 'bytes', reason: 'headers of a proxy that opens a connection' },
  upnpAnswerBytes: {
    value: 262_144,
    unit: 'bytes',
    reason: 'descriptions of home routers are a tenth of that',
  },
  numWant: { value: 200, unit: 'peers', reason: 'one reply stays small; 50 is the default of the field' },
  trackerReplyBytes: { value: 1_048_576, unit: 'bytes', reason: 'thousands of peers fit many times over' },
  dhtSwarms: {
    value: 20_000,
    unit: 'info hashes',
    reason: 'announces that a DHT node keeps for others; the oldest goes first',
  },
  dhtPeersPerSwarm: {
    value: 500,
    unit: 'peers',
    reason: 'a BEP 5 answer holds about 50; more only feeds a flood',
  },
  dhtItems: { value: 5_000, unit: 'items', reason: 'BEP 44 items kept for others, at most 1,000 bytes each' },
} as const;
