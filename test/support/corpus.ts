// The shared corpus of test vectors, read in place beside the checkout; tests that need it are skipped without it.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const root = new URL('../../../shared/corpus/', import.meta.url);

/** Absolute path of a corpus file. */
export function corpusPath(name: string): string {
  return fileURLToPath(new URL(name, root));
}

export function readCorpus(name: string): Uint8Array {
  return new Uint8Array(readFileSync(corpusPath(name)));
}

/** Vectors are trusted data: the caller asserts the shape it expects. */
export function readCorpusJson(name: string): unknown {
  return JSON.parse(readFileSync(corpusPath(name), 'utf8'));
}

/** `describe`, skipped with a message where the corpus is not there. */
export function describeCorpus(name: string, body: () => void): void {
  if (existsSync(root)) describe(name, body);
  else describe.skip(`${name} (no corpus beside the checkout)`, body);
}
