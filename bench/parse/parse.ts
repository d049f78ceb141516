// Reading and writing 5 MB torrents, side by side with npm's `bencode`; and reading them as checked metainfo.
// The time is that of one run; the ratio is the median over the rounds of theirs over ours.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, median, report, rounded, type Row } from '../support/report.ts';

const USAGE = `usage: node bench/run.mjs parse [--rounds 15] [--json FILE]
Build first: the bench runs on dist/.
`;

interface Result {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds of one run, one number a round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '15' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const machine = describeMachine();
  const script = fileURLToPath(new URL('./measure.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [script, values.rounds], { encoding: 'utf8' });
  const results = JSON.parse(output) as readonly Result[];
  await report(machine, results.map(rowOf), { path: values.json, details: { results } });
}

function rowOf({ name, bytes, ours, theirs }: Result): Row {
  const ratios = theirs.map((time, round) => time / (ours[round] ?? Number.NaN));
  return {
    case: name,
    MB: rounded(bytes / 1e6),
    'ms, swarmpress': rounded(median(ours)),
    'ms, bencode': theirs.length === 0 ? '-' : rounded(median(theirs)),
    ratio: theirs.length === 0 ? '-' : rounded(median(ratios)),
  };
}
