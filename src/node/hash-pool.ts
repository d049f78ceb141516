// A Hasher over worker threads, each of which reads its files itself. Jobs go out in batches, so that many small
// pieces cost few messages; with much to do, two batches are with a worker at a time, so that it never waits.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SystemError } from '../core/errors.ts';
import type { HashJob, Hasher, HashResult } from '../ports/hasher.ts';
import { jobLength, unpackDigests, type BatchReply } from './hash-batch.ts';
import { workerScript } from './package-files.ts';

export interface HashPoolOptions {
  /** Threads; one for each core by default. */
  readonly workers?: number | undefined;
}

const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_JOBS = 256;
const BATCHES_BY_WORKER = 2;
/** Waiting bytes for which a thread gets a second batch: less goes out together when the first is done. */
const WORTH_A_MESSAGE = 1024 * 1024;
/** Waiting bytes for which another thread is worth its start, some 40 ms of a core. */
const WORTH_A_THREAD = 16 * 1024 * 1024;

interface Pending {
  readonly job: HashJob;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts its threads as they have work; idle threads do not keep the process alive.
 *
 * @example
 * const hasher = createHashPool({ workers: 2 });
 * const { sha1 } = await hasher.hash({ source: { kind: 'memory', data }, sha1: true, merkle: undefined });
 * await hasher.close();
 */
export function createHashPool(options: HashPoolOptions = {}): Hasher {
  return new HashPool(Math.max(1, options.workers ?? availableParallelism()));
}

class HashPool implements Hasher {
  readonly parallelism: number;
  #threads: Thread[] = [];
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #scheduled = false;
  #closed = false;

  constructor(parallelism: number) {
    this.parallelism = parallelism;
  }

  hash(job: HashJob): Promise<HashResult> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#queuedBytes += jobLength(job);
      if (this.#scheduled) return;
      // Jobs of one turn of the caller go out together.
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#dispatch();
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const pending of this.#queue) pending.reject(closedError());
    this.#queue = [];
    await Promise.all(this.#threads.map((thread) => thread.close(closedError())));
  }

  #dispatch(): void {
    let taken = 0;
    while (taken < this.#queue.length && !this.#closed) {
      const thread = this.#pickThread();
      if (thread === undefined) break;
      const batch = this.#takeBatch(taken);
      taken += batch.length;
      thread.send(batch);
    }
    this.#queue.splice(0, taken);
  }

  /** The thread with the least to do, or a new one; undefined when what waits shall go on waiting. */
  #pickThread(): Thread | undefined {
    let best: Thread | undefined;
    for (const thread of this.#threads) {
      if (best === undefined || thread.batches < best.batches) best = thread;
    }
    if (best === undefined) return this.#startThread();
    if (best.batches === 0) return best;
    if (best.batches < BATCHES_BY_WORKER) return this.#queuedBytes < WORTH_A_MESSAGE ? undefined : best;
    const mayStart = this.#threads.length < this.parallelism && this.#queuedBytes > WORTH_A_THREAD;
    return mayStart ? this.#startThread() : undefined;
  }

  #startThread(): Thread {
    const thread = new Thread({
      onReply: () => this.#dispatch(),
      onFailure: () => {
        this.#threads = this.#threads.filter((other) => other !== thread);
        this.#dispatch();
      },
    });
    this.#threads.push(thread);
    return thread;
  }

  /** Jobs from a place in the queue on: small batches when little is left, so that every thread gets some. */
  #takeBatch(from: number): Pending[] {
    const share = Math.min(BATCH_BYTES, this.#queuedBytes / (BATCHES_BY_WORKER * this.parallelism));
    const batch: Pending[] = [];
    for (let bytes = 0; batch.length < BATCH_JOBS && (batch.length === 0 || bytes < share);) {
      const pending = this.#queue[from + batch.length];
      if (pending === undefined) break;
      batch.push(pending);
      bytes += jobLength(pending.job);
    }
    for (const { job } of batch) this.#queuedBytes -= jobLength(job);
    return batch;
  }
}

interface ThreadEvents {
  readonly onReply: () => void;
  /** The thread is gone; its jobs are rejected. */
  readonly onFailure: () => void;
}

/** One worker and the batches it has. */
class Thread {
  readonly #worker: Worker;
  readonly #batches = new Map<number, readonly Pending[]>();
  readonly #events: ThreadEvents;
  #nextId = 0;

  constructor(events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(workerScript('hash'));
    this.#worker.unref();
    this.#worker.on('message', (reply: BatchReply) => {
      this.#settle(reply);
    });
    this.#worker.on('error', (error) => {
      this.#fail(
        new SystemError('HASHER_FAILED', `a hashing thread failed: ${error.message}`, { cause: error }),
      );
    });
  }

  get batches(): number {
    return this.#batches.size;
  }

  send(batch: readonly Pending[]): void {
    const id = this.#nextId++;
    this.#batches.set(id, batch);
    this.#worker.ref();
    const copies: ArrayBuffer[] = [];
    const jobs = batch.map(({ job }) => toMessage(job, copies));
    this.#worker.postMessage({ id, jobs }, copies);
  }

  async close(reason: Error): Promise<void> {
    this.#fail(reason);
    await this.#worker.terminate();
  }

  #settle(reply: BatchReply): void {
    const batch = this.#batches.get(reply.id) ?? [];
    this.#batches.delete(reply.id);
    if (this.#batches.size === 0) this.#worker.unref();
    const failures = new Map(reply.failures.map((failure) => [failure.at, failure]));
    for (const [at, { job, resolve, reject }] of batch.entries()) {
      const failure = failures.get(at);
      if (failure === undefined) resolve(unpackDigests(reply.digests, at, job));
      else reject(new SystemError(failure.code, failure.message));
    }
    this.#events.onReply();
  }

  #fail(reason: Error): void {
    for (const batch of this.#batches.values()) for (const { reject } of batch) reject(reason);
    this.#batches.clear();
  }
}

/** Shared memory goes as it is; anything else is copied once and handed over. */
function toMessage(job: HashJob, copies: ArrayBuffer[]): HashJob {
  if (job.source.kind === 'files' || job.source.data.buffer instanceof SharedArrayBuffer) return job;
  const data = new Uint8Array(job.source.data);
  copies.push(data.buffer);
  return { ...job, source: { kind: 'memory', data } };
}

function closedError(): SystemError {
  return new SystemError('HASHER_CLOSED', 'the hasher was closed');
}
