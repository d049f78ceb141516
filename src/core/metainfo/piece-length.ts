// The rule by which a piece length is chosen. Law: a power of two from 16 KiB (BEP 52) to 16 MiB.
import { BLOCK_LENGTH } from './geometry.ts';

/** Bound on the pieces of the choice, as long as the longest piece length allows it. */
const TARGET_PIECE_COUNT = 2048;
/** Longest piece length that is chosen unasked: longer ones make a bad hash cost a lot. */
const MAX_CHOSEN_PIECE_LENGTH: number = 16 * 1024 * 1024;
/** Padding may take this share of the content before shorter pieces are tried. */
const MAX_PADDING_SHARE = 0.1;
/** Pieces that are accepted to save padding. */
const MAX_PIECES_TO_SAVE_PADDING = 16384;

/**
 * The shortest power of two that gives at most 2,048 pieces, so 1,025 to 2,048 of them between 16 MiB and 32 GiB of
 * content; never over 16 MiB. Where files are padded to piece boundaries, the length is halved as long as the padding
 * is over a tenth of the content and the pieces stay under 16,384 (or twice the number of files).
 *
 * @example choosePieceLength([4 * 1024 ** 3], false) // 2 MiB: 2,048 pieces
 */
export function choosePieceLength(fileLengths: readonly number[], padded: boolean): number {
  const total = fileLengths.reduce((sum, length) => sum + length, 0);
  let pieceLength = BLOCK_LENGTH;
  while (pieceLength < MAX_CHOSEN_PIECE_LENGTH && total > pieceLength * TARGET_PIECE_COUNT) pieceLength *= 2;
  if (!padded || fileLengths.length < 2) return pieceLength;
  const mostPieces = Math.max(MAX_PIECES_TO_SAVE_PADDING, 2 * fileLengths.length);
  while (pieceLength > BLOCK_LENGTH) {
    const pieces = countPaddedPieces(fileLengths, pieceLength);
    if (pieces * pieceLength - total <= total * MAX_PADDING_SHARE) break;
    if (countPaddedPieces(fileLengths, pieceLength / 2) > mostPieces) break;
    pieceLength /= 2;
  }
  return pieceLength;
}

/** True for what BEP 52 allows: a power of two of at least 16 KiB. */
export function isPieceLength(pieceLength: number): boolean {
  return (
    Number.isSafeInteger(pieceLength) &&
    pieceLength >= BLOCK_LENGTH &&
    Number.isInteger(Math.log2(pieceLength))
  );
}

function countPaddedPieces(fileLengths: readonly number[], pieceLength: number): number {
  return fileLengths.reduce((pieces, length) => pieces + Math.ceil(length / pieceLength), 0);
}
