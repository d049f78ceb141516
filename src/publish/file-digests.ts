// SHA-256 of each published file, for people who verify with standard tools. Computed once, in the background.
// Law: a digest is kept only if the file was the published one before and after it was read.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { workerScript } from '../node/package-files.ts';
import type { PublishedFile } from './publication.ts';

/** A thread that hashes one file after the other, for as many publications as share it. */
export class DigestThread {
  readonly #worker: Worker = new Worker(workerScript('sha256'));
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#worker.unref();
  }

  /** Lower-case hex; anything else where the file could not be read. */
  digest(path: string): Promise<unknown> {
    const answer = this.#last.then(() => this.#ask(path));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(path: string): Promise<unknown> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(path);
    const values: unknown[] = await answer;
    return values[0];
  }
}

/** Calls back with the lower-case hex digest of one file after the other; ends early, without error, when aborted. */
export async function digestFiles(
  files: readonly PublishedFile[],
  onDigest: (file: PublishedFile, sha256: string) => void,
  { signal, thread }: { readonly signal: AbortSignal; readonly thread: DigestThread },
): Promise<void> {
  if (signal.aborted) return;
  const stopped = once(signal, 'abort').then(() => STOPPED);
  for (const file of files) {
    if (!(await isUnchanged(file))) continue;
    const answer = await Promise.race([thread.digest(file.diskPath), stopped]);
    if (answer === STOPPED) return;
    if (typeof answer === 'string' && (await isUnchanged(file))) onDigest(file, answer);
  }
}

const STOPPED = Symbol('stopped');

async function isUnchanged(file: PublishedFile): Promise<boolean> {
  try {
    const now = await stat(file.diskPath);
    return now.isFile() && now.size === file.length && now.mtimeMs === file.modifiedMs;
  } catch {
    return false;
  }
}
