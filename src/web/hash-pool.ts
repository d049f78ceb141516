// Piece hashing off the page's thread: WebCrypto (which brings its own threads) where the page is secure, else a
// worker with a JavaScript implementation.
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { merkleRoot } from '../core/metainfo/merkle.ts';
import { SystemError, UsageError } from '../core/errors.ts';
import type { Hasher, HashJob, HashResult } from '../ports/hasher.ts';
import { webDigests } from './digests.ts';
import type { HashAnswer, HashRequest } from './hash-worker.ts';

/** WebCrypto where there is one, else a worker, made when it is first needed. */
export function createWebHasher(): Hasher {
  return window.isSecureContext ? webCryptoHasher() : new WorkerHasher();
}

function webCryptoHasher(): Hasher {
  return {
    parallelism: Math.max(1, navigator.hardwareConcurrency),
    hash: async (job) => {
      const data = memoryOf(job);
      const sha1 = job.sha1 ? digest('SHA-1', data) : undefined;
      const root = job.merkle === undefined ? undefined : rootOf(data, job.merkle);
      return { sha1: await sha1, merkleRoot: await root };
    },
    close: () => Promise.resolve(),
  };
}

async function rootOf(data: Uint8Array, merkle: NonNullable<HashJob['merkle']>): Promise<Uint8Array> {
  const count = Math.ceil(merkle.length / BLOCK_LENGTH);
  const hashes = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      digest('SHA-256', data.subarray(i * BLOCK_LENGTH, Math.min(merkle.length, (i + 1) * BLOCK_LENGTH))),
    ),
  );
  const leaves = new Uint8Array(count * 32);
  for (const [i, hash] of hashes.entries()) leaves.set(hash, i * 32);
  return merkleRoot(leaves, merkle.leaves, (bytes) => webDigests.sha256(bytes));
}

async function digest(name: 'SHA-1' | 'SHA-256', data: Uint8Array): Promise<Uint8Array> {
  // WebCrypto refuses shared memory; a page without cross-origin isolation has none.
  const view = isUnshared(data) ? data : new Uint8Array(data);
  return new Uint8Array(await crypto.subtle.digest(name, view));
}

function isUnshared(data: Uint8Array): data is Uint8Array<ArrayBuffer> {
  return data.buffer instanceof ArrayBuffer;
}

class WorkerHasher implements Hasher {
  readonly parallelism: number = 2;
  readonly #waiting = new Map<
    number,
    { resolve: (result: HashResult) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | undefined;
  #next = 1;

  hash(job: HashJob): Promise<HashResult> {
    const id = this.#next++;
    const request: HashRequest = {
      id,
      data: memoryOf(job),
      job: { sha1: job.sha1, merkle: job.merkle },
    };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#running().postMessage(request);
    });
  }

  close(): Promise<void> {
    this.#worker?.terminate();
    this.#fail(new SystemError('HASHER_CLOSED', 'the hasher was closed'));
    return Promise.resolve();
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // The form that bundlers know; in dist/ it is right as it stands.
    const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { type: 'module' });
    worker.addEventListener('message', (event: MessageEvent<HashAnswer>) => {
      this.#waiting.get(event.data.id)?.resolve(event.data.result);
      this.#waiting.delete(event.data.id);
    });
    worker.addEventListener('error', (event) => {
      this.#fail(new SystemError('HASH_WORKER_FAILED', event.message));
    });
    this.#worker = worker;
    return worker;
  }

  #fail(error: SystemError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

function memoryOf(job: HashJob): Uint8Array {
  if (job.source.kind === 'memory') return job.source.data;
  throw new UsageError('HASH_NO_FILES', 'a browser has no file paths: read the data first');
}
