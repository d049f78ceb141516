// The client's side of HTTP announces and scrapes (BEP 3, 7, 21, 23, 24, 31, 48): requests become URLs, bodies become
// outcomes. Known deviations of real trackers are accepted where they are harmless, and only there.
import { formatIp, parseCompactPeers, parseIp, type PeerAddress } from '../address.ts';
import { decodeBencode, type BencodeDict, type BencodeValue } from '../bencode/decode.ts';
import { dictOf, getBytes, getDict, getInt, getText } from '../bencode/fields.ts';
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { toInfoHash, type InfoHash } from '../ids.ts';
import type {
  AnnounceOutcome,
  AnnounceReply,
  AnnounceRequest,
  ScrapeEntry,
  ScrapeOutcome,
  TrackerFailure,
} from './model.ts';
import { appendQuery, percentEncode, toScrapeUrl } from './tracker-url.ts';

/** Bytes left that are announced while the size is unknown (magnet): anything but 0, which would mean a seed. */
const LEFT_UNKNOWN = 16384;
/** Used when a tracker names no interval or a senseless one. */
const DEFAULT_INTERVAL_SECONDS = 1800;
const MAX_INTERVAL_SECONDS = 24 * 3600;

/** The URL to GET for an announce; compact peers are asked for (BEP 23). */
export function encodeAnnounceUrl(announceUrl: string, request: AnnounceRequest): string {
  const parts = [
    `info_hash=${percentEncode(request.infoHash)}`,
    `peer_id=${percentEncode(request.peerId)}`,
    `port=${String(request.port)}`,
    `uploaded=${String(request.uploaded)}`,
    `downloaded=${String(request.downloaded)}`,
    `left=${String(request.left ?? LEFT_UNKNOWN)}`,
    'compact=1',
    `key=${request.key.toString(16).padStart(8, '0')}`,
  ];
  if (request.numWant !== undefined) parts.push(`numwant=${String(request.numWant)}`);
  if (request.event !== 'none') parts.push(`event=${request.event}`);
  if (request.trackerId !== undefined) {
    parts.push(`trackerid=${percentEncode(latin1Encode(request.trackerId))}`);
  }
  return appendQuery(announceUrl, parts.join('&'));
}

/** The URL to GET for a scrape, or undefined where the announce URL allows none (BEP 48). */
export function encodeScrapeUrl(announceUrl: string, infoHashes: readonly InfoHash[]): string | undefined {
  const url = toScrapeUrl(announceUrl);
  if (url === undefined) return undefined;
  return appendQuery(url, infoHashes.map((hash) => `info_hash=${percentEncode(hash)}`).join('&'));
}

/** Body of an announce response. Throws ProtocolError TRACKER_BAD_REPLY (or BENCODE_*) when it is none. */
export function parseAnnounceReply(body: Uint8Array): AnnounceOutcome {
  const dict = rootDict(body);
  const failure = failureOf(dict);
  if (failure !== undefined) return { kind: 'failure', failure };
  const external = getBytes(dict, 'external ip');
  const minInterval = getInt(dict, 'min interval');
  const trackerId = dict.get('tracker id');
  const reply: AnnounceReply = {
    intervalSeconds: clampInterval(getInt(dict, 'interval') ?? DEFAULT_INTERVAL_SECONDS),
    minIntervalSeconds: minInterval === undefined ? undefined : clampInterval(minInterval),
    seeders: count(dict, 'complete') ?? 0,
    leechers: count(dict, 'incomplete') ?? 0,
    downloads: count(dict, 'downloaded'),
    peers: [...peersOf(dict.get('peers')), ...parseCompactPeers(getBytes(dict, 'peers6') ?? EMPTY, 6)],
    externalIp: external?.length === 4 || external?.length === 16 ? formatIp(external) : undefined,
    warning: getText(dict, 'warning message'),
    trackerId:
      trackerId instanceof Uint8Array ? String.fromCharCode(...trackerId.subarray(0, 256)) : undefined,
  };
  return { kind: 'reply', reply };
}

/** Body of a scrape response. Throws ProtocolError TRACKER_BAD_REPLY (or BENCODE_*) when it is none. */
export function parseScrapeReply(body: Uint8Array): ScrapeOutcome {
  const dict = rootDict(body);
  const failure = failureOf(dict);
  if (failure !== undefined) return { kind: 'failure', failure };
  const files = getDict(dict, 'files');
  if (files === undefined) throw new ProtocolError('TRACKER_BAD_REPLY', 'a scrape reply without files');
  const entries: ScrapeEntry[] = [];
  for (const [key, value] of files) {
    const file = dictOf(value);
    if (file === undefined)
      throw new ProtocolError('TRACKER_BAD_REPLY', 'a scrape entry that is no dictionary');
    entries.push({
      infoHash: toInfoHash(latin1Encode(key)),
      seeders: count(file, 'complete') ?? 0,
      leechers: count(file, 'incomplete') ?? 0,
      downloads: count(file, 'downloaded') ?? 0,
      downloaders: count(file, 'downloaders'),
    });
  }
  return { kind: 'reply', entries };
}

const EMPTY = new Uint8Array(0);

function rootDict(body: Uint8Array): BencodeDict {
  const dict = dictOf(decodeBencode(body, { canonical: false }));
  if (dict === undefined)
    throw new ProtocolError('TRACKER_BAD_REPLY', 'a tracker reply that is no dictionary');
  return dict;
}

function failureOf(dict: BencodeDict): TrackerFailure | undefined {
  const message = getText(dict, 'failure reason');
  if (message === undefined) return undefined;
  return { message, retryMinutes: retryOf(dict) };
}

/** BEP 31: a positive number of minutes or `never`; its example writes the number as a string. */
function retryOf(dict: BencodeDict): number | 'never' | undefined {
  const text = getText(dict, 'retry in');
  if (text === 'never') return 'never';
  const minutes = text === undefined ? getInt(dict, 'retry in') : Number(text);
  return minutes !== undefined && Number.isInteger(minutes) && minutes > 0 ? minutes : undefined;
}

function peersOf(value: BencodeValue | undefined): PeerAddress[] {
  if (value instanceof Uint8Array) return parseCompactPeers(value, 4);
  if (!Array.isArray(value)) return [];
  return value.map(parsePeerDict).filter((peer) => peer !== undefined);
}

/**
 * One peer of the long form (BEP 3). Host names are allowed there, but a peer by name is a way to make clients
 * resolve and connect to whatever an attacker names: they are left out (undefined). Throws for a broken entry.
 */
export function parsePeerDict(value: BencodeValue): PeerAddress | undefined {
  const dict = dictOf(value);
  const ip = dict === undefined ? undefined : getText(dict, 'ip');
  const port = dict === undefined ? undefined : getInt(dict, 'port');
  if (ip === undefined || port === undefined || port < 0 || port > 65535) {
    throw new ProtocolError('TRACKER_BAD_REPLY', 'a peer entry without a valid ip and port');
  }
  const bytes = parseIp(ip);
  return bytes === undefined || port === 0 ? undefined : { ip: formatIp(bytes), port };
}

function count(dict: BencodeDict, key: string): number | undefined {
  const value = getInt(dict, key);
  return value === undefined ? undefined : Math.max(0, value);
}

function clampInterval(seconds: number): number {
  return Math.min(Math.max(0, seconds), MAX_INTERVAL_SECONDS);
}
