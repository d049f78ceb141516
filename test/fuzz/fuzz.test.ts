// A share of the fuzzing in every run of the tests: what earlier runs have kept, all truncations, and a few thousand
// mutations of each target.
import { describe, expect, it } from 'vitest';
import { readCorpus } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** Time for each target; whatever was tried by then is enough for now. */
const LIMIT_MS = 250;

describe('only documented errors come out of', () => {
  it.each(Object.entries(TARGETS))('%s', (name, target) => {
    const result = fuzz(target, { inputs: 3000, seed: 1, corpus: readCorpus(name), limitMs: LIMIT_MS });
    expect(result.finds).toEqual([]);
  });
});

describe('the fuzzer', () => {
  it('finds a fault that hides behind a few right bytes', () => {
    const faulty = {
      seeds: [Uint8Array.of(1, 2, 3, 4, 5)],
      run: (input: Uint8Array): void => {
        if (input.length === 4 && input[2] === 0xff) throw new TypeError('found');
      },
    };
    expect(fuzz(faulty, { inputs: 200_000, seed: 1, corpus: [] }).finds[0]?.error).toBeInstanceOf(TypeError);
  });
});
