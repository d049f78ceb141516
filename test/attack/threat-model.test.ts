// The threat model names a proof for every row: the test must be there, under that very name.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8');
/** Cells of the rows of the first table, without its head. */
const [table = ''] = text.split('\n## ');
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:who|-)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));
/** `path` or `path` (words of the test's name, several between semicolons). */
const PROOF = /`((?:test|src)\/[^`]*)`(?: \(([^)]*)\))?/g;

describe('the threat model', () => {
  it('has a row for each attack, and in each row a proof', () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const row of rows) expect([...(row[4] ?? '').matchAll(PROOF)].length, row[2]).toBeGreaterThan(0);
  });

  it('names tests that exist', () => {
    for (const [, path = '', words] of text.matchAll(PROOF)) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      if (words === undefined || !path.endsWith('.ts')) continue;
      const source = readFileSync(join(ROOT, path), 'utf8');
      for (const name of words.split(';')) expect(source, path).toContain(name.trim());
    }
  });
});
