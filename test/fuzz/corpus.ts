// Inputs that reached new code in an earlier run, one file a target, a line of base64 for each.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./corpus/', import.meta.url));
/** Small ones first, and no more than a repository should carry. */
const KEPT = 60;
const KEPT_BYTES = 600;

export function readCorpus(target: string): Uint8Array[] {
  const path = fileOf(target);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(FOLDER, { recursive: true });
  const small = inputs
    .filter(({ length }) => length > 0 && length <= KEPT_BYTES)
    .sort((a, b) => a.length - b.length);
  const lines = new Set(small.slice(0, KEPT).map((input) => Buffer.from(input).toString('base64')));
  writeFileSync(fileOf(target), [...lines].map((line) => `${line}\n`).join(''));
}

function fileOf(target: string): string {
  return `${FOLDER}${target.replaceAll(/[^a-z0-9]+/g, '-')}.txt`;
}
