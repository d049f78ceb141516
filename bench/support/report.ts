// What every bench prints: the machine, its load, the date, and a table; and all of it as JSON.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  /** Load average over one minute before the bench began. */
  readonly load: number;
  readonly commit: string;
}

export function describeMachine(): Machine {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
  };
}

export type Row = Readonly<Record<string, string | number>>;

/** Columns in the order of the first row's names, numbers to the right. */
export function formatTable(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length)),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const header = line(names.map((name) => (typeof rows[0]?.[name] === 'number' ? name : name)));
  return [header, ...rows.map((row) => line(names.map((name) => row[name] ?? '')))].join('\n');
}

/** Prints a table under the machine's description; writes everything to a file where one is named. */
export async function report(
  machine: Machine,
  rows: readonly Row[],
  file: { readonly path: string | undefined; readonly details: object },
): Promise<void> {
  const about = `${machine.processor}, ${String(machine.cores)} cores, Linux ${machine.kernel}, Node ${machine.node}`;
  process.stdout.write(`${about}, load ${String(machine.load)}, ${machine.date}\n${formatTable(rows)}\n`);
  if (file.path === undefined) return;
  await writeFile(file.path, `${JSON.stringify({ machine, rows, ...file.details }, undefined, 2)}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Three significant digits: more would pretend. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
