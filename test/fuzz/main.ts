// The command: all targets, or some, for so many inputs over all, with a table at the end.
import { parseArgs } from 'node:util';
import { readCorpus, writeCorpus } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const USAGE = `usage: node test/fuzz/run.mjs [--inputs 1000000] [--seed 1] [--only bencode,wire] [--save]
  --inputs  over all targets
  --only    targets whose name contains one of these
  --save    keep what reached new code in test/fuzz/corpus
`;

export function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const words = values.only.split(',');
  const chosen = Object.entries(TARGETS).filter(([name]) => words.some((word) => name.includes(word)));
  const weights = chosen.reduce((sum, [, { weight = 1 }]) => sum + weight, 0);
  const coverage = new Coverage();
  let [total, lost] = [0, 0];
  for (const [name, target] of chosen) {
    const begun = performance.now();
    const inputs = Math.ceil((Number(values.inputs) * (target.weight ?? 1)) / weights);
    const result = fuzz(target, { inputs, seed: Number(values.seed), corpus: readCorpus(name), coverage });
    const seconds = (performance.now() - begun) / 1000;
    const columns = [`${String(result.inputs)} inputs`, `${String(result.rejected)} refused`];
    columns.push(
      `${String(result.corpus.length)} kept`,
      `${seconds.toFixed(1)} s`,
      `${String(result.finds.length)} finds`,
    );
    process.stdout.write(`${name.padEnd(28)} ${columns.join(', ')}\n`);
    for (const { input, error } of result.finds) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`  ${what}\n  of ${Buffer.from(input).toString('base64')}\n`);
    }
    if (values.save) writeCorpus(name, result.corpus);
    total += result.inputs;
    lost += result.finds.length;
  }
  process.stdout.write(
    `${String(total)} inputs, ${String(coverage.size)} branches of the source reached, ${String(lost)} finds\n`,
  );
  coverage.close();
  return lost === 0 ? 0 : 1;
}
