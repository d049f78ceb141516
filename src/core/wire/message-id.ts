// The type byte of each peer wire message (BEP 3, 5, 6, 10, 52).
export const MESSAGE_ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
  hashRequest: 21,
  hashes: 22,
  hashReject: 23,
} as const;

/** Bytes of a piece message before its data: length, type, piece, begin (BEP 3). */
export const PIECE_HEADER_BYTES = 13;
