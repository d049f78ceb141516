// Loads a bundle and answers questions: which mutants do the tests meet, and does one of these tests notice this mutant?
import { parentPort, workerData } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';

const { bundlePath } = workerData;
const href = pathToFileURL(bundlePath).href;
let loaded;

async function load(id) {
  if (id === undefined) return (loaded ??= await import(href));
  globalThis.mutantFromStart = id;
  try {
    return await import(`${href}?from=${String(id)}`);
  } finally {
    delete globalThis.mutantFromStart;
  }
}

/** Runs a test; returns what it failed with. */
async function failure(test, timeoutMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), timeoutMs);
  });
  try {
    await Promise.race([test.run(), late]);
    return undefined;
  } catch (error) {
    return error ?? new Error('failed');
  } finally {
    clearTimeout(timer);
  }
}

async function survey(without) {
  const bundle = await load(undefined);
  const atLoad = bundle.metWhileLoading();
  const tests = [];
  for (const test of bundle.tests) {
    if (without?.test(test.name)) {
      tests.push({ name: test.name, ms: 0, steps: 0, met: [], error: undefined });
      continue;
    }
    const met = new Set();
    bundle.watch(met);
    bundle.choose(-1, Infinity);
    const begun = performance.now();
    const error = await failure(test, 60_000);
    tests.push({
      name: test.name,
      ms: performance.now() - begun,
      steps: bundle.steps(),
      met: [...met],
      error: error === undefined ? undefined : String(error.stack ?? error),
    });
  }
  bundle.watch(undefined);
  return { atLoad, tests };
}

async function tryMutant({ id, isStatic, tests }) {
  let bundle;
  try {
    bundle = await load(isStatic ? id : undefined);
  } catch {
    return { killedBy: 'loading' };
  }
  for (const { index, ms, steps } of tests) {
    bundle.choose(id, steps * 20 + 100_000);
    const error = await failure(bundle.tests[index], ms * 10 + 1000);
    bundle.choose(-1, Infinity);
    if (error !== undefined)
      return { killedBy: bundle.tests[index].name, isEndless: error instanceof bundle.EndlessError };
  }
  return {};
}

// What a mutant leaves floating must not end the thread.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);
parentPort.on('message', async (question) => {
  parentPort.postMessage(question.survey ? await survey(question.without) : await tryMutant(question));
});
