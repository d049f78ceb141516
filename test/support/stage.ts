// One test's stage: a folder of its own, processes and namespaces, all gone when it closes, whatever happened.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { RunningProcess, type ProcessOptions } from './processes.ts';

/** Memory where there is such a disk: tests are about peers, not about the speed of a disk. */
const MEMORY_DISK = '/dev/shm';
const PREFIX = 'swarmpress-stage-';

export class Stage {
  readonly folder: string;
  readonly #cleanups: (() => Promise<void> | void)[] = [];
  #folders = 0;

  constructor() {
    const under = existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir();
    removeStale(under);
    this.folder = mkdtempSync(join(under, `${PREFIX}${String(process.pid)}-`));
    chmodSync(this.folder, 0o755); // Some servers give up root before they read their files.
  }

  /** A new empty folder. */
  async makeFolder(name = 'folder'): Promise<string> {
    this.#folders += 1;
    const path = join(this.folder, `${name}-${String(this.#folders)}`);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Starts a process that ends with the stage at the latest. */
  start(command: readonly string[], options: ProcessOptions = {}): RunningProcess {
    const child = new RunningProcess(command, options);
    this.onClose(() => child.stop());
    return child;
  }

  /** Last added is first done. */
  onClose(cleanup: () => Promise<void> | void): void {
    this.#cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs `body` on a new stage and clears it away. */
export async function onStage<T>(body: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage();
  try {
    return await body(stage);
  } finally {
    await stage.close();
  }
}

/** Clears away the folders of runs that were killed. */
function removeStale(under: string): void {
  for (const name of readdirSync(under)) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : undefined;
    if (pid === undefined || !/^\d+$/.test(pid) || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(under, name), { recursive: true, force: true });
  }
}
