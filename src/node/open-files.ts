// Open file descriptors with a cap: the least recently used one that nobody holds is closed first. A descriptor
// opened for reading alone is reopened when somebody wants to write. Where the system gives out no more of them, the
// cap is lowered and the file waits a moment for its turn.
import { close, constants, fstat, open } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemError } from '../core/errors.ts';
import { DISK_CODES, errnoOf, toSystemError } from './os-error.ts';

const { O_RDONLY, O_RDWR, O_CREAT } = constants;
// Absent on Windows, where symlinks need privileges. O_NONBLOCK keeps a FIFO in the way from hanging a thread.
const FLAGS = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file waits this long for a descriptor, in so many steps, before it is an error. */
const PATIENCE_STEPS = 50;
const STEP_MS = 100;
const LEAST_LIMIT = 4;

export interface OpenRequest {
  readonly path: string;
  readonly write: boolean;
  readonly executable: boolean;
}

interface Entry {
  readonly fd: Promise<number>;
  readonly path: string;
  readonly write: boolean;
  holders: number;
  doomed: boolean;
  /** The last write that was begun. */
  lastWrite: Promise<unknown>;
}

/** Shared by all storages of a process. */
export class OpenFiles {
  #limit: number;
  /** In order of use: the first is the oldest. */
  readonly #entries = new Map<string, Entry>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs `action` with an open descriptor. Rejects with SystemError DISK_*, the system's own error as its cause.
   * Writes to one file take turns: the system lets only one in at a time, and the others would spin.
   */
  async use<T>(request: OpenRequest, action: (fd: number) => Promise<T>): Promise<T> {
    return this.#hold(request, (fd, entry) => {
      if (!request.write) return action(fd);
      const turn = entry.lastWrite.then(() => action(fd));
      entry.lastWrite = turn.catch(() => undefined);
      return turn;
    });
  }

  /** As `use`, but writes take no turns: for those that wait in a queue of their own. */
  async lend<T>(request: OpenRequest, action: (fd: number) => Promise<T>): Promise<T> {
    return this.#hold(request, action);
  }

  async #hold<T>(request: OpenRequest, action: (fd: number, entry: Entry) => Promise<T>): Promise<T> {
    const entry = this.#entryFor(request);
    entry.holders++;
    try {
      return await action(await entry.fd, entry);
    } catch (error) {
      throw toSystemError(error, DISK_CODES, request.path);
    } finally {
      entry.holders--;
      if (entry.doomed && entry.holders === 0) await closeEntry(entry);
    }
  }

  /** Closes these files where they are open, once their holders are done. */
  async close(paths: Iterable<string>): Promise<void> {
    for (const path of paths) {
      const entry = this.#entries.get(path);
      if (entry !== undefined) await this.#retire(entry);
    }
  }

  #entryFor(request: OpenRequest): Entry {
    const { path, write } = request;
    const known = this.#entries.get(path);
    if (known !== undefined) {
      this.#entries.delete(path);
      if (known.write || !write) {
        this.#entries.set(path, known);
        return known;
      }
      void this.#retire(known);
    }
    const entry: Entry = {
      fd: this.#open(request),
      path,
      write,
      holders: 0,
      doomed: false,
      lastWrite: Promise.resolve(),
    };
    entry.fd.catch(() => {
      if (this.#entries.get(path) === entry) this.#entries.delete(path);
    });
    this.#entries.set(path, entry);
    this.#trim(entry);
    return entry;
  }

  async #open(request: OpenRequest): Promise<number> {
    for (let step = 0; ; step++) {
      try {
        return await openFile(request);
      } catch (error) {
        if (!['EMFILE', 'ENFILE'].includes(errnoOf(error) ?? '') || step === PATIENCE_STEPS) throw error;
        this.#limit = Math.max(LEAST_LIMIT, Math.min(this.#limit, this.#entries.size) >> 1);
        this.#trim();
        await sleep(STEP_MS);
      }
    }
  }

  #trim(newest?: Entry): void {
    for (const entry of this.#entries.values()) {
      if (this.#entries.size <= this.#limit) return;
      if (entry.holders === 0 && entry !== newest) void this.#retire(entry);
    }
  }

  async #retire(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.path) === entry) this.#entries.delete(entry.path);
    entry.doomed = true;
    if (entry.holders === 0) await closeEntry(entry);
  }
}

async function openFile(request: OpenRequest): Promise<number> {
  const access = request.write ? O_RDWR | O_CREAT : O_RDONLY;
  const fd = await new Promise<number>((resolve, reject) => {
    open(request.path, access | FLAGS, request.executable ? 0o777 : 0o666, (error, opened) => {
      if (error === null) resolve(opened);
      else reject(error);
    });
  });
  const isFile = await new Promise<boolean>((resolve) => {
    fstat(fd, (error, stats) => {
      resolve(error === null && stats.isFile());
    });
  });
  if (isFile) return fd;
  close(fd);
  throw new SystemError('DISK_NOT_A_FILE', `${request.path} is not a regular file`);
}

async function closeEntry(entry: Entry): Promise<void> {
  const fd = await entry.fd.catch(() => undefined);
  if (fd === undefined) return;
  await new Promise<void>((resolve) => {
    close(fd, () => {
      resolve();
    });
  });
}
