// The loop: inputs by mutation, kept when they reach new code; whatever is no documented error or takes long is
// a find. Memory is bounded by the process's heap, which the runner keeps small.
import { ProtocolError, SystemError, UsageError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/swarm/rng.ts';
import type { Coverage } from './coverage.ts';
import { mutate } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

export interface Find {
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly rejected: number;
  readonly corpus: readonly Uint8Array[];
  readonly finds: readonly Find[];
}

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  readonly corpus: readonly Uint8Array[];
  readonly coverage?: Coverage | undefined;
  /** Milliseconds after which no more is tried; no end by default. */
  readonly limitMs?: number | undefined;
}

const BATCH = 500;
/** Of a batch that reached something new, run again at once. */
const PART = 25;
const MOST_FINDS = 5;
const MOST_KEPT = 400;
/** Of processor time, by far more than any input of 4 KiB needs. */
const SLOW_MS = 1000;

export function fuzz(target: FuzzTarget, options: FuzzOptions): FuzzResult {
  const rng = new Rng(options.seed);
  const corpus = [...target.seeds, ...options.corpus];
  const finds: Find[] = [];
  const end = performance.now() + (options.limitMs ?? Number.POSITIVE_INFINITY);
  let rejected = 0;
  let inputs = 0;
  const attempt = (input: Uint8Array): void => {
    inputs++;
    const outcome = tryInput(target, input);
    if (outcome === 'rejected') rejected++;
    else if (outcome !== 'taken') finds.push({ input, error: outcome });
  };
  for (const input of [...corpus, ...corpus.flatMap(truncations)]) attempt(input);
  options.coverage?.takeNews();
  while (inputs < options.inputs && finds.length < MOST_FINDS && performance.now() < end) {
    const batch = Array.from({ length: BATCH }, () =>
      mutate(rng, rng.pick(corpus) ?? new Uint8Array(0), corpus),
    );
    const before = process.cpuUsage().user;
    batch.forEach(attempt);
    if ((process.cpuUsage().user - before) / 1000 > SLOW_MS) finds.push(...slowOf(target, batch));
    if (options.coverage !== undefined) keep(target, { corpus, batch, coverage: options.coverage });
  }
  return { inputs, rejected, corpus: corpus.slice(target.seeds.length), finds };
}

function tryInput(target: FuzzTarget, input: Uint8Array): unknown {
  try {
    target.run(input);
    return 'taken';
  } catch (error) {
    return error instanceof ProtocolError || error instanceof UsageError || error instanceof SystemError
      ? 'rejected'
      : error;
  }
}

/** Every truncation of a valid input that is not long; of others each sixteenth. */
function truncations(input: Uint8Array): Uint8Array[] {
  const stride = input.length > 400 ? 16 : 1;
  return Array.from({ length: Math.ceil(input.length / stride) }, (_, i) => input.subarray(0, i * stride));
}

function slowOf(target: FuzzTarget, batch: readonly Uint8Array[]): Find[] {
  return batch.flatMap((input) => {
    const before = process.cpuUsage().user;
    tryInput(target, input);
    const took = (process.cpuUsage().user - before) / 1000;
    return took > SLOW_MS ? [{ input, error: new Error(`took ${took.toFixed(0)} ms`) }] : [];
  });
}

/** Finds out which of a batch reached something new, by running its parts again. */
function keep(
  target: FuzzTarget,
  { corpus, batch, coverage }: { corpus: Uint8Array[]; batch: readonly Uint8Array[]; coverage: Coverage },
): void {
  const news = coverage.takeNews();
  const reaches = (inputs: readonly Uint8Array[]): boolean => {
    if (news.size === 0) return false;
    for (const input of inputs) tryInput(target, input);
    let isNew = false;
    for (const branch of coverage.take()) isNew = news.delete(branch) || isNew;
    return isNew;
  };
  for (let at = 0; at < batch.length && news.size > 0 && corpus.length < MOST_KEPT; at += PART) {
    const part = batch.slice(at, at + PART);
    const wanted = new Set(news);
    if (!reaches(part)) continue;
    for (const branch of wanted) news.add(branch);
    corpus.push(...part.filter((input) => reaches([input])));
    for (const branch of wanted) news.delete(branch);
  }
}
