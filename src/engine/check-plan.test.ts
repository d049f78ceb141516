import { describe, expect, it } from 'vitest';
import { Bitfield } from '../core/bytes/bitfield.ts';
import { Geometry } from '../core/metainfo/geometry.ts';
import type { StoredFile } from '../ports/storage.ts';
import { planCheck, type CheckBasis } from './check-plan.ts';
import type { ResumeData } from './resume.ts';

// Files of 2.5, 1 and 1.5 pieces: pieces 0, 1 | 2 over both | 3 over two | 4.
const KIB16 = 16384;
const lengths = [2.5 * KIB16, KIB16, 1.5 * KIB16];
let offset = 0;
const files = lengths.map((length, i) => {
  const file = { path: [String(i)], length, offset, pad: false, executable: false, hidden: false };
  offset += length;
  return { ...file, symlink: undefined, piecesRoot: undefined };
});
const geometry = new Geometry({ pieceLength: KIB16, pieceCount: 5, files, version: 'v1' });
const asSaved: readonly StoredFile[] = lengths.map((length) => ({ length, modifiedMs: 1000 }));

function have(...pieces: readonly number[]): Uint8Array {
  const field = new Bitfield(5);
  for (const piece of pieces) field.add(piece);
  return field.toBytes();
}

function resume(changes: Partial<ResumeData> = {}): ResumeData {
  return {
    info: undefined,
    have: have(0, 1, 2),
    files: asSaved,
    clean: true,
    unflushedSince: undefined,
    downloaded: 0,
    uploaded: 0,
    ...changes,
  };
}

function plan(
  stored: readonly (StoredFile | undefined)[],
  how: Partial<CheckBasis>,
): { trusted: number[]; toHash: number[] } {
  const made = planCheck(geometry, stored, { mode: 'resume', resume: undefined, bootId: 'now', ...how });
  return { trusted: [...made.trusted], toHash: [...made.toHash] };
}

describe('what is checked of the content on disk', () => {
  it('is nothing where nothing has changed since an orderly close', () => {
    expect(plan(asSaved, { resume: resume() })).toEqual({ trusted: [0, 1, 2], toHash: [] });
  });

  it('is what may have come after the last save, if the process died', () => {
    expect(plan(asSaved, { resume: resume({ clean: false }) })).toEqual({
      trusted: [0, 1, 2],
      toHash: [3, 4],
    });
  });

  it('is every piece of a file that has changed', () => {
    const stored = [...asSaved.slice(0, 1), { length: KIB16, modifiedMs: 1001 }, ...asSaved.slice(2)];
    expect(plan(stored, { resume: resume() })).toEqual({ trusted: [0, 1], toHash: [2, 3] });
  });

  it('leaves out what cannot be there', () => {
    const stored = [{ length: 2 * KIB16, modifiedMs: 1001 }, undefined, asSaved[2]];
    expect(plan(stored, {})).toEqual({ trusted: [], toHash: [0, 1, 4] });
  });

  it.each([
    ['without resume data', {}],
    ['on demand', { mode: 'full', resume: resume() }],
    ['after a restart of the host with data not flushed', { resume: resume({ unflushedSince: 'before' }) }],
    ['where the resume data is of another torrent', { resume: resume({ have: new Uint8Array(9) }) }],
  ] as const)('is everything %s', (_, how) => {
    expect(plan(asSaved, how)).toEqual({ trusted: [], toHash: [0, 1, 2, 3, 4] });
  });

  it('is nothing while the host that holds unflushed data still runs', () => {
    const how = { resume: resume({ unflushedSince: 'now' }) };
    expect(plan(asSaved, how)).toEqual({ trusted: [0, 1, 2], toHash: [] });
  });

  it('is nothing where the publisher vouches for it, but files must be there', () => {
    expect(plan(asSaved, { mode: 'trust' })).toEqual({ trusted: [0, 1, 2, 3, 4], toHash: [] });
    expect(plan([asSaved[0], asSaved[1], undefined], { mode: 'trust' })).toEqual({
      trusted: [0, 1, 2],
      toHash: [],
    });
  });
});
