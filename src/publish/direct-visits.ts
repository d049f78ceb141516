// Who downloads over HTTP: web seed requests of peers and plain downloads of people alike. One line for each visitor
// (address and program), bounded, forgotten a while after the last byte.
import { RateMeter } from '../core/swarm/rate.ts';

/** One request for one file. */
export interface DirectRequest {
  readonly address: string;
  /** What the program calls itself; text of unknown origin. */
  readonly agent: string;
  /** It asked for the file as a whole, with no range. */
  readonly isWhole: boolean;
  /** Bytes of the file. */
  readonly length: number;
}

export interface DirectVisitor {
  readonly address: string;
  readonly agent: string;
  readonly sent: number;
  /** Bytes a second over the last seconds. */
  readonly rate: number;
  /** Its last request asked for a range. */
  readonly isRanged: boolean;
}

/** A file that went out whole in one answer. */
export interface WholeFile {
  readonly address: string;
  readonly bytes: number;
}

interface Line {
  readonly address: string;
  readonly agent: string;
  readonly meter: RateMeter;
  isRanged: boolean;
  lastAt: number;
}

const MAX_LINES = 500;
const MAX_WHOLE = 10_000;
const MAX_AGENT_CHARS = 120;
const FORGET_MS = 60_000;
const BUCKET_MS = 1000;
const BUCKETS = 10;

export class DirectVisits {
  /** Bytes of content sent over HTTP. */
  sent = 0;
  readonly #now: () => number;
  readonly #lines = new Map<string, Line>();
  #whole: WholeFile[] = [];

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A request begins; the answer is told of each part that was read for it. */
  begin(request: DirectRequest): (bytes: number) => void {
    let sent = 0;
    return (bytes) => {
      const now = this.#now();
      sent += bytes;
      this.sent += bytes;
      const line = this.#lineOf(request, now);
      line.meter.add(bytes, now);
      line.isRanged = !request.isWhole;
      line.lastAt = now;
      if (request.isWhole && sent >= request.length && this.#whole.length < MAX_WHOLE) {
        this.#whole.push({ address: request.address, bytes: sent });
      }
    };
  }

  /** The busiest first. */
  visitors(): DirectVisitor[] {
    const now = this.#now();
    for (const [key, { lastAt }] of this.#lines) if (now - lastAt > FORGET_MS) this.#lines.delete(key);
    return [...this.#lines.values()]
      .map(({ address, agent, meter, isRanged }) => ({
        ...{ address, agent, isRanged, sent: meter.total, rate: meter.perSecond(now) },
      }))
      .sort((a, b) => b.rate - a.rate);
  }

  /** Files that went out whole since the last call. */
  takeWhole(): readonly WholeFile[] {
    return this.#whole.splice(0);
  }

  #lineOf({ address, agent }: DirectRequest, now: number): Line {
    const name = agent.slice(0, MAX_AGENT_CHARS);
    const key = `${address} ${name}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#lines.keys();
    if (this.#lines.size >= MAX_LINES && oldest !== undefined) this.#lines.delete(oldest);
    const meter = new RateMeter(now, BUCKET_MS, BUCKETS);
    const line: Line = { address, agent: name, meter, isRanged: false, lastAt: now };
    this.#lines.set(key, line);
    return line;
  }
}
