// The page's end of its content worker: starts it, numbers the requests, and lends the buffers that travel to it and
// back, so that a download of any length makes no garbage of its size.
import { SystemError } from '../core/errors.ts';
import type { NumberedRequest, WorkerAnswer, WorkerRequest, WorkerResult } from './worker-messages.ts';

/** What a browser calls an error, and what we call it. */
const CODES: Readonly<Record<string, string>> = {
  QuotaExceededError: 'DISK_FULL',
  NoModificationAllowedError: 'STORAGE_BUSY',
  RangeError: 'DISK_SHORT_READ',
};
/** Buffers that wait to be used again. */
const MAX_SPARE_BYTES = 8 * 1024 * 1024;

interface Waiting {
  readonly resolve: (result: WorkerResult) => void;
  readonly reject: (error: Error) => void;
}

export class ContentThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #spareBytes = 0;
  #next = 1;
  /** Why nothing is answered any more. */
  #end: SystemError | undefined;

  /** `script` is where content-worker.js is, if not beside the script of the page. */
  constructor(script: string | undefined) {
    const worker = startWorker(script);
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<WorkerAnswer>) => {
      this.#settle(event.data);
    });
    worker.addEventListener('error', (event) => {
      this.#fail(new SystemError('WORKER_FAILED', event.message || 'the worker of the page did not start'));
    });
  }

  /** A buffer of this length, with anything in it. It goes out with a request. */
  lease(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#spare.findLastIndex((buffer) => buffer.length === length);
    const [buffer] = at < 0 ? [] : this.#spare.splice(at, 1);
    if (buffer === undefined) return new Uint8Array(length);
    this.#spareBytes -= length;
    return buffer;
  }

  /** Rejects with SystemError DISK_*, STORAGE_BUSY, WORKER_*. */
  call(request: WorkerRequest): Promise<WorkerResult> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const message: NumberedRequest = { id, request };
      this.#worker.postMessage(message, 'data' in request ? [request.data.buffer] : []);
    });
  }

  /** As `call`; what comes back is free for the next. */
  async send(request: Extract<WorkerRequest, { data: Uint8Array }>): Promise<WorkerResult> {
    const result = await this.call(request);
    if (result.data !== undefined) this.release(result.data);
    return result;
  }

  /** Nobody looks at the buffer any more. */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#spareBytes + buffer.length > MAX_SPARE_BYTES) return;
    this.#spare.push(buffer);
    this.#spareBytes += buffer.length;
  }

  close(): void {
    this.#worker.terminate();
    this.#fail(new SystemError('WORKER_CLOSED', 'the download was closed'));
  }

  #settle(answer: WorkerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(new SystemError(CODES[answer.name] ?? 'DISK_FAILED', answer.message));
  }

  #fail(error: SystemError): void {
    this.#end ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** Browsers start no worker of another origin, but one of this origin may import it. */
function startWorker(script: string | undefined): Worker {
  // The form that bundlers know; in dist/ it is right as it stands.
  if (script === undefined)
    return new Worker(new URL('./content-worker.js', import.meta.url), { type: 'module' });
  const url = URL.createObjectURL(
    new Blob([`import ${JSON.stringify(script)};`], { type: 'text/javascript' }),
  );
  const worker = new Worker(url, { type: 'module' });
  const forget = (): void => {
    URL.revokeObjectURL(url);
  };
  worker.addEventListener('message', forget, { once: true });
  worker.addEventListener('error', forget, { once: true });
  return worker;
}
