// Runs simulated worlds by their seeds: `node test/simulation/run.mjs --seeds 10000`, one again with `--seed 4711`.
// The simulation is TypeScript: jiti loads it.
import { parseArgs } from 'node:util';
import { createJiti } from 'jiti';

const USAGE = `usage: node test/simulation/run.mjs [--seeds 1000] [--from 0]   worlds of seeds FROM and up
       node test/simulation/run.mjs --seed 4711                    one of them, and its story
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const { runSeed } = await createJiti(import.meta.url, { interopDefault: false }).import(
  './whole/scenario.ts',
);

if (values.seed === undefined) await runMany(Number(values.from), Number(values.seeds));
else await runOne(Number(values.seed));

async function runOne(seed) {
  const { trouble, story, events, virtualMs } = await runSeed(seed);
  process.stdout.write(`${story.join('\n')}\n`);
  const end = trouble === undefined ? 'all held' : (trouble.stack ?? String(trouble));
  if (trouble?.cause instanceof Error) process.stdout.write(`${trouble.cause.stack}\n`);
  process.stdout.write(`${(virtualMs / 1000).toFixed(3)} after ${String(events)} events: ${end}\n`);
  process.exitCode = trouble === undefined ? 0 : 1;
}

async function runMany(from, count) {
  const startedAt = performance.now();
  const failed = [];
  let events = 0;
  let virtualMs = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSeed(seed);
    events += result.events;
    virtualMs += result.virtualMs;
    if (result.trouble !== undefined) {
      failed.push(seed);
      process.stdout.write(`seed ${String(seed)}: ${String(result.trouble.message)}\n`);
    }
    if ((seed - from + 1) % 500 === 0) process.stderr.write(`${String(seed - from + 1)} worlds\n`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${String(count)} worlds from seed ${String(from)}: ${String(failed.length)} failed; ` +
      `${String(events)} events, ${(virtualMs / 3_600_000).toFixed(1)} hours of virtual time, in ${seconds.toFixed(0)} s\n`,
  );
  for (const seed of failed.slice(0, 20)) {
    process.stdout.write(`again: node test/simulation/run.mjs --seed ${String(seed)}\n`);
  }
  process.exitCode = failed.length === 0 ? 0 : 1;
}
