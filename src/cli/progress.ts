// A progress display on stderr: a bar redrawn in place on a terminal, a plain line every few seconds elsewhere.
import { formatBytes, formatDuration } from '../core/format.ts';
import type { CliStream } from './io.ts';
import type { Colors } from './colors.ts';

export interface Progress {
  /** Bytes done so far; cheap to call often. */
  update(done: number): void;
  /** Takes the bar away. */
  finish(): void;
}

export interface ProgressOptions {
  /** Undefined: nothing is shown. */
  readonly stream: CliStream | undefined;
  readonly label: string;
  readonly total: number;
  readonly colors: Colors;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5000;
const BAR_WIDTH = 24;
/** Weight of the past in the rate that is shown, for a time constant of about 3 seconds. */
const RATE_TIME_MS = 3000;

export function createProgress(options: ProgressOptions): Progress {
  const { stream, colors } = options;
  if (stream === undefined) return { update: () => undefined, finish: () => undefined };
  const now = options.now ?? (() => performance.now());
  const terminal = stream.isTTY === true;
  const interval = terminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
  const rate = new Rate(now());
  let last = now();
  let drawn = false;
  return {
    update: (done) => {
      const time = now();
      if (time - last < interval) return;
      last = time;
      rate.sample(done, time);
      const text = describe(options, done, rate.perSecond);
      if (terminal) {
        const bar = drawBar(done / Math.max(1, options.total), colors);
        stream.write(
          `\r\u001b[2K${bar} ${text.slice(0, Math.max(10, (stream.columns ?? 80) - BAR_WIDTH - 4))}`,
        );
        drawn = true;
      } else stream.write(`${text}\n`);
    },
    finish: () => {
      if (drawn) stream.write('\r\u001b[2K');
      drawn = false;
    },
  };
}

/** Bytes a second, smoothed. */
class Rate {
  #perSecond: number | undefined;
  #done = 0;
  #time: number;

  constructor(time: number) {
    this.#time = time;
  }

  get perSecond(): number {
    return this.#perSecond ?? 0;
  }

  sample(done: number, time: number): void {
    const elapsed = time - this.#time;
    const current = ((done - this.#done) * 1000) / Math.max(1, elapsed);
    const keep = Math.exp(-elapsed / RATE_TIME_MS);
    this.#perSecond = this.#perSecond === undefined ? current : this.#perSecond * keep + current * (1 - keep);
    this.#done = done;
    this.#time = time;
  }
}

function describe(options: ProgressOptions, done: number, perSecond: number): string {
  const percent = options.total === 0 ? 100 : Math.floor((done * 100) / options.total);
  const eta = perSecond > 0 ? `, ${formatDuration((options.total - done) / perSecond)} left` : '';
  return `${options.label} ${String(percent)}% of ${formatBytes(options.total)}, ${formatBytes(perSecond)}/s${eta}`;
}

/** A bar of 24 characters; `share` is 0..1. */
export function drawBar(share: number, colors: Colors): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${colors.cyan('█'.repeat(full))}${colors.dim('░'.repeat(BAR_WIDTH - full))}`;
}
