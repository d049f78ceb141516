// The parts of the core that are mutated, and the tests that have to notice.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Suite {
  /** Paths from the root of the repository. */
  readonly sources: readonly string[];
  readonly tests: readonly string[];
  /** Tests that cannot run inside one bundle: those that start threads of their own. */
  readonly without?: RegExp;
}

function folder(path: string, isTest: boolean): string[] {
  return readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name.endsWith('.test.ts') === isTest)
    .map((name) => `${path}/${name}`)
    .sort();
}

function corpus(...names: string[]): string[] {
  return names.map((name) => `test/corpus/${name}.test.ts`);
}

const PICKER = ['picker', 'active-piece', 'availability', 'rarity-order', 'deadlines'];

export const SUITES: Readonly<Record<string, Suite>> = {
  bencode: {
    sources: folder('src/core/bencode', false),
    tests: [...folder('src/core/bencode', true), ...corpus('bencode')],
  },
  metainfo: {
    sources: folder('src/core/metainfo', false),
    tests: [
      ...folder('src/core/metainfo', true),
      ...corpus('magnets', 'create', 'geometry', 'torrents', 'merkle', 'paths'),
    ],
  },
  wire: {
    // The table of clients' names is data: a test of each line would be the table once more.
    sources: folder('src/core/wire', false).filter((path) => !path.endsWith('/client-names.ts')),
    tests: [
      ...folder('src/core/wire', true),
      ...corpus('wire-messages', 'wire-client-names', 'wire-captures', 'wire-extensions'),
    ],
  },
  picker: {
    sources: PICKER.map((name) => `src/core/swarm/${name}.ts`),
    tests: folder('src/core/swarm', true),
  },
  tracker: {
    sources: folder('src/core/tracker', false),
    tests: [
      ...folder('src/core/tracker', true),
      ...corpus('tracker-http', 'tracker-udp'),
      ...['peer-store', 'tracker', 'tracker-hostile'].map((name) => `test/conformance/${name}.test.ts`),
    ],
    without: /with [1-9] workers/,
  },
};
