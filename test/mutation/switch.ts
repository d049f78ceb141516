// What the instrumented source asks: which mutant is on. Also counts, so that an endless loop ends after so many questions.
let active = -1;
let seen: Set<number> | undefined;
let left = Number.POSITIVE_INFINITY;
let asked = 0;

/** Thrown out of a loop that a mutant made endless. */
export class EndlessError extends Error {}

export function is(id: number): boolean {
  asked++;
  if (asked > left) throw new EndlessError('far more steps than without the mutant');
  seen?.add(id);
  return id === active;
}

/** Turns one mutant on (-1: none); more than `most` questions throw. */
export function choose(id: number, most: number): void {
  active = id;
  left = most;
  asked = 0;
}

export function steps(): number {
  return asked;
}

/** From now on the mutants met are put into `met`. */
export function watch(met: Set<number> | undefined): void {
  seen = met;
}

// A mutant in what runs once, as the module loads, is on from the start.
const fromStart: unknown = Reflect.get(globalThis, 'mutantFromStart');
if (typeof fromStart === 'number') choose(fromStart, 50_000_000);
else watch(new Set());

/** What was met while modules loaded. */
export function metWhileLoading(): number[] {
  const met = [...(seen ?? [])];
  seen = undefined;
  return met;
}
