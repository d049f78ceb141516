// The rules of the house that are about the whole tree: layers, cycles, a core without a host, small files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORE_LAYERS, LAYERS } from './support/layers.ts';

const SRC = resolve(import.meta.dirname, '../src');
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'/g;

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }));

/** Source path → source paths it imports. */
const graph = new Map(
  sources.map(({ path, text }) => [
    path,
    [...text.matchAll(IMPORT)]
      .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(SRC, resolve(SRC, dirname(path), name))),
  ]),
);

function arrows(inside: string): { from: string; to: string; path: string; target: string }[] {
  const folderOf = (path: string): string | undefined =>
    path.startsWith(inside) ? /^([^/]+)\//.exec(path.slice(inside.length))?.[1] : undefined;
  return [...graph].flatMap(([path, targets]) =>
    targets.flatMap((target) => {
      const from = folderOf(path);
      const to = folderOf(target);
      return from === undefined || to === undefined || from === to ? [] : [{ from, to, path, target }];
    }),
  );
}

function brokenArrows(inside: string, allowed: Readonly<Record<string, readonly string[]>>): string[] {
  return arrows(inside)
    .filter(({ from, to }) => !(allowed[from] ?? []).includes(to))
    .map(({ path, target }) => `${path} imports ${target}`);
}

function cycles(): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

describe('architecture', () => {
  it('reads the tree', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(arrows('').length).toBeGreaterThan(5);
  });

  it('imports only along the layer arrows', () => {
    expect(brokenArrows('', LAYERS)).toEqual([]);
  });

  it('keeps machines above codecs above bytes inside the core', () => {
    expect(brokenArrows('core/', CORE_LAYERS)).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(cycles()).toEqual([]);
  });

  it('keeps the host out of the core', () => {
    const host =
      /'node:|(?<![#.\w])window\.|\bdocument\b|\bsetTimeout\b|\bDate\.now\b|\bMath\.random\b|\bBuffer\b|\bprocess\b\./;
    const guilty = sources.filter(({ path, text }) => path.startsWith('core/') && host.test(text));
    expect(guilty.map(({ path }) => path)).toEqual([]);
  });

  it('finds files of the package in one module, as bundling moves the others', () => {
    const guilty = sources.filter(
      ({ path, text }) => !/^(?:web|page)\//.test(path) && text.includes('import.meta'),
    );
    expect(guilty.map(({ path }) => path)).toEqual(['node/package-files.ts']);
  });

  it('keeps files at 400 lines or fewer and opens each with a comment', () => {
    const long = sources.filter(
      ({ path, text }) => !path.endsWith('table.ts') && text.split('\n').length > 401,
    );
    expect(long.map(({ path }) => path)).toEqual([]);
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });
});
