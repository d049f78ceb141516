// Trackers over WebSocket, the server's side: JSON texts in, neutral messages out, and back. Binary fields (hashes,
// ids) are strings with one character a byte. Only known members of the right type survive: what is relayed to other
// peers is written anew from checked parts.
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { AnnounceEvent } from './model.ts';

/** A session description as text, and the id under which it is answered. */
export interface WsOffer {
  readonly offerId: string;
  readonly sdp: string;
}

export interface WsAnnounce {
  readonly kind: 'announce';
  readonly infoHash: Uint8Array;
  readonly infoHashText: string;
  /** 20 characters, one a byte. */
  readonly peerId: string;
  readonly seed: boolean;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly event: AnnounceEvent;
  readonly numWant: number;
  readonly offers: readonly WsOffer[];
}

export interface WsAnswer {
  readonly kind: 'answer';
  readonly infoHashText: string;
  readonly peerId: string;
  readonly toPeerId: string;
  readonly offerId: string;
  readonly sdp: string;
}

export interface WsScrape {
  readonly kind: 'scrape';
  readonly infoHashes: readonly string[];
}

export type WsRequest = WsAnnounce | WsAnswer | WsScrape;

/** A description without media, as data channels need it, takes 1 to 3 KB. */
const MAX_SDP = 16 * 1024;
const MAX_OFFERS = 20;
const EVENTS: ReadonlySet<string> = new Set(['started', 'completed', 'stopped', 'paused']);

/** Throws ProtocolError WS_TRACKER_BAD_MESSAGE, whose message may be told to the client. */
export function parseWsRequest(text: string, limits: { readonly maxScrape: number }): WsRequest {
  const message = parseObject(text);
  if (message['action'] === 'scrape') return parseScrape(message, limits.maxScrape);
  if (message['action'] !== 'announce') throw bad('unknown action');
  const infoHashText = binary(message['info_hash'], 'info_hash');
  const peerId = binary(message['peer_id'], 'peer_id');
  if (message['answer'] !== undefined) {
    return {
      kind: 'answer',
      infoHashText,
      peerId,
      toPeerId: binary(message['to_peer_id'], 'to_peer_id'),
      offerId: offerIdOf(message['offer_id']),
      sdp: sdpOf(message['answer'], 'answer'),
    };
  }
  const event = message['event'];
  const numWant = message['numwant'];
  return {
    kind: 'announce',
    infoHash: latin1Encode(infoHashText),
    infoHashText,
    peerId,
    seed: message['left'] === 0,
    uploaded: bytesOf(message['uploaded']),
    downloaded: bytesOf(message['downloaded']),
    event: typeof event === 'string' && EVENTS.has(event) ? (event as AnnounceEvent) : 'none',
    numWant:
      typeof numWant === 'number' && numWant >= 0 ? Math.min(Math.floor(numWant), MAX_OFFERS) : MAX_OFFERS,
    offers: parseOffers(message['offers']),
  };
}

/** A total of bytes; zero for what is none. */
function bytesOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

export interface WsCounts {
  readonly seeders: number;
  readonly leechers: number;
}

export function encodeWsAnnounceReply(infoHash: string, counts: WsCounts, intervalSeconds: number): string {
  // Written out, for an object and its text would be a third of what an announce costs here.
  const numbers = `"complete":${String(counts.seeders)},"incomplete":${String(counts.leechers)}`;
  return `{"action":"announce","interval":${String(intervalSeconds)},"info_hash":${JSON.stringify(infoHash)},${numbers}}`;
}

export function encodeWsOffer(infoHash: string, peerId: string, offer: WsOffer): string {
  const session = `{"type":"offer","sdp":${JSON.stringify(offer.sdp)}}`;
  const from = `"peer_id":${JSON.stringify(peerId)},"info_hash":${JSON.stringify(infoHash)}`;
  return `{"action":"announce","offer":${session},"offer_id":${JSON.stringify(offer.offerId)},${from}}`;
}

export function encodeWsAnswer(answer: WsAnswer): string {
  return JSON.stringify({
    action: 'announce',
    answer: { type: 'answer', sdp: answer.sdp },
    offer_id: answer.offerId,
    peer_id: answer.peerId,
    info_hash: answer.infoHashText,
  });
}

export interface WsScrapeFile extends WsCounts {
  readonly infoHash: string;
  readonly downloads: number;
}

export function encodeWsScrapeReply(files: readonly WsScrapeFile[], minIntervalSeconds: number): string {
  return JSON.stringify({
    action: 'scrape',
    files: Object.fromEntries(
      files.map((file) => [
        file.infoHash,
        { complete: file.seeders, incomplete: file.leechers, downloaded: file.downloads },
      ]),
    ),
    flags: { min_request_interval: minIntervalSeconds },
  });
}

export function encodeWsFailure(reason: string, infoHash: string | undefined): string {
  return JSON.stringify({ action: 'announce', 'failure reason': reason, info_hash: infoHash });
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad('not JSON', error);
  }
  if (!isObject(value)) throw bad('not an object');
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseScrape(message: JsonObject, max: number): WsScrape {
  const asked = message['info_hash'];
  const list: unknown[] = Array.isArray(asked) ? asked : [asked];
  if (list.length > max) throw bad('too many info hashes');
  return { kind: 'scrape', infoHashes: [...new Set(list.map((hash) => binary(hash, 'info_hash')))] };
}

function parseOffers(value: unknown): WsOffer[] {
  if (!Array.isArray(value)) return [];
  const offers: unknown[] = value;
  return offers.slice(0, MAX_OFFERS).map((offer) => {
    if (!isObject(offer)) throw bad('an offer is no object');
    return { offerId: offerIdOf(offer['offer_id']), sdp: sdpOf(offer['offer'], 'offer') };
  });
}

function sdpOf(value: unknown, type: 'offer' | 'answer'): string {
  if (!isObject(value) || value['type'] !== type) throw bad(`not an ${type}`);
  const sdp = value['sdp'];
  if (typeof sdp !== 'string' || sdp.length > MAX_SDP) throw bad(`an ${type} without a usable sdp`);
  return sdp;
}

function offerIdOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > 64) throw bad('offer_id is wrong');
  return value;
}

/** 20 bytes as text. */
function binary(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.length !== 20 || /[^\u0000-\u00ff]/.test(value)) {
    throw bad(`${what} must be 20 bytes`);
  }
  return value;
}

function bad(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError('WS_TRACKER_BAD_MESSAGE', what, { cause });
}
