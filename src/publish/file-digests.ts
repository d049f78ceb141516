// SHA-256 of each published file, for people who verify with standard tools. Computed once, in the background.
// Law: a digest is kept only if the file was the published one before and after it was read.
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { PublishedFile } from './publication.ts';

const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/publish/sha256-worker.js' : './sha256-worker.js',
  import.meta.url,
);

/** Calls back with the lower-case hex digest of one file after the other; ends early, without error, when aborted. */
export async function digestFiles(
  files: readonly PublishedFile[],
  onDigest: (file: PublishedFile, sha256: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (files.length === 0 || signal.aborted) return;
  const worker = new Worker(WORKER_URL);
  worker.unref();
  const stopped = once(signal, 'abort').then(() => STOPPED);
  try {
    for (const file of files) {
      if (!(await isUnchanged(file))) continue;
      const answer = await Promise.race([ask(worker, file.diskPath), stopped]);
      if (answer === STOPPED) return;
      if (typeof answer === 'string' && (await isUnchanged(file))) onDigest(file, answer);
    }
  } finally {
    await worker.terminate();
  }
}

const STOPPED = Symbol('stopped');

async function ask(worker: Worker, path: string): Promise<unknown> {
  const answer = once(worker, 'message');
  worker.postMessage(path);
  const values: unknown[] = await answer;
  return values[0];
}

async function isUnchanged(file: PublishedFile): Promise<boolean> {
  try {
    const now = await stat(file.diskPath);
    return now.isFile() && now.size === file.length && now.mtimeMs === file.modifiedMs;
  } catch {
    return false;
  }
}
