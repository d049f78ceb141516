// A web server as a peer (BEP 19, BEP 17): takes the engine's requests, merges neighbours into ranges, fetches them over
// HTTP and answers with pieces. Errors end the peer, which comes back after a time; a seed that the engine throws out
// for bad data does not.
import { ProtocolError, SwarmpressError, SystemError } from '../core/errors.ts';
import { toPeerId } from '../core/ids.ts';
import type { PeerKey } from '../core/swarm/inputs.ts';
import type { Message } from '../core/wire/messages.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpPort, HttpResponse, LocalReach } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { BlockAssembler } from './block-assembler.ts';
import type { WebSeedSnapshot } from './api.ts';
import type { PeerLink } from './peer-link.ts';
import { firstBusy } from './rate-limiter.ts';
import type { SwarmDriver } from './swarm-driver.ts';
import type { Block, Fetch, WebSource } from './webseed-urls.ts';

export interface WebSeedDeps {
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface WebSeedContext {
  readonly swarm: SwarmDriver;
  readonly deps: WebSeedDeps;
  /** What its URL may ask of private networks. */
  readonly local: LocalReach;
}

/** Ranges fetched at once: while one comes, the next is on its way to the server. */
const LANES = 2;
/** A second range is not begun for less. */
const MIN_SECOND_RUN = 512 * 1024;
const MAX_RUN = 16 * 1024 * 1024;
/** Without ranges a server sends a file from its start: how much of that is worth throwing away. */
const MAX_SKIP = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 15 * 60_000;

/** Says that it should be asked again, and when. */
class LaterError extends SystemError {
  readonly delayMs: number;

  constructor(status: number, delayMs: number) {
    super('WEBSEED_BUSY', `the web seed answered HTTP ${String(status)}`);
    this.delayMs = delayMs;
  }
}

export class WebSeed implements PeerLink {
  readonly url: string;
  readonly #source: WebSource;
  readonly #local: LocalReach;
  readonly #swarm: SwarmDriver;
  readonly #deps: WebSeedDeps;
  #key: PeerKey | undefined;
  #queue: Block[] = [];
  #lanes = 0;
  #abort = new AbortController();
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #resumed: Promise<void> | undefined;
  #onResume: () => void = () => undefined;
  #closed = false;
  #downloaded = 0;
  #trouble: string | undefined;

  /** Joins the swarm at once. */
  constructor(url: string, source: WebSource, context: WebSeedContext) {
    this.url = url;
    this.#source = source;
    this.#local = context.local;
    this.#swarm = context.swarm;
    this.#deps = context.deps;
    this.#join();
  }

  /** For good: nobody needs it any more, or the engine has thrown it out. */
  get isClosed(): boolean {
    return this.#closed;
  }

  send(message: Message): void {
    if (message.kind === 'request') this.#queue.push(message);
    else if (message.kind === 'cancel') this.#queue = this.#queue.filter((block) => !isSame(block, message));
    else return;
    this.#swarm.needsFlush(this);
  }

  upload(): void {
    // A web seed asks for nothing.
  }

  pauseRead(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#onResume = resolve;
    });
  }

  resumeRead(): void {
    this.#resumed = undefined;
    this.#onResume();
  }

  flush(): void {
    while (this.#queue.length > 0 && this.#lanes < LANES && !this.#closed) {
      const run = this.#nextRun();
      const bytes = run.reduce((sum, block) => sum + block.length, 0);
      if (this.#lanes > 0 && bytes < MIN_SECOND_RUN) return;
      this.#queue.splice(0, run.length);
      void this.#fetchRun(run);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#leave();
  }

  /** If it failed: joins again now. */
  retry(): void {
    if (this.#cancelRetry === undefined || this.#closed) return;
    this.#cancelRetry();
    this.#retryMs = FIRST_RETRY_MS;
    this.#join();
  }

  snapshot(): WebSeedSnapshot {
    const rest = this.#lanes > 0 ? 'working' : 'idle';
    return {
      url: this.url,
      status: this.#trouble === undefined ? rest : 'failed',
      message: this.#trouble,
      downloaded: this.#downloaded,
    };
  }

  #join(): void {
    this.#cancelRetry = undefined;
    this.#abort = new AbortController();
    this.#key = this.#swarm.join(this, {
      transport: 'webseed',
      address: undefined,
      outgoing: true,
      peerId: toPeerId(this.#deps.random.bytes(20)),
      capabilities: { extended: false, fast: true, dht: false, v2: false },
    });
    this.#swarm.push({ kind: 'message', peer: this.#key, message: { kind: 'have-all' } });
  }

  #leave(): void {
    const key = this.#key;
    if (key === undefined) return;
    this.#key = undefined;
    this.#queue = [];
    this.resumeRead();
    this.#abort.abort();
    this.#swarm.gone(this, key);
  }

  #nextRun(): Block[] {
    const run: Block[] = [];
    let bytes = 0;
    for (const block of this.#queue) {
      const last = run.at(-1);
      if (last !== undefined && (bytes >= MAX_RUN || !this.#source.joins(last, block))) break;
      run.push(block);
      bytes += block.length;
    }
    return run;
  }

  async #fetchRun(run: readonly Block[]): Promise<void> {
    const { signal } = this.#abort;
    this.#lanes++;
    try {
      const assembler = new BlockAssembler(run, (block, data) => {
        this.#deliver(block, data);
      });
      for (const fetch of this.#source.fetches(run)) await this.#fetch(fetch, assembler, signal);
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      if (!signal.aborted) this.#fail(error);
    } finally {
      this.#lanes--;
    }
    this.flush();
  }

  async #fetch(fetch: Fetch, assembler: BlockAssembler, signal: AbortSignal): Promise<void> {
    const { url, from, length } = fetch;
    if (url === undefined) {
      assembler.push(new Uint8Array(length));
      return;
    }
    const range = from === undefined ? undefined : `bytes=${String(from)}-${String(from + length - 1)}`;
    const response = await this.#deps.http.request({
      url,
      headers: range === undefined ? {} : { range },
      signal,
      timeoutMs: TIMEOUT_MS,
      maxRedirects: 5,
      local: this.#local,
      passing: true,
    });
    let skip = await bytesToSkip(response, from ?? 0);
    let left = length;
    for await (const chunk of response.body) {
      const wanted = chunk.subarray(Math.min(skip, chunk.length), Math.min(skip + left, chunk.length));
      skip = Math.max(0, skip - chunk.length);
      left -= wanted.length;
      for (const limiter of this.#swarm.downloadLimiters) limiter.take(chunk.length);
      this.#swarm.batch(() => {
        assembler.push(wanted);
      });
      if (left === 0 || signal.aborted) break;
      await this.#allowance();
    }
    if (left > 0 && !signal.aborted) {
      throw new ProtocolError('WEBSEED_SHORT', `${String(left)} bytes are missing from the answer`);
    }
  }

  /** Waits while the engine or a rate limit wants nothing read. */
  async #allowance(): Promise<void> {
    if (this.#resumed !== undefined) await this.#resumed;
    for (let busy = this.#busyLimiter(); busy !== undefined; busy = this.#busyLimiter()) {
      const limiter = busy;
      await new Promise<void>((resolve) => {
        limiter.wait(resolve);
      });
    }
  }

  #busyLimiter(): ReturnType<typeof firstBusy> {
    return this.#closed ? undefined : firstBusy(this.#swarm.downloadLimiters);
  }

  #deliver(block: Block, data: Uint8Array): void {
    if (this.#key === undefined) return;
    this.#retryMs = FIRST_RETRY_MS;
    this.#trouble = undefined;
    this.#downloaded += data.length;
    const { piece, begin } = block;
    this.#swarm.push({ kind: 'message', peer: this.#key, message: { kind: 'piece', piece, begin, data } });
  }

  #fail(error: Error): void {
    const delayMs = error instanceof LaterError ? error.delayMs : this.#retryMs;
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#deps.log.info('web seed failed', { url: this.url, reason: error.message, retryMs: delayMs });
    this.#trouble = error.message;
    this.#leave();
    this.#cancelRetry = this.#deps.clock.schedule(delayMs, () => {
      this.#join();
    });
  }
}

/** Bytes of the body before the wanted ones. Throws where the answer cannot be used. */
async function bytesToSkip(response: HttpResponse, from: number): Promise<number> {
  const { status, headers } = response;
  if (status === 206) {
    const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    if (start === undefined || Number(start) === from) return 0;
    throw new ProtocolError('WEBSEED_WRONG_RANGE', 'the web seed sent another range than it was asked for', {
      expected: from,
      received: Number(start),
    });
  }
  if (status === 200 && from <= MAX_SKIP) return from;
  if (status === 200) throw new ProtocolError('WEBSEED_NO_RANGES', 'the web seed does not send ranges');
  if (status === 503 || status === 429) throw new LaterError(status, await retryDelayMs(response));
  throw new SystemError('WEBSEED_STATUS', `the web seed answered HTTP ${String(status)}`);
}

/** BEP 17 puts the seconds into the body, HTTP into a header. */
async function retryDelayMs(response: HttpResponse): Promise<number> {
  let text = response.headers['retry-after'] ?? '';
  if (text === '') {
    for await (const chunk of response.body) {
      text = String.fromCharCode(...chunk.subarray(0, 16));
      break;
    }
  }
  const seconds = /^\s*\d+\s*$/.test(text) ? Number(text) : FIRST_RETRY_MS / 1000;
  return Math.min(LAST_RETRY_MS, Math.max(1000, seconds * 1000));
}

function isSame(a: Block, b: Block): boolean {
  return a.piece === b.piece && a.begin === b.begin;
}
