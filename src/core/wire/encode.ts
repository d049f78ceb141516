// Peer wire messages to bytes (BEP 3, 5, 6, 10, 52). Sibling of decode.ts.
// Integers are big-endian; each frame is a u32 length, then a type byte and its fields.
import { ByteWriter } from '../bytes/writer.ts';
import { assertNever } from '../invariant.ts';
import { UsageError } from '../errors.ts';
import { MESSAGE_ID, PIECE_HEADER_BYTES } from './message-id.ts';
import type { HashRange, Message } from './messages.ts';

interface Block {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** A hash message without its hashes. */
const LARGEST_FIXED_FRAME = 53;

/** One whole frame, length prefix included. Throws UsageError for `unknown`, which has no bytes. */
export function encodeMessage(message: Message): Uint8Array {
  return encodeInto(new ByteWriter(LARGEST_FIXED_FRAME + payloadLength(message)), message).finish();
}

/** Appends one frame and returns the writer: several messages can share one writer and so one write. */
export function encodeInto(writer: ByteWriter, message: Message): ByteWriter {
  switch (message.kind) {
    case 'keep-alive':
      return writer.u32(0);
    case 'choke':
      return header(writer, MESSAGE_ID.choke, 0);
    case 'unchoke':
      return header(writer, MESSAGE_ID.unchoke, 0);
    case 'interested':
      return header(writer, MESSAGE_ID.interested, 0);
    case 'not-interested':
      return header(writer, MESSAGE_ID.notInterested, 0);
    case 'have':
      return header(writer, MESSAGE_ID.have, 4).u32(message.piece);
    case 'bitfield':
      return header(writer, MESSAGE_ID.bitfield, message.bits.length).bytes(message.bits);
    case 'request':
      return block(writer, MESSAGE_ID.request, message);
    case 'piece':
      return header(writer, MESSAGE_ID.piece, 8 + message.data.length)
        .u32(message.piece)
        .u32(message.begin)
        .bytes(message.data);
    case 'cancel':
      return block(writer, MESSAGE_ID.cancel, message);
    case 'port':
      return header(writer, MESSAGE_ID.port, 2).u16(message.port);
    case 'suggest':
      return header(writer, MESSAGE_ID.suggest, 4).u32(message.piece);
    case 'have-all':
      return header(writer, MESSAGE_ID.haveAll, 0);
    case 'have-none':
      return header(writer, MESSAGE_ID.haveNone, 0);
    case 'reject':
      return block(writer, MESSAGE_ID.reject, message);
    case 'allowed-fast':
      return header(writer, MESSAGE_ID.allowedFast, 4).u32(message.piece);
    case 'extended':
      return header(writer, MESSAGE_ID.extended, 1 + message.payload.length)
        .u8(message.id)
        .bytes(message.payload);
    default:
      return encodeHashMessage(writer, message);
  }
}

/** Writes the 13 bytes that go before `length` bytes of block data into `target` at `at`. */
export function encodePieceHeader(target: Uint8Array, at: number, { piece, begin, length }: Block): void {
  putU32(target, at, PIECE_HEADER_BYTES - 4 + length);
  target[at + 4] = MESSAGE_ID.piece;
  putU32(target, at + 5, piece);
  putU32(target, at + 9, begin);
}

function encodeHashMessage(
  writer: ByteWriter,
  message: Extract<Message, { kind: 'hash-request' | 'hashes' | 'hash-reject' | 'unknown' }>,
): ByteWriter {
  switch (message.kind) {
    case 'hash-request':
      return range(header(writer, MESSAGE_ID.hashRequest, 48), message.range);
    case 'hashes':
      return range(header(writer, MESSAGE_ID.hashes, 48 + message.hashes.length), message.range).bytes(
        message.hashes,
      );
    case 'hash-reject':
      return range(header(writer, MESSAGE_ID.hashReject, 48), message.range);
    case 'unknown':
      throw new UsageError('WIRE_UNKNOWN_MESSAGE', `message type ${String(message.id)} cannot be encoded`);
    default:
      return assertNever(message);
  }
}

/** Bytes of the part that varies, so that a large message is copied once. */
function payloadLength(message: Message): number {
  switch (message.kind) {
    case 'bitfield':
      return message.bits.length;
    case 'piece':
      return message.data.length;
    case 'extended':
      return message.payload.length;
    case 'hashes':
      return message.hashes.length;
    default:
      return 0;
  }
}

function header(writer: ByteWriter, id: number, payloadBytes: number): ByteWriter {
  return writer.u32(1 + payloadBytes).u8(id);
}

function block(writer: ByteWriter, id: number, { piece, begin, length }: Block): ByteWriter {
  return header(writer, id, 12).u32(piece).u32(begin).u32(length);
}

function range(
  writer: ByteWriter,
  { piecesRoot, baseLayer, index, length, proofLayers }: HashRange,
): ByteWriter {
  return writer.bytes(piecesRoot).u32(baseLayer).u32(index).u32(length).u32(proofLayers);
}

function putU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
