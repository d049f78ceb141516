// The client's side of WebTorrent tracker frames: JSON over WebSocket, with 20-byte values as strings of one
// character a byte. Encoders and the parser are siblings; the server's side is core/tracker/ws-codec.
import { latin1Decode, latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { AnnounceEvent } from '../tracker/model.ts';

/** Largest frame worth parsing: some offers with many candidates, nothing more. */
const MAX_FRAME_CHARS = 256 * 1024;
const MAX_SDP_CHARS = 32 * 1024;

export interface FrameOffer {
  /** 20 bytes, one character each. */
  readonly offerId: string;
  readonly sdp: string;
}

export interface AnnounceFrame {
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Undefined where the size is not known yet. */
  readonly left: number | undefined;
  readonly event: AnnounceEvent;
  readonly offers: readonly FrameOffer[];
}

export interface AnswerFrame {
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  /** As it came with the offer. */
  readonly toPeerId: string;
  readonly offerId: string;
  readonly sdp: string;
}

export type TrackerFrame =
  | {
      readonly kind: 'reply';
      readonly infoHash: string;
      readonly intervalSeconds: number | undefined;
      readonly seeders: number | undefined;
      readonly leechers: number | undefined;
    }
  | { readonly kind: 'failure'; readonly infoHash: string | undefined; readonly message: string }
  | {
      readonly kind: 'offer';
      readonly infoHash: string;
      readonly peerId: string;
      readonly offerId: string;
      readonly sdp: string;
    }
  | {
      readonly kind: 'answer';
      readonly infoHash: string;
      readonly peerId: string;
      readonly offerId: string;
      readonly sdp: string;
    }
  | { readonly kind: 'other' };

export function encodeAnnounceFrame(frame: AnnounceFrame): string {
  return JSON.stringify({
    action: 'announce',
    info_hash: latin1Decode(frame.infoHash),
    peer_id: latin1Decode(frame.peerId),
    uploaded: frame.uploaded,
    downloaded: frame.downloaded,
    left: frame.left ?? null,
    event: frame.event === 'none' ? undefined : frame.event,
    numwant: frame.offers.length,
    offers: frame.offers.map(({ offerId, sdp }) => ({ offer_id: offerId, offer: { type: 'offer', sdp } })),
  });
}

export function encodeAnswerFrame(frame: AnswerFrame): string {
  return JSON.stringify({
    action: 'announce',
    info_hash: latin1Decode(frame.infoHash),
    peer_id: latin1Decode(frame.peerId),
    to_peer_id: frame.toPeerId,
    offer_id: frame.offerId,
    answer: { type: 'answer', sdp: frame.sdp },
  });
}

/** Throws ProtocolError SIGNAL_* for what no tracker should send. */
export function parseTrackerFrame(text: string): TrackerFrame {
  const frame = parseObject(text);
  const failure = textOf(frame['failure reason'], 500);
  const infoHash = idOf(frame['info_hash']);
  if (failure !== undefined) return { kind: 'failure', infoHash, message: failure };
  if (frame['action'] !== 'announce' || infoHash === undefined) return { kind: 'other' };
  const relayed = sdpOf(frame['offer']) ?? sdpOf(frame['answer']);
  if (relayed === undefined) {
    return {
      kind: 'reply',
      infoHash,
      intervalSeconds: countOf(frame['interval']),
      seeders: countOf(frame['complete']),
      leechers: countOf(frame['incomplete']),
    };
  }
  const peerId = idOf(frame['peer_id']);
  const offerId = idOf(frame['offer_id']);
  if (peerId === undefined || offerId === undefined) {
    throw new ProtocolError('SIGNAL_BAD_ID', 'a relayed description needs peer_id and offer_id');
  }
  const kind = sdpOf(frame['offer']) === undefined ? 'answer' : 'offer';
  return { kind, infoHash, peerId, offerId, sdp: relayed };
}

/** The key by which frames name an info hash. */
export function frameKey(infoHash: Uint8Array): string {
  return latin1Decode(infoHash);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_FRAME_CHARS) throw new ProtocolError('SIGNAL_TOO_LONG', 'the frame is too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('SIGNAL_NOT_JSON', 'the frame is no JSON', { cause });
  }
  if (!isRecord(value)) throw new ProtocolError('SIGNAL_NOT_AN_OBJECT', 'the frame is no JSON object');
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A 20-byte value; characters above U+00FF are no bytes. */
function idOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length !== 20) return undefined;
  try {
    latin1Encode(value);
  } catch {
    return undefined;
  }
  return value;
}

function sdpOf(value: unknown): string | undefined {
  return isRecord(value) ? textOf(value['sdp'], MAX_SDP_CHARS) : undefined;
}

function textOf(value: unknown, maxChars: number): string | undefined {
  return typeof value === 'string' && value.length <= maxChars ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
