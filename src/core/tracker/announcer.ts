// Client machine: decides when to announce what to which tracker (BEP 3, 12, 21, 31). One lane for each tier and
// swarm (a hybrid torrent has two swarms, v1 and v2): in a lane one announce is under way at a time, trackers are
// tried in order until one answers, and that one moves to the front (BEP 12).
import type { Millis } from '../time.ts';
import { Lane, type AnnouncerStatus, type LaneTracker } from './announce-lane.ts';
import type { AnnounceEvent, AnnounceOutcome } from './model.ts';
import { canonicalTrackerUrl, parseTrackerUrl, type TrackerScheme } from './tracker-url.ts';

export interface AnnouncerOptions {
  /** BEP 12 tiers. */
  readonly tiers: readonly (readonly string[])[];
  /** Number of info hashes that are announced. */
  readonly swarms: number;
  /** Schemes that the driver can speak; other trackers are reported as failed and left alone. */
  readonly schemes: readonly TrackerScheme[];
  /**
   * `all` (default) keeps one tracker of every tier informed, so that peers meet wherever they look;
   * `in-order` is BEP 12 to the letter: a tier is used only while all before it fail.
   */
  readonly tierOrder?: 'all' | 'in-order' | undefined;
  /** Uniform 32-bit numbers: shuffling (BEP 12) and jitter. */
  readonly random: () => number;
}

export type AnnouncerInput =
  /** Begin, or begin again after a stop: the first announce to each tracker is `started`. */
  | { readonly kind: 'start' }
  /** The download has just become whole. */
  | { readonly kind: 'completed' }
  /** More peers are wanted now; honours the trackers' minimum interval. */
  | { readonly kind: 'update' }
  /** Say `stopped` to every tracker that knows us; then comes the effect `finished`. */
  | { readonly kind: 'stop' }
  /** How an announce ended. `unreachable` covers broken answers too. */
  | { readonly kind: 'outcome'; readonly id: number; readonly outcome: AnnounceOutcome }
  | { readonly kind: 'unreachable'; readonly id: number; readonly message: string }
  /** The time that nextTimeout() gave has come. */
  | { readonly kind: 'timeout' };

export interface AnnounceEffect {
  readonly kind: 'announce';
  readonly id: number;
  readonly url: string;
  readonly swarm: number;
  readonly event: AnnounceEvent;
  readonly trackerId: string | undefined;
}

export type AnnouncerEffect =
  /** Announce; answer with one `outcome` or `unreachable`. */
  | AnnounceEffect
  /** The announce is of no use any more; its outcome is ignored. */
  | { readonly kind: 'abort'; readonly id: number }
  /** All `stopped` announces have ended. */
  | { readonly kind: 'finished' };

/** Machine: `handle` one input, then drain `poll`, then arm one timer for `nextTimeout`. */
export class Announcer {
  readonly #lanes: Lane[] = [];
  readonly #tiers: readonly (readonly string[])[];
  readonly #inOrder: boolean;
  readonly #effects: AnnouncerEffect[] = [];
  /** Running announces by id. */
  readonly #running = new Map<number, { lane: Lane; tracker: LaneTracker; event: AnnounceEvent }>();
  #nextId = 1;
  #phase: 'idle' | 'running' | 'stopping' = 'idle';

  constructor(options: AnnouncerOptions) {
    this.#inOrder = options.tierOrder === 'in-order';
    this.#tiers = uniqueTiers(options.tiers);
    const orders = this.#tiers.map((tier) => shuffled(tier, options.random));
    for (let swarm = 0; swarm < options.swarms; swarm++) {
      for (const [tier, urls] of orders.entries()) {
        this.#lanes.push(new Lane({ urls, tier, swarm, schemes: options.schemes, random: options.random }));
      }
    }
  }

  handle(input: AnnouncerInput, now: Millis): void {
    switch (input.kind) {
      case 'start':
        this.#start(now);
        break;
      case 'completed':
        for (const lane of this.#lanes) lane.complete(now);
        this.#announceDue(now);
        break;
      case 'update':
        for (const lane of this.#lanes) lane.hasten(now);
        this.#announceDue(now);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'outcome':
        this.#settle(input.id, now, (lane, tracker, event) => {
          lane.settle(tracker, { outcome: input.outcome, event }, now);
        });
        break;
      case 'unreachable':
        this.#settle(input.id, now, (lane, tracker) => {
          lane.fail(tracker, { message: input.message, retryMinutes: undefined }, now);
        });
        break;
      case 'timeout':
        this.#announceDue(now);
        break;
    }
  }

  poll(): AnnouncerEffect | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): Millis | undefined {
    if (this.#phase !== 'running') return undefined;
    let soonest: Millis | undefined;
    for (const lane of this.#lanes) {
      if (lane.busy || lane.nextAt === undefined || !this.#isTurn(lane)) continue;
      if (soonest === undefined || lane.nextAt < soonest) soonest = lane.nextAt;
    }
    return soonest;
  }

  /** One entry for each tracker, in the order of the torrent. */
  status(): AnnouncerStatus[] {
    return this.#tiers.flatMap((tier, index) =>
      tier.map((url) => {
        const states = this.#lanes
          .filter((lane) => lane.tier === index)
          .map((lane) => lane.status(url))
          .filter((state) => state !== undefined);
        const rank = ['announcing', 'working', 'failed', 'idle'] as const;
        const first = rank.map((kind) => states.find((state) => state.status === kind)).find(Boolean);
        return first ?? idleStatus(url);
      }),
    );
  }

  #start(now: Millis): void {
    if (this.#phase === 'running') return;
    this.#abortAll();
    this.#phase = 'running';
    for (const lane of this.#lanes) lane.start(now);
    this.#announceDue(now);
  }

  #stop(): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'stopping';
    // A `started` that is still under way may have reached the tracker: it gets a `stopped` too.
    const known = this.#lanes.flatMap((lane) => lane.farewells().map((tracker) => ({ lane, tracker })));
    this.#abortAll();
    for (const { lane, tracker } of known) this.#announce(lane, tracker, 'stopped');
    this.#finishIfDone();
  }

  #announceDue(now: Millis): void {
    if (this.#phase !== 'running') return;
    for (const lane of this.#lanes) {
      if (lane.busy || lane.nextAt === undefined || lane.nextAt > now || !this.#isTurn(lane)) continue;
      const tracker = lane.begin(now);
      if (tracker !== undefined) this.#announce(lane, tracker, lane.eventFor(tracker));
    }
  }

  #announce(lane: Lane, tracker: LaneTracker, event: AnnounceEvent): void {
    const id = this.#nextId++;
    this.#running.set(id, { lane, tracker, event });
    const { url, trackerId } = tracker;
    this.#effects.push({ kind: 'announce', id, url, swarm: lane.swarm, event, trackerId });
  }

  #settle(
    id: number,
    now: Millis,
    apply: (lane: Lane, tracker: LaneTracker, event: AnnounceEvent) => void,
  ): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    if (this.#phase === 'stopping') {
      this.#finishIfDone();
    } else {
      apply(running.lane, running.tracker, running.event);
      this.#announceDue(now);
    }
  }

  #finishIfDone(): void {
    if (this.#running.size > 0) return;
    this.#phase = 'idle';
    this.#effects.push({ kind: 'finished' });
  }

  #abortAll(): void {
    for (const id of this.#running.keys()) this.#effects.push({ kind: 'abort', id });
    this.#running.clear();
    for (const lane of this.#lanes) lane.rest();
  }

  #isTurn(lane: Lane): boolean {
    if (!this.#inOrder) return true;
    return this.#lanes.every(
      (other) => other.swarm !== lane.swarm || other.tier >= lane.tier || other.exhausted,
    );
  }
}

function idleStatus(url: string): AnnouncerStatus {
  return {
    url,
    status: 'idle',
    message: undefined,
    seeders: undefined,
    leechers: undefined,
    nextAnnounceAt: undefined,
  };
}

/** The same tracker counts once, at its first place. */
function uniqueTiers(tiers: readonly (readonly string[])[]): string[][] {
  const seen = new Set<string>();
  const unique = tiers.map((tier) =>
    tier.filter((url) => {
      const parsed = parseTrackerUrl(url);
      const name = parsed === undefined ? url : canonicalTrackerUrl(parsed);
      if (seen.has(name)) return false;
      seen.add(name);
      return true;
    }),
  );
  return unique.filter((tier) => tier.length > 0);
}

function shuffled(urls: readonly string[], random: () => number): string[] {
  const order = [...urls];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor((random() / 2 ** 32) * (i + 1));
    const [a, b] = [order[i], order[j]];
    if (a !== undefined && b !== undefined) [order[i], order[j]] = [b, a];
  }
  return order;
}
