// Files laid out in the piece stream. v1: one after the other. v2: each non-empty file starts a piece (BEP 52).
import { LIMITS } from '../limits.ts';
import type { RawFile } from './raw-file.ts';
import { refuse } from './refuse.ts';

/** A file and where it starts in the stream, bytes. */
export interface Placed {
  readonly file: RawFile;
  readonly offset: number;
}

export interface Stream {
  readonly placed: readonly Placed[];
  readonly pieceCount: number;
  /** Bytes of content, padding left out. */
  readonly length: number;
}

/** Places the files; checks that every offset is a safe integer and the number of pieces within the limit. */
export function layOut(
  files: readonly RawFile[],
  shape: { readonly pieceLength: number; readonly aligned: boolean },
): Stream {
  const { pieceLength, aligned } = shape;
  const placed: Placed[] = [];
  let end = 0;
  let length = 0;
  for (const file of files) {
    const offset = aligned && file.length > 0 ? Math.ceil(end / pieceLength) * pieceLength : end;
    end = offset + file.length;
    if (!file.attributes.includes('p')) length += file.length;
    placed.push({ file, offset });
    if (!Number.isSafeInteger(end)) refuse('METAINFO_BAD_LENGTH', 'the files are too long together');
  }
  const pieceCount = Math.ceil(end / pieceLength);
  if (pieceCount > LIMITS.pieceCount.value) refuse('METAINFO_TOO_MANY_PIECES', 'too many pieces');
  return { placed, pieceCount, length };
}

/**
 * The v1 stream with the roots of the v2 files. BEP 52: file names, order and piece alignment must be identical,
 * else the two swarms would write different content to the same place.
 */
export function mergeHybrid(v1: Stream, v2: Stream): Stream {
  const twins = v2.placed.values();
  const placed = v1.placed.map(({ file, offset }) => {
    if (file.attributes.includes('p')) return { file, offset };
    const twin = twins.next().value;
    if (twin === undefined || !sameFile({ file, offset }, twin)) {
      return refuse('METAINFO_HYBRID_MISMATCH', 'the v1 and v2 files differ (BEP 52)');
    }
    return { file: { ...file, piecesRoot: twin.file.piecesRoot }, offset };
  });
  if (twins.next().done !== true || v1.pieceCount !== v2.pieceCount) {
    refuse('METAINFO_HYBRID_MISMATCH', 'the v1 and v2 files differ (BEP 52)');
  }
  return { ...v1, placed };
}

function sameFile(a: Placed, b: Placed): boolean {
  return (
    a.file.length === b.file.length &&
    (a.offset === b.offset || a.file.length === 0) &&
    a.file.path.length === b.file.path.length &&
    a.file.path.every((element, i) => element === b.file.path[i])
  );
}
