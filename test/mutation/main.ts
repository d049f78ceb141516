// The command: mutates suites, tries every mutant against the tests that meet it, prints survivors and scores.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { EQUIVALENTS, type Equivalent } from './equivalents.ts';
import type { Mutant } from './instrument.ts';
import { Memory } from './memory.ts';
import { SUITES } from './suites.ts';
import { Thread, type Survey, type Trial, type Verdict } from './thread.ts';

const USAGE = `usage: node test/mutation/run.mjs [--on bencode,wire] [--file decode] [--threads 2] [--least 85]
       [--sample 1] [--again]
  --on       suites: ${Object.keys(SUITES).join(', ')}; all of them without it
  --file     mutants of files whose path contains this
  --threads  how many mutants are tried at once
  --least    a score below this many percent fails
  --sample   every so many-th mutant only
  --again    only what survived last time, and what is new; the rest counts as it did then
`;
const OUT = resolve(import.meta.dirname, '../../node_modules/.cache/mutation');

const SLOW_MS = 1500;

interface Options {
  readonly file: string;
  readonly threads: number;
  readonly least: number;
  readonly again: boolean;
  readonly sample: number;
}

interface Score {
  killed: number;
  endless: number;
  survived: number;
  equivalent: number;
}

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      on: { type: 'string', default: Object.keys(SUITES).join(',') },
      file: { type: 'string', default: '' },
      threads: { type: 'string', default: '2' },
      least: { type: 'string', default: '85' },
      sample: { type: 'string', default: '1' },
      again: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { file, again } = values;
  const sample = Number(values.sample);
  const options = { file, again, sample, threads: Number(values.threads), least: Number(values.least) };
  let isGood = true;
  for (const name of values.on.split(',')) isGood = (await runSuite(name, options)) && isGood;
  return isGood ? 0 : 1;
}

async function runSuite(name: string, options: Options): Promise<boolean> {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`no such suite: ${name}\n${USAGE}`);
  const begun = performance.now();
  mkdirSync(OUT, { recursive: true });
  const bundlePath = join(OUT, `${name}.mjs`);
  const mutants = await bundle(suite, bundlePath);
  const first = new Thread(bundlePath);
  const survey = await first.survey(suite.without);
  const broken = survey.tests.filter((test) => test.error !== undefined);
  for (const { name: test, error } of broken) print(`fails without a mutant: ${test}\n${error ?? ''}`);
  if (survey.tests.length === 0 || broken.length > 0) {
    await first.close();
    return false;
  }
  const chosen = choose(mutants, options);
  const memory = new Memory(join(OUT, `${name}.json`));
  const known = options.again
    ? memory.recall(chosen, new Set(survey.tests.map((test) => test.name)))
    : new Map();
  const open = chosen.filter(({ id }) => !known.has(id));
  const judged = await judgeAll({ mutants: open, survey, bundlePath, threads: options.threads }, first);
  const verdicts = new Map([...known, ...judged]);
  memory.keep(chosen, verdicts);
  const { scores, isHonest } = count({ chosen, all: mutants }, verdicts);
  const score = table(scores);
  const seconds = (performance.now() - begun) / 1000;
  print(
    `${name}: ${score.toFixed(1)} % of ${String(chosen.length)} mutants noticed, in ${seconds.toFixed(0)} s\n`,
  );
  return isHonest && score >= options.least;
}

/** The same mutants each time, whatever the order in which the bundler takes the files. */
function choose(mutants: readonly Mutant[], { file, sample }: Options): Mutant[] {
  const ranks = new Map<string, number>();
  return mutants.filter((mutant) => {
    const rank = ranks.get(mutant.file) ?? 0;
    ranks.set(mutant.file, rank + 1);
    return mutant.file.includes(file) && rank % sample === 0;
  });
}

async function judgeAll(
  job: { mutants: readonly Mutant[]; survey: Survey; bundlePath: string; threads: number },
  first: Thread,
): Promise<Map<number, Verdict>> {
  const trials = planTrials(job.mutants, job.survey);
  const verdicts = new Map<number, Verdict>();
  const threads = [first, ...Array.from({ length: job.threads - 1 }, () => new Thread(job.bundlePath))];
  await Promise.all(
    threads.map(async (thread) => {
      for (let trial = trials.shift(); trial !== undefined; trial = trials.shift()) {
        verdicts.set(trial.id, await thread.judge(trial));
        if (verdicts.size % 200 === 0)
          process.stderr.write(`${String(verdicts.size)} tried, ${String(trials.length)} to go\n`);
      }
      await thread.close();
    }),
  );
  return verdicts;
}

/** For each mutant the tests that meet it, quickest first; for one met while loading, those that meet its file. */
function planTrials(mutants: readonly Mutant[], survey: Survey): Trial[] {
  const fileOf = new Map(mutants.map(({ id, file }) => [id, file]));
  const quickestFirst = survey.tests
    .map(({ ms, steps, met }, index) => ({
      test: { index, ms, steps },
      met: new Set(met),
      files: new Set(met.map((id) => fileOf.get(id))),
    }))
    .sort((a, b) => a.test.ms - b.test.ms);
  const atLoad = new Set(survey.atLoad);
  const metFiles = new Set(quickestFirst.flatMap(({ files }) => [...files]));
  const trials = mutants.map(({ id, file }) => {
    const isStatic = atLoad.has(id);
    // A file that is all constants is met by no test at work: any test may notice.
    const isNear = (files: ReadonlySet<string | undefined>): boolean =>
      files.has(file) || !metFiles.has(file);
    const meeting = quickestFirst.filter(({ met, files }) => (isStatic ? isNear(files) : met.has(id)));
    // Slow tests would take the hour; what only they notice counts as not noticed, unless nothing else meets it.
    const quick = meeting.filter(({ test }) => test.ms <= SLOW_MS);
    return { id, isStatic, tests: (quick.length > 0 ? quick : meeting.slice(0, 1)).map(({ test }) => test) };
  });
  return trials.filter((trial) => trial.tests.length > 0);
}

function count(
  { chosen, all }: { readonly chosen: readonly Mutant[]; readonly all: readonly Mutant[] },
  verdicts: ReadonlyMap<number, Verdict>,
): { scores: Map<string, Score>; isHonest: boolean } {
  const scores = new Map<string, Score>();
  let isHonest = true;
  for (const mutant of chosen) {
    const score = scores.get(mutant.file) ?? { killed: 0, endless: 0, survived: 0, equivalent: 0 };
    scores.set(mutant.file, score);
    const equivalent = EQUIVALENTS.find((entry) => isSame(entry, mutant));
    const verdict = verdicts.get(mutant.id);
    const where = `${mutant.file}:${String(mutant.line)}  ${mutant.change}`;
    if (verdict?.killedBy !== undefined) {
      score.killed++;
      if (verdict.isEndless === true) score.endless++;
      if (equivalent?.change === undefined) continue;
      isHonest = false;
      print(`not equivalent, noticed by "${verdict.killedBy}": ${where}`);
    } else if (equivalent !== undefined) score.equivalent++;
    else {
      score.survived++;
      print(`${verdict === undefined ? 'not met ' : 'survived'} ${where}`);
    }
  }
  const files = new Set(all.map((mutant) => mutant.file));
  for (const entry of EQUIVALENTS) {
    if (!files.has(entry.file) || all.some((mutant) => isSame(entry, mutant))) continue;
    isHonest = false;
    print(`no such mutant any more: ${entry.file}  ${entry.code}  ${entry.change ?? ''}`);
  }
  return { scores, isHonest };
}

function isSame(entry: Equivalent, mutant: Mutant): boolean {
  const isThere = entry.file === mutant.file && entry.code === mutant.code;
  return isThere && (entry.change === undefined || entry.change === mutant.change);
}

/** Prints the scores of files, and returns that of all together in percent. */
function table(scores: ReadonlyMap<string, Score>): number {
  const total: Score = { killed: 0, endless: 0, survived: 0, equivalent: 0 };
  for (const [file, score] of [...scores].sort(([a], [b]) => (a < b ? -1 : 1))) {
    print(row(file, score));
    total.killed += score.killed;
    total.endless += score.endless;
    total.survived += score.survived;
    total.equivalent += score.equivalent;
  }
  print(row('all', total));
  return percent(total);
}

function row(file: string, { killed, endless, survived, equivalent }: Score): string {
  const numbers = `${String(killed)} noticed (${String(endless)} endless), ${String(survived)} survived`;
  return `${file.padEnd(44)} ${percent({ killed, endless, survived, equivalent }).toFixed(1).padStart(5)} %  ${numbers}, ${String(equivalent)} equivalent`;
}

function percent({ killed, survived }: Score): number {
  return killed + survived === 0 ? 100 : (100 * killed) / (killed + survived);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
