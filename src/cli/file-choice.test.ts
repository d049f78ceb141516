import { describe, expect, it } from 'vitest';
import type { FileEntry } from '../core/metainfo/metainfo.ts';
import { chooseFiles } from './file-choice.ts';

function entry(path: string, pad = false): FileEntry {
  return {
    ...{ path: ['root', ...path.split('/')], length: 1, offset: 0, pad, executable: false, hidden: false },
    ...{ symlink: undefined, piecesRoot: undefined },
  };
}

const info = {
  isSingleFile: false,
  files: [
    entry('a.flac'),
    entry('.pad/3', true),
    entry('b.FLAC'),
    entry('notes/c.txt'),
    entry('notes/d [1].txt'),
  ],
};

describe('chooseFiles', () => {
  it.each([
    [['0'], [0]],
    [['2-3,0'], [0, 2, 3]],
    [['*.flac'], [0, 2]],
    [['notes/*'], [3, 4]],
    [['notes/'], [3, 4]],
    [
      ['c.txt', '0'],
      [0, 3],
    ],
    [['**'], [0, 2, 3, 4]],
  ])('%j means %j', (choices, expected) => {
    expect(chooseFiles(info, choices)).toEqual(expected);
  });

  it.each(['9', '1', '*.mp3', 'root/a.flac', ''])('"%s" names no file', (choice) => {
    expect(() => chooseFiles(info, [choice])).toThrow('no file matches');
  });
});
