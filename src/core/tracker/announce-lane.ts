// One tier's announcing for one swarm: which tracker is next and when. At most one announce is under way; a tracker
// that answers moves to the front (BEP 12); when all have failed the whole tier waits, longer each time.
import type { Millis } from '../time.ts';
import type { AnnounceEvent, AnnounceOutcome, AnnounceReply, TrackerFailure } from './model.ts';
import { parseTrackerUrl, type TrackerScheme } from './tracker-url.ts';

/** A tracker that asks for a faster pace than this is not obeyed. */
const MIN_INTERVAL_MS: Millis = 10_000;
/** Between hastened announces where the tracker names no minimum. */
const DEFAULT_MIN_INTERVAL_MS: Millis = 60_000;
const BACKOFF_FIRST_MS: Millis = 10_000;
const BACKOFF_MAX_MS: Millis = 30 * 60_000;

/** One tracker at one moment, over all swarms. */
export interface AnnouncerStatus {
  readonly url: string;
  readonly status: 'idle' | 'announcing' | 'working' | 'failed';
  readonly message: string | undefined;
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
  readonly nextAnnounceAt: Millis | undefined;
}

export interface LaneOptions {
  /** In the order in which they are tried. */
  readonly urls: readonly string[];
  readonly tier: number;
  readonly swarm: number;
  readonly schemes: readonly TrackerScheme[];
  readonly random: () => number;
}

/** What is known of one tracker for one swarm. Written by its Lane alone. */
export interface LaneTracker {
  readonly url: string;
  status: 'idle' | 'announcing' | 'working' | 'failed';
  message: string | undefined;
  /** The tracker has us in its list. */
  started: boolean;
  /** `completed` is still to be told. */
  completedDue: boolean;
  /** Not to be asked before; Infinity after `retry in: never` or where the scheme is not spoken. */
  blockedUntil: Millis;
  lastAnnounceAt: Millis;
  minIntervalMs: Millis;
  reply: AnnounceReply | undefined;
  trackerId: string | undefined;
}

export class Lane {
  readonly tier: number;
  readonly swarm: number;
  readonly #trackers: LaneTracker[];
  readonly #random: () => number;
  #current: LaneTracker | undefined;
  #next = 0;
  #failedRounds = 0;
  /** When to announce next; undefined while nothing is planned. */
  nextAt: Millis | undefined;

  constructor(options: LaneOptions) {
    this.tier = options.tier;
    this.swarm = options.swarm;
    this.#random = options.random;
    this.#trackers = options.urls.map((url) => newTracker(url, options.schemes));
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  /** Every tracker of the tier has failed since one last worked. */
  get exhausted(): boolean {
    return this.#failedRounds > 0;
  }

  start(now: Millis): void {
    this.#next = 0;
    this.#failedRounds = 0;
    this.nextAt = now;
    for (const tracker of this.#trackers) {
      tracker.started = false;
      tracker.completedDue = false;
    }
  }

  /** The download is whole: tell the trackers that saw it begin. One that is not asked yet hears `left=0` at once. */
  complete(now: Millis): void {
    for (const tracker of this.#trackers) {
      tracker.completedDue = tracker.started || tracker === this.#current;
    }
    if (this.#trackers[0]?.started === true) this.nextAt = now;
  }

  hasten(now: Millis): void {
    const tracker = this.#trackers[this.#next];
    if (tracker === undefined || this.nextAt === undefined || tracker.status !== 'working') return;
    this.nextAt = Math.min(this.nextAt, Math.max(now, tracker.lastAnnounceAt + tracker.minIntervalMs));
  }

  /** Picks the tracker to ask now; undefined where all are blocked (then nextAt says until when). */
  begin(now: Millis): LaneTracker | undefined {
    while (this.#next < this.#trackers.length) {
      const tracker = this.#trackers[this.#next];
      if (tracker !== undefined && tracker.blockedUntil <= now) {
        tracker.status = 'announcing';
        tracker.lastAnnounceAt = now;
        this.#current = tracker;
        return tracker;
      }
      this.#next++;
    }
    this.#endRound(now);
    return undefined;
  }

  eventFor(tracker: LaneTracker): AnnounceEvent {
    if (!tracker.started) {
      // Announced as a seed from the start, there is no completion to tell.
      tracker.completedDue = false;
      return 'started';
    }
    return tracker.completedDue ? 'completed' : 'none';
  }

  settle(
    tracker: LaneTracker,
    result: { readonly outcome: AnnounceOutcome; readonly event: AnnounceEvent },
    now: Millis,
  ): void {
    if (result.outcome.kind === 'failure') {
      this.fail(tracker, result.outcome.failure, now);
      return;
    }
    const reply = result.outcome.reply;
    this.#current = undefined;
    this.#failedRounds = 0;
    tracker.status = 'working';
    tracker.message = reply.warning;
    tracker.started = true;
    if (result.event === 'completed') tracker.completedDue = false;
    tracker.reply = reply;
    tracker.trackerId = reply.trackerId ?? tracker.trackerId;
    tracker.minIntervalMs =
      reply.minIntervalSeconds === undefined ? DEFAULT_MIN_INTERVAL_MS : reply.minIntervalSeconds * 1000;
    this.#toFront(tracker);
    const pause = Math.max(
      MIN_INTERVAL_MS,
      reply.intervalSeconds * 1000,
      (reply.minIntervalSeconds ?? 0) * 1000,
    );
    this.nextAt = tracker.completedDue ? now : now + pause;
  }

  fail(tracker: LaneTracker, failure: TrackerFailure, now: Millis): void {
    this.#current = undefined;
    tracker.status = 'failed';
    tracker.message = failure.message;
    if (failure.retryMinutes === 'never') tracker.blockedUntil = Infinity;
    else if (failure.retryMinutes !== undefined) tracker.blockedUntil = now + failure.retryMinutes * 60_000;
    this.#next++;
    if (this.#next < this.#trackers.length) this.nextAt = now;
    else this.#endRound(now);
  }

  /** Trackers that have us in their list, or may have: a `started` is under way. */
  farewells(): LaneTracker[] {
    return this.#trackers.filter((tracker) => tracker.started || tracker === this.#current);
  }

  /** Forget what is under way and plan nothing. */
  rest(): void {
    if (this.#current !== undefined) this.#current.status = 'idle';
    this.#current = undefined;
    this.nextAt = undefined;
    for (const tracker of this.#trackers) if (tracker.status !== 'failed') tracker.status = 'idle';
  }

  status(url: string): AnnouncerStatus | undefined {
    const tracker = this.#trackers.find((each) => each.url === url);
    if (tracker === undefined) return undefined;
    return {
      url,
      status: tracker.status,
      message: tracker.message,
      seeders: tracker.reply?.seeders,
      leechers: tracker.reply?.leechers,
      nextAnnounceAt: tracker === this.#trackers[0] && tracker.status === 'working' ? this.nextAt : undefined,
    };
  }

  #toFront(tracker: LaneTracker): void {
    this.#trackers.splice(this.#trackers.indexOf(tracker), 1);
    this.#trackers.unshift(tracker);
    this.#next = 0;
  }

  #endRound(now: Millis): void {
    this.#next = 0;
    const soonest = Math.min(...this.#trackers.map((tracker) => tracker.blockedUntil));
    this.nextAt = soonest === Infinity ? undefined : Math.max(soonest, now + this.#backoff());
    this.#failedRounds++;
  }

  /** Doubles with each failed round; up to a fifth more at random, so that a tracker's return is no stampede. */
  #backoff(): Millis {
    const base = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(this.#failedRounds, 16), BACKOFF_MAX_MS);
    return base * (1 + 0.2 * (this.#random() / 2 ** 32));
  }
}

function newTracker(url: string, schemes: readonly TrackerScheme[]): LaneTracker {
  const parsed = parseTrackerUrl(url);
  const problem =
    parsed === undefined
      ? 'not a tracker URL'
      : schemes.includes(parsed.scheme)
        ? undefined
        : `${parsed.scheme} trackers are not supported here`;
  return {
    url,
    status: problem === undefined ? 'idle' : 'failed',
    message: problem,
    started: false,
    completedDue: false,
    blockedUntil: problem === undefined ? -Infinity : Infinity,
    lastAnnounceAt: -Infinity,
    minIntervalMs: DEFAULT_MIN_INTERVAL_MS,
    reply: undefined,
    trackerId: undefined,
  };
}
