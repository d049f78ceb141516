import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digests } from '../../test/support/digests.ts';
import { toInfoHash } from '../core/ids.ts';
import { encodeResume, parseResume, resumeKey, type ResumeData } from './resume.ts';

const full: ResumeData = {
  info: {
    bytes: Uint8Array.of(1, 2, 3),
    pieceLayers: new Map([['ab'.repeat(32), new Uint8Array(64).fill(5)]]),
  },
  have: Uint8Array.of(0xff, 0x80),
  files: [{ length: 10, modifiedMs: 1_700_000_000_123 }, undefined, { length: 0, modifiedMs: 0 }],
  clean: true,
  unflushedSince: 'boot-7',
  downloaded: 123_456_789_012,
  uploaded: 0,
};

describe('resume data', () => {
  it('comes back as it was saved', () => {
    const bare: ResumeData = {
      ...full,
      info: undefined,
      have: undefined,
      clean: false,
      unflushedSince: undefined,
    };
    for (const data of [full, bare]) expect(parseResume(encodeResume(data))).toEqual(data);
  });

  it('that is cut or damaged is as good as absent, and never an error', () => {
    const bytes = encodeResume(full);
    for (let length = 0; length < bytes.length; length++) {
      expect(parseResume(bytes.subarray(0, length))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(parseResume(noise)).toBeUndefined();
      }),
    );
  });

  it('has one key for each torrent in each folder', () => {
    const [a, b] = [1, 2].map((fill) => toInfoHash(new Uint8Array(20).fill(fill)));
    if (a === undefined || b === undefined) throw new Error('two hashes');
    const keys = [resumeKey(a, '/x', digests), resumeKey(a, '/y', digests), resumeKey(b, '/x', digests)];
    expect(new Set(keys).size).toBe(3);
    expect(keys.every((key) => /^[0-9a-f]{40}$/.test(key))).toBe(true);
  });
});
