// Bundles the tests of a suite with its instrumented source, so that one thread loads all of it once.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { instrument, type Mutant } from './instrument.ts';
import type { Suite } from './suites.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SWITCH = join(import.meta.dirname, 'switch.ts');
const SHIM = join(import.meta.dirname, 'shim.ts');
const FEW = join(import.meta.dirname, 'few-cases.ts');
const ENTRY = '\0entry';

/** Writes the bundle and returns its mutants. */
export async function bundle(suite: Suite, outFile: string): Promise<Mutant[]> {
  const mutants: Mutant[] = [];
  const mutated = new Set(suite.sources.map((path) => join(ROOT, path)));
  const build = await rolldown({
    input: ENTRY,
    platform: 'node',
    external: (id) => !/^[./\0]/.test(id) && id !== 'vitest' && id !== 'fast-check',
    treeshake: false,
    plugins: [
      {
        name: 'mutants',
        resolveId: (id, importer) => {
          if (id === 'fast-check') return importer === FEW ? { id, external: true } : FEW;
          return id === 'vitest' ? SHIM : id === ENTRY ? ENTRY : undefined;
        },
        load: (id) => (id === ENTRY ? entryOf(suite) : undefined),
        transform: (code, id) => {
          if (!id.startsWith(ROOT)) return undefined;
          if (mutated.has(id))
            return instrument({ file: relative(ROOT, id), text: readFileSync(id, 'utf8') }, mutants, SWITCH);
          if (!code.includes('import.meta.')) return undefined;
          return code
            .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
            .replaceAll('import.meta.dirname', JSON.stringify(dirname(id)));
        },
      },
    ],
  });
  await build.write({ file: outFile, format: 'esm', codeSplitting: false });
  await build.close();
  return mutants;
}

function entryOf(suite: Suite): string {
  // Sources that no test imports count as well.
  const imports = [...suite.tests, ...suite.sources].map(
    (path) => `import ${JSON.stringify(join(ROOT, path))};`,
  );
  return [
    `export { tests } from ${JSON.stringify(SHIM)};`,
    `export { choose, steps, watch, metWhileLoading, EndlessError } from ${JSON.stringify(SWITCH)};`,
    ...imports,
  ].join('\n');
}
