// How many pieces some lists of files have, according to another client.
import { expect, test } from 'vitest';
import { layOut } from '../../src/core/metainfo/stream.ts';
import { describeCorpus, readCorpusJson } from '../support/corpus.ts';

interface PieceCountCase {
  readonly piece_length: number;
  readonly file_lengths: readonly number[];
  readonly num_pieces: number;
}

describeCorpus('piece counts of the corpus', () => {
  const vectors = readCorpusJson('create/vectors.json') as {
    readonly num_pieces_cases: { readonly cases: readonly PieceCountCase[] };
  };

  test.each(vectors.num_pieces_cases.cases)('$file_lengths in pieces of $piece_length', (entry) => {
    const files = entry.file_lengths.map((length) => ({
      path: ['x'],
      length,
      attributes: '',
      symlink: undefined,
      piecesRoot: undefined,
    }));
    expect(layOut(files, { pieceLength: entry.piece_length, aligned: false }).pieceCount).toBe(
      entry.num_pieces,
    );
  });
});
