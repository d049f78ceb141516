// Decides which pieces on disk are trusted, which have to be hashed, and which cannot be there at all.
// Law: a piece is trusted only if none of its files has changed since the resume data was written after them, and if
// the host has not been restarted since, unless the data had been flushed.
import { Bitfield } from '../core/bytes/bitfield.ts';
import { ProtocolError } from '../core/errors.ts';
import type { FileRange, Geometry } from '../core/metainfo/geometry.ts';
import type { StoredFile } from '../ports/storage.ts';
import type { AddOptions } from './api.ts';
import type { ResumeData } from './resume.ts';

export interface CheckPlan {
  readonly trusted: Bitfield;
  readonly toHash: Bitfield;
}

type StoredFiles = readonly (StoredFile | undefined)[];

export interface CheckBasis {
  readonly mode: NonNullable<AddOptions['check']>;
  readonly resume: ResumeData | undefined;
  /** See Env. */
  readonly bootId: string | undefined;
}

/** `stored` is what is on disk now. */
export function planCheck(geometry: Geometry, stored: StoredFiles, how: CheckBasis): CheckPlan {
  const { pieceCount } = geometry;
  const plan = { trusted: new Bitfield(pieceCount), toHash: new Bitfield(pieceCount) };
  const had = isLost(how) ? undefined : parseHave(how.resume, pieceCount);
  const changed = stored.map((file, index) => hasChanged(file, how.resume?.files[index]));
  for (let piece = 0; piece < pieceCount; piece++) {
    const ranges = geometry.ranges(piece).filter((range) => !range.pad);
    if (!ranges.every((range) => covers(stored[range.file], range))) continue;
    if (how.mode === 'trust') plan.trusted.add(piece);
    else if (
      how.mode === 'full' ||
      had === undefined ||
      ranges.some((range) => changed[range.file] === true)
    ) {
      plan.toHash.add(piece);
    } else if (had.has(piece)) plan.trusted.add(piece);
    // After a crash there may be more on disk than the resume data knows of.
    else if (how.resume?.clean !== true) plan.toHash.add(piece);
  }
  return plan;
}

/** True if data that the resume data speaks of may have gone with the host's memory. */
function isLost({ resume, bootId }: CheckBasis): boolean {
  return resume?.unflushedSince !== undefined && resume.unflushedSince !== bootId;
}

function covers(file: StoredFile | undefined, range: FileRange): boolean {
  return file !== undefined && file.length >= range.offset + range.length;
}

function hasChanged(now: StoredFile | undefined, before: StoredFile | undefined): boolean {
  return now?.length !== before?.length || wholeMs(now) !== wholeMs(before);
}

/** Resume data keeps whole milliseconds. */
function wholeMs(file: StoredFile | undefined): number | undefined {
  return file === undefined ? undefined : Math.floor(file.modifiedMs);
}

function parseHave(resume: ResumeData | undefined, pieceCount: number): Bitfield | undefined {
  if (resume?.have === undefined) return undefined;
  try {
    return Bitfield.parse(resume.have, pieceCount);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
