// Writes docs/limits.md from the table of limits in the built core.
import { writeFileSync } from 'node:fs';
import { LIMITS } from '../dist/core/limits.js';

const rows = Object.entries(LIMITS).map(
  ([name, { value, unit, reason }]) => `| ${name} | ${value.toLocaleString('en')} ${unit} | ${reason} |`,
);
const text = [
  '# Limits',
  '',
  'Every cap on what strangers send, made from `src/core/limits.ts` by `node scripts/limits-doc.mjs`.',
  '',
  '| limit | value | reason |',
  '| --- | --- | --- |',
  ...rows,
  '',
].join('\n');
writeFileSync(new URL('../docs/limits.md', import.meta.url), text);
