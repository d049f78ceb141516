// Bytes to peer wire messages (BEP 3, 5, 6, 10, 52). Sibling of encode.ts.
// Lengths are strict; whether numbers fit the torrent (piece count, block bounds) is the swarm's to check.
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { MESSAGE_ID, PIECE_HEADER_BYTES } from './message-id.ts';
import type { HashRange, Message } from './messages.ts';

const KEEP_ALIVE: Message = { kind: 'keep-alive' };
const CHOKE: Message = { kind: 'choke' };
const UNCHOKE: Message = { kind: 'unchoke' };
const INTERESTED: Message = { kind: 'interested' };
const NOT_INTERESTED: Message = { kind: 'not-interested' };
const HAVE_ALL: Message = { kind: 'have-all' };
const HAVE_NONE: Message = { kind: 'have-none' };

const RANGE_BYTES = 48;
const MAX_PIECE_BODY = PIECE_HEADER_BYTES - 4 + LIMITS.blockBytes.value;

/** One whole frame, length prefix included. Throws ProtocolError WIRE_*. Payloads are views of `frame`. */
export function parseMessage(frame: Uint8Array): Message {
  const length = frame.length < 4 ? -1 : readU32(frame, 0);
  if (length !== frame.length - 4) {
    throw new ProtocolError('WIRE_BAD_LENGTH', 'the length prefix does not fit the frame', {
      expected: length,
      received: frame.length - 4,
    });
  }
  checkLength(length, frame[4]);
  return parseBody(frame, 4, frame.length);
}

/**
 * Refuses a frame by its announced length before its bytes are waited for.
 * Throws ProtocolError WIRE_MESSAGE_TOO_LARGE or WIRE_BLOCK_TOO_LARGE. `id` is undefined while it is not there yet.
 */
export function checkLength(length: number, id: number | undefined): void {
  if (length <= MAX_PIECE_BODY) return;
  if (length > LIMITS.wireMessageBytes.value) {
    throw new ProtocolError('WIRE_MESSAGE_TOO_LARGE', 'a message is longer than any we take', {
      expected: LIMITS.wireMessageBytes.value,
      received: length,
    });
  }
  if (id === MESSAGE_ID.piece) {
    throw new ProtocolError('WIRE_BLOCK_TOO_LARGE', 'a block is longer than any we ask for', {
      expected: MAX_PIECE_BODY,
      received: length,
    });
  }
}

/** The body (type byte and payload) in bytes[start, end); no body is a keep-alive. Payloads are views. */
export function parseBody(bytes: Uint8Array, start: number, end: number): Message {
  if (start === end) return KEEP_ALIVE;
  const id = bytes[start] ?? 0;
  const at = start + 1;
  if (id === MESSAGE_ID.piece) {
    if (end - at < 8) throw badLength(id, end - start);
    return {
      kind: 'piece',
      piece: readU32(bytes, at),
      begin: readU32(bytes, at + 4),
      data: bytes.subarray(at + 8, end),
    };
  }
  const expected = fixedBodyLength(id);
  if (expected !== undefined && expected !== end - start) throw badLength(id, end - start);
  return expected === 1
    ? parseEmpty(id)
    : expected === 5
      ? parsePiece(id, readU32(bytes, at))
      : expected === 13
        ? parseBlock(id, bytes, at)
        : parseLong(id, bytes.subarray(at, end));
}

/** Big-endian u32; the caller has checked the bounds. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** Bytes of type and payload where BEP 3, 5, 6 and 52 fix them. */
function fixedBodyLength(id: number): number | undefined {
  switch (id) {
    case MESSAGE_ID.choke:
    case MESSAGE_ID.unchoke:
    case MESSAGE_ID.interested:
    case MESSAGE_ID.notInterested:
    case MESSAGE_ID.haveAll:
    case MESSAGE_ID.haveNone:
      return 1;
    case MESSAGE_ID.have:
    case MESSAGE_ID.suggest:
    case MESSAGE_ID.allowedFast:
      return 5;
    case MESSAGE_ID.request:
    case MESSAGE_ID.cancel:
    case MESSAGE_ID.reject:
      return 13;
    case MESSAGE_ID.port:
      return 3;
    case MESSAGE_ID.hashRequest:
    case MESSAGE_ID.hashReject:
      return 1 + RANGE_BYTES;
    default:
      return undefined;
  }
}

function parseEmpty(id: number): Message {
  switch (id) {
    case MESSAGE_ID.choke:
      return CHOKE;
    case MESSAGE_ID.unchoke:
      return UNCHOKE;
    case MESSAGE_ID.interested:
      return INTERESTED;
    case MESSAGE_ID.notInterested:
      return NOT_INTERESTED;
    case MESSAGE_ID.haveAll:
      return HAVE_ALL;
    default:
      return HAVE_NONE;
  }
}

function parsePiece(id: number, piece: number): Message {
  if (id === MESSAGE_ID.have) return { kind: 'have', piece };
  return id === MESSAGE_ID.suggest ? { kind: 'suggest', piece } : { kind: 'allowed-fast', piece };
}

function parseBlock(id: number, bytes: Uint8Array, at: number): Message {
  const piece = readU32(bytes, at);
  const begin = readU32(bytes, at + 4);
  const length = readU32(bytes, at + 8);
  if (id === MESSAGE_ID.request) return { kind: 'request', piece, begin, length };
  return id === MESSAGE_ID.cancel
    ? { kind: 'cancel', piece, begin, length }
    : { kind: 'reject', piece, begin, length };
}

function parseLong(id: number, payload: Uint8Array): Message {
  switch (id) {
    case MESSAGE_ID.bitfield:
      return { kind: 'bitfield', bits: payload };
    case MESSAGE_ID.port:
      return { kind: 'port', port: ((payload[0] ?? 0) << 8) | (payload[1] ?? 0) };
    case MESSAGE_ID.extended:
      if (payload.length < 1) throw badLength(id, 1);
      return { kind: 'extended', id: payload[0] ?? 0, payload: payload.subarray(1) };
    case MESSAGE_ID.hashRequest:
      return { kind: 'hash-request', range: parseRange(payload) };
    case MESSAGE_ID.hashReject:
      return { kind: 'hash-reject', range: parseRange(payload) };
    case MESSAGE_ID.hashes:
      // BEP 52: whole SHA-256 hashes follow the range.
      if (payload.length <= RANGE_BYTES || (payload.length - RANGE_BYTES) % 32 !== 0) {
        throw badLength(id, payload.length + 1);
      }
      return { kind: 'hashes', range: parseRange(payload), hashes: payload.subarray(RANGE_BYTES) };
    default:
      return { kind: 'unknown', id };
  }
}

/** The root is copied, so that a range can be kept as a key for longer than the message lives. */
function parseRange(payload: Uint8Array): HashRange {
  return {
    piecesRoot: new Uint8Array(payload.subarray(0, 32)),
    baseLayer: readU32(payload, 32),
    index: readU32(payload, 36),
    length: readU32(payload, 40),
    proofLayers: readU32(payload, 44),
  };
}

function badLength(id: number, received: number): ProtocolError {
  return new ProtocolError('WIRE_BAD_LENGTH', `message type ${String(id)} has a wrong length`, {
    expected: fixedBodyLength(id),
    received,
  });
}
