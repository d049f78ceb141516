// Which code has run, by V8's own counters: what tells an input that is worth keeping from one more of the same.
import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Branches that have run so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** Branches that have run since the last call. */
  take(): Set<string> {
    const ran = new Set<string>();
    this.#session.post('Profiler.takePreciseCoverage', (_, coverage) => {
      for (const { url, functions } of coverage.result) {
        if (!url.includes('/src/')) continue;
        for (const { ranges } of functions) for (const range of ranges) note(ran, url, range);
      }
    });
    return ran;
  }

  /** Those among them that had never run before. */
  takeNews(): Set<string> {
    const news = new Set([...this.take()].filter((branch) => !this.#seen.has(branch)));
    for (const branch of news) this.#seen.add(branch);
    return news;
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

function note(ran: Set<string>, url: string, { startOffset, endOffset, count }: Range): void {
  // Loops that run oftener are news too, by orders of magnitude.
  const often = Math.floor(Math.log2(count) / 6);
  if (count > 0) ran.add(`${url} ${String(startOffset)} ${String(endOffset)} ${String(often)}`);
}
