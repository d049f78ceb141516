// A catalogue on a test's stage, and the command line beside it.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCatalogue, type Catalogue } from '../../src/catalogue/catalogue.ts';
import type { CatalogueEvent, CatalogueOptions } from '../../src/catalogue/catalogue-options.ts';
import { runCli } from '../../src/cli/run.ts';
import { createTestIo } from './cli-io.ts';
import type { Stage } from './stage.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CatalogueScene {
  readonly catalogue: Catalogue;
  readonly events: CatalogueEvent[];
  /** Runs a command with the catalogue's state folder; answers its JSON lines. */
  readonly command: (...args: string[]) => Promise<Readonly<Record<string, unknown>>[]>;
}

/** Writes files below a folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

export async function openCatalogue(
  stage: Stage,
  options: Partial<CatalogueOptions>,
): Promise<CatalogueScene> {
  const events: CatalogueEvent[] = [];
  const stateFolder = options.stateFolder ?? join(stage.folder, 'state');
  const catalogue = await startCatalogue(
    {
      ...{ paths: [], port: 0, peerPort: 0, host: '127.0.0.1', createdBy: 'test', title: 'Things' },
      ...{ isBaseStable: false, baseUrl: (port: number) => new URL(`http://127.0.0.1:${String(port)}/`) },
      ...options,
      stateFolder,
    },
    { signal: new AbortController().signal, onEvent: (event) => events.push(event) },
  );
  stage.onClose(() => catalogue.close());
  await catalogue.settled();
  return {
    catalogue,
    events,
    // In a process of its own, as a publisher does it.
    command: async (...args) => {
      const argv = [MAIN, 'catalogue', ...args, '--state', stateFolder, '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, argv);
      return parseLines(stdout);
    },
  };
}

/** Runs the command line in this process. */
export async function run(argv: readonly string[]): Promise<{
  readonly code: number;
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly err: string;
}> {
  const io = createTestIo();
  const code = await runCli(argv, io);
  return { code, lines: parseLines(io.out()), err: io.err() };
}

function parseLines(text: string): Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? { ...value } : {};
    });
}
