// Branded identifiers and the only functions that make them: bounds and sizes are checked once, at the edge.
import { ProtocolError } from './errors.ts';

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** SHA-1 of the info dictionary (BEP 3), or the first 20 bytes of a v2 hash where the wire wants 20 (BEP 52). */
export type InfoHash = Brand<Uint8Array, 'InfoHash'>;
/** SHA-256 of the info dictionary, 32 bytes (BEP 52). */
export type InfoHashV2 = Brand<Uint8Array, 'InfoHashV2'>;
/** The 20 bytes by which a client names itself (BEP 3, BEP 20). */
export type PeerId = Brand<Uint8Array, 'PeerId'>;
/** Index of a piece, checked against the torrent's piece count. */
export type PieceIndex = Brand<number, 'PieceIndex'>;

/** Checks the length of 20 bytes; throws ProtocolError ID_BAD_LENGTH. */
export function toInfoHash(bytes: Uint8Array): InfoHash {
  return sized(bytes, 20, 'info hash') as InfoHash;
}

/** Checks the length of 32 bytes; throws ProtocolError ID_BAD_LENGTH. */
export function toInfoHashV2(bytes: Uint8Array): InfoHashV2 {
  return sized(bytes, 32, 'v2 info hash') as InfoHashV2;
}

/** The form of a v2 hash that trackers, DHT and handshakes carry: its first 20 bytes (BEP 52). */
export function truncateInfoHash(hash: InfoHashV2): InfoHash {
  return hash.slice(0, 20) as InfoHash;
}

/** Checks the length of 20 bytes; throws ProtocolError ID_BAD_LENGTH. */
export function toPeerId(bytes: Uint8Array): PeerId {
  return sized(bytes, 20, 'peer id') as PeerId;
}

/** Checks 0 <= index < pieceCount; throws ProtocolError PIECE_OUT_OF_RANGE. */
export function toPieceIndex(index: number, pieceCount: number): PieceIndex {
  if (!Number.isInteger(index) || index < 0 || index >= pieceCount) {
    throw new ProtocolError('PIECE_OUT_OF_RANGE', `piece ${String(index)} of ${String(pieceCount)}`, {
      expected: pieceCount,
      received: index,
    });
  }
  return index as PieceIndex;
}

function sized(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) {
    throw new ProtocolError(
      'ID_BAD_LENGTH',
      `a ${what} has ${String(length)} bytes, not ${String(bytes.length)}`,
      {
        expected: length,
        received: bytes.length,
      },
    );
  }
  return bytes;
}
