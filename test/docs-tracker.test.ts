// docs/tracker.md names every setting and metric of the tracker, with its default: the tables cannot fall behind.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TRACKER_DEFAULTS } from '../src/server/options.ts';
import { settingName, TRACKER_SETTINGS } from '../src/server/settings-table.ts';
import { METRIC_NAMES } from '../src/server/statistics.ts';

const text = readFileSync(new URL('../docs/tracker.md', import.meta.url), 'utf8');

it.each(Object.entries(TRACKER_SETTINGS))('the setting %s is documented', (key, { kind, help }) => {
  const cells =
    text
      .split('\n')
      .find((line) => line.startsWith(`| \`${settingName(key)}\` `))
      ?.split('|') ?? [];
  const fallback: unknown = TRACKER_DEFAULTS[key as keyof typeof TRACKER_DEFAULTS];
  const shown = typeof fallback === 'number' || typeof fallback === 'boolean' ? String(fallback) : '';
  expect(cells.slice(2, 5).map((cell) => cell.trim())).toEqual([kind, shown, help]);
});

it('every metric is documented', () => {
  for (const name of METRIC_NAMES) expect(text).toContain(`\`${name}\``);
});
