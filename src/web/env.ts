// The browser's ports, wired together for a session.
import type { Env } from '../engine/env.ts';
import { silentLog, type Log } from '../ports/log.ts';
import type { Storage, StoragePort } from '../ports/storage.ts';
import { webClock } from './clock.ts';
import { webDigests } from './digests.ts';
import { createWebHasher } from './hash-pool.ts';
import { webHttp } from './http.ts';
import { MemoryStorage } from './memory-storage.ts';
import { hasOpfs, openOpfsStorage } from './opfs-storage.ts';
import { webRandom } from './random.ts';
import { openStateStore } from './state-store.ts';

/** A storage that can hand out its finished files. */
export interface SavableStorage extends Storage {
  file(index: number): Promise<Blob>;
}

export interface WebEnvOptions {
  /** Makes the worker that runs web/storage-worker. */
  readonly makeStorageWorker: () => Worker;
  /** Makes the worker that runs web/hash-worker. */
  readonly makeHashWorker: () => Worker;
  readonly log?: Log | undefined;
}

export interface WebEnv extends Env {
  /** The storage of a folder that a session has opened, to save files from. */
  storageOf(folder: string): SavableStorage | undefined;
  /** True when what is downloaded survives the tab. */
  readonly isPersistent: boolean;
}

export async function createWebEnv(options: WebEnvOptions): Promise<WebEnv> {
  const opened = new Map<string, SavableStorage>();
  const workers: Worker[] = [];
  const hasher = createWebHasher(options.makeHashWorker);
  const isPersistent = hasOpfs();
  const storage: StoragePort = {
    open: async (folder, files) => {
      let made: SavableStorage;
      if (isPersistent) {
        const worker = options.makeStorageWorker();
        workers.push(worker);
        made = await openOpfsStorage(folder, files, worker);
      } else {
        made = new MemoryStorage(files);
      }
      opened.set(folder, made);
      return made;
    },
  };
  return {
    transports: [],
    datagram: undefined,
    http: webHttp,
    storage,
    state: await openStateStore(),
    hasher,
    digests: webDigests,
    clock: webClock,
    random: webRandom,
    log: options.log ?? silentLog,
    isPersistent,
    storageOf: (folder) => opened.get(folder),
    resolveFolder: (folder) => folder,
    close: async () => {
      for (const worker of workers) worker.terminate();
      await hasher.close();
    },
  };
}
