// ut_metadata messages (BEP 9): the info dictionary in pieces of 16 KiB, asked of peers by who has only a magnet link.
import { decodeBencodePrefix } from '../bencode/decode.ts';
import { encodeBencode } from '../bencode/encode.ts';
import { dictOf, getInt } from '../bencode/fields.ts';
import { concatBytes } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';

/** Every piece but the last has this many bytes (BEP 9). */
export const METADATA_PIECE_BYTES = 16_384;

export type MetadataMessage =
  | { readonly kind: 'request'; readonly piece: number }
  /** `data` is a view of the payload. `totalSize` is undefined where the sender left it out. */
  | {
      readonly kind: 'data';
      readonly piece: number;
      readonly totalSize: number | undefined;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'reject'; readonly piece: number }
  /** BEP 9: a type we do not know must be ignored. */
  | { readonly kind: 'unknown' };

const REQUEST = 0;
const DATA = 1;
const REJECT = 2;

/** The payload of an extended message under the receiver's `ut_metadata` id. */
export function encodeMetadata(message: Exclude<MetadataMessage, { kind: 'unknown' }>): Uint8Array {
  switch (message.kind) {
    case 'request':
      return encodeBencode({ msg_type: REQUEST, piece: message.piece });
    case 'data':
      return concatBytes([
        encodeBencode({ msg_type: DATA, piece: message.piece, total_size: message.totalSize }),
        message.data,
      ]);
    case 'reject':
      return encodeBencode({ msg_type: REJECT, piece: message.piece });
  }
}

/** Throws ProtocolError BENCODE_* or WIRE_BAD_METADATA. */
export function parseMetadata(payload: Uint8Array): MetadataMessage {
  const { value, end } = decodeBencodePrefix(payload, { canonical: false });
  const dict = dictOf(value);
  const type = dict === undefined ? undefined : getInt(dict, 'msg_type');
  if (dict === undefined || type === undefined) throw badMetadata('type');
  if (type !== REQUEST && type !== DATA && type !== REJECT) return { kind: 'unknown' };
  const piece = getInt(dict, 'piece');
  if (piece === undefined || piece < 0) throw badMetadata('piece');
  if (type === REQUEST) return { kind: 'request', piece };
  if (type === REJECT) return { kind: 'reject', piece };
  const data = payload.subarray(end);
  if (data.length === 0 || data.length > METADATA_PIECE_BYTES) throw badMetadata('data');
  return { kind: 'data', piece, totalSize: getInt(dict, 'total_size'), data };
}

function badMetadata(field: string): ProtocolError {
  return new ProtocolError('WIRE_BAD_METADATA', `a metadata message has no valid ${field}`);
}
