// Real clients beside the simulation: what bench/swarm wrote, and how near the simulation of our own engine is to it.
import { readFile } from 'node:fs/promises';
import { median, rounded, type Row } from '../support/report.ts';
import type { Series } from './plot.ts';

/** A simulation that is further off than this tells nothing of real crowds. */
const NEAR = 0.15;
const OURS = 'swarmpress';

/** What is given to everybody, over which links. */
export interface Exchange {
  readonly mib: number;
  readonly mbit: number;
  /** KiB of a piece. */
  readonly piece: number;
}

/** Refuses numbers of another exchange than the one asked for. */
export function demandSame(path: string, { mib, mbit, piece }: Exchange, asked: Exchange): void {
  if (mib === asked.mib && mbit === asked.mbit && piece === asked.piece) return;
  const of = `--mib ${String(mib)} --mbit ${String(mbit)} --piece ${String(piece)}`;
  throw new Error(`${path} was made with ${of}: ask for the same`);
}

interface Outcome {
  readonly client: string;
  readonly leeches: number;
  readonly seconds: readonly number[];
  readonly theoretical: number;
}

/** The last leech of each client at each size, the median of all rounds. Refuses what was measured of other content. */
export async function readMeasured(path: string, exchange: Exchange): Promise<Series[]> {
  const { mib, mbit, piece, outcomes } = JSON.parse(await readFile(path, 'utf8')) as Exchange & {
    readonly outcomes: readonly Outcome[];
  };
  demandSame(path, { mib, mbit, piece }, exchange);
  const lasts = new Map<string, Map<number, number[]>>();
  for (const { client, leeches, seconds, theoretical } of outcomes) {
    const sizes = lasts.get(client) ?? new Map<number, number[]>();
    lasts.set(client, sizes);
    sizes.set(leeches, [...(sizes.get(leeches) ?? []), (seconds.at(-1) ?? Number.NaN) / theoretical]);
  }
  return [...lasts].map(([name, sizes]) => ({
    name,
    isMeasured: true,
    points: [...sizes].map(([n, rounds]) => ({ n, times: median(rounds) })),
  }));
}

export interface Comparison {
  readonly rows: readonly Row[];
  readonly areNear: boolean;
}

/** Simulated over real time at each size that both have. */
export function compare(simulated: Series, measured: readonly Series[]): Comparison {
  const real = measured.filter(({ name }) => name === OURS).flatMap(({ points }) => points);
  const pairs = simulated.points.flatMap(({ n, times }) =>
    real.filter((point) => point.n === n).map((point) => ({ n, times, ratio: times / point.times })),
  );
  const isNear = (ratio: number): boolean => Math.abs(ratio - 1) <= NEAR;
  return {
    rows: pairs.map(({ n, times, ratio }) => ({
      leeches: n,
      'simulated last/T': times,
      'real last/T': rounded(times / ratio),
      'simulated/real': rounded(ratio),
      [`within ${String(NEAR * 100)} %`]: isNear(ratio) ? 'yes' : 'no',
    })),
    areNear: pairs.length > 0 && pairs.every(({ ratio }) => isNear(ratio)),
  };
}
