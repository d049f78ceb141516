// What became of each mutant in the last run, so that after a new test only the survivors need be tried again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Mutant } from './instrument.ts';
import type { Verdict } from './thread.ts';

type Remembered = Record<string, Verdict>;

export class Memory {
  readonly #path: string;
  readonly #remembered: Remembered;

  constructor(path: string) {
    this.#path = path;
    this.#remembered = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Remembered) : {};
  }

  /** Those that a test noticed which is still there, by id. */
  recall(mutants: readonly Mutant[], tests: ReadonlySet<string>): Map<number, Verdict> {
    const known = new Map<number, Verdict>();
    for (const [key, mutant] of keyed(mutants)) {
      const verdict = this.#remembered[key];
      const { killedBy, isEndless } = verdict ?? {};
      if (killedBy !== undefined && (tests.has(killedBy) || isEndless === true))
        known.set(mutant.id, { ...verdict });
    }
    return known;
  }

  keep(mutants: readonly Mutant[], verdicts: ReadonlyMap<number, Verdict>): void {
    for (const [key, { id }] of keyed(mutants)) this.#remembered[key] = verdicts.get(id) ?? {};
    writeFileSync(this.#path, JSON.stringify(this.#remembered));
  }
}

/** Mutants by what they are: a line that moved is the same, one that was changed is not. */
function* keyed(mutants: readonly Mutant[]): Generator<[string, Mutant]> {
  const seen = new Map<string, number>();
  for (const mutant of mutants) {
    const what = `${mutant.file} | ${mutant.code} | ${mutant.change}`;
    const count = seen.get(what) ?? 0;
    seen.set(what, count + 1);
    yield [`${what} | ${String(count)}`, mutant];
  }
}
