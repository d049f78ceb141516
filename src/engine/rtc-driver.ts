// Signalling for one swarm over its WebSocket trackers: loads WebRTC, runs a Signalling machine per tracker and turns
// opened channels into streams for the torrent's peers.
import type { InfoHash, PeerId } from '../core/ids.ts';
import { SystemError } from '../core/errors.ts';
import { Signalling, type HalfKey, type SignallingEffect, type SwarmCounts } from '../core/rtc/signalling.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { RtcHalf, RtcOffer, RtcPort } from '../ports/rtc.ts';
import type { Stream } from '../ports/transport.ts';
import type { TextSocket, WebSocketPort } from '../ports/websocket.ts';
import type { TrackerSnapshot } from './api.ts';

export interface RtcDriverOptions {
  /** ws:// and wss:// announce URLs. */
  readonly trackers: readonly string[];
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly counts: () => SwarmCounts;
  /** See SignallingOptions. */
  readonly wanted: () => number;
  readonly welcomes: () => boolean;
  /** An open channel; `outgoing` tells who sends its handshake first. */
  readonly onStream: (stream: Stream, outgoing: boolean) => void;
}

export interface RtcDriverDeps {
  /** Rejects with SystemError RTC_UNAVAILABLE. */
  readonly rtc: () => Promise<RtcPort>;
  readonly websocket: WebSocketPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Keys of the trackers' halves must not meet. */
const KEYS_PER_TRACKER = 1_000_000_000;

export class RtcDriver {
  readonly #options: RtcDriverOptions;
  readonly #deps: RtcDriverDeps;
  #lanes: readonly Lane[] = [];
  #missing: string | undefined;
  #stopped = false;

  constructor(options: RtcDriverOptions, deps: RtcDriverDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  start(): void {
    this.#deps.rtc().then(
      (rtc) => {
        this.#open(rtc);
      },
      (error: unknown) => {
        if (!(error instanceof SystemError)) throw error;
        this.#missing = error.message;
        this.#deps.log.warn('peers in browsers cannot be reached', { reason: error.message });
      },
    );
  }

  completed(): void {
    for (const lane of this.#lanes) lane.run({ kind: 'completed' });
  }

  /** Trackers are asked again as soon as they may be. */
  retry(): void {
    for (const lane of this.#lanes) lane.run({ kind: 'retry' });
  }

  snapshot(): readonly TrackerSnapshot[] {
    if (this.#lanes.length > 0) return this.#lanes.map((lane) => lane.snapshot());
    const status = this.#missing === undefined ? 'idle' : 'failed';
    return this.#options.trackers.map((url) => ({ ...NOTHING_KNOWN, url, status, message: this.#missing }));
  }

  /** Tells the trackers `stopped`; open streams live on. */
  stop(): void {
    this.#stopped = true;
    for (const lane of this.#lanes) lane.stop();
  }

  #open(rtc: RtcPort): void {
    if (this.#stopped) return;
    const context = { options: this.#options, deps: this.#deps, rtc };
    this.#lanes = this.#options.trackers.map((url, i) => new Lane(url, i * KEYS_PER_TRACKER, context));
    for (const lane of this.#lanes) lane.run({ kind: 'tick' });
  }
}

const NOTHING_KNOWN = { seeders: undefined, leechers: undefined, nextAnnounceSeconds: undefined };

interface LaneContext {
  readonly options: RtcDriverOptions;
  readonly deps: RtcDriverDeps;
  readonly rtc: RtcPort;
}

/** One tracker. */
class Lane {
  readonly #url: string;
  readonly #options: RtcDriverOptions;
  readonly #deps: RtcDriverDeps;
  readonly #rtc: RtcPort;
  readonly #machine: Signalling;
  readonly #halves = new Map<HalfKey, RtcHalf | RtcOffer>();
  readonly #abort = new AbortController();
  #socket: TextSocket | undefined;
  #cancelTimer: (() => void) | undefined;
  #running = false;

  constructor(url: string, firstKey: HalfKey, context: LaneContext) {
    this.#url = url;
    this.#options = context.options;
    this.#deps = context.deps;
    this.#rtc = context.rtc;
    const random = (): number => context.deps.random.uint32();
    this.#machine = new Signalling({ ...context.options, random }, this.#now(), firstKey);
  }

  stop(): void {
    this.run({ kind: 'stop' });
    this.#abort.abort();
    this.#cancelTimer?.();
    for (const half of this.#halves.values()) half.close();
    this.#halves.clear();
  }

  snapshot(): TrackerSnapshot {
    return { url: this.#url, ...this.#machine.snapshot(), nextAnnounceSeconds: undefined };
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  run(input: Parameters<Signalling['handle']>[0]): void {
    if (this.#abort.signal.aborted) return;
    this.#machine.handle(input, this.#now());
    // An effect that answers at once comes back here: its input is drained by the outer loop.
    if (this.#running) return;
    this.#running = true;
    for (let effect = this.#machine.poll(); effect !== undefined; effect = this.#machine.poll())
      this.#apply(effect);
    this.#running = false;
    this.#arm();
  }

  #apply(effect: SignallingEffect): void {
    switch (effect.kind) {
      case 'connect':
        void this.#connect();
        break;
      case 'send':
        this.#socket?.send(effect.text);
        break;
      case 'make-offers':
        void this.#makeOffers(effect.count);
        break;
      case 'accept':
        this.#accept(effect.key, effect.sdp);
        break;
      case 'make-answer':
        void this.#makeAnswer(effect.key, effect.sdp);
        break;
      case 'drop':
        this.#halves.get(effect.key)?.close();
        this.#halves.delete(effect.key);
        break;
      case 'close':
        this.#socket?.close();
        break;
    }
  }

  async #connect(): Promise<void> {
    try {
      this.#socket = await this.#deps.websocket.connect(
        this.#url,
        {
          onText: (text) => {
            this.run({ kind: 'frame', text });
          },
          onClose: () => {
            this.#socket = undefined;
            this.run({ kind: 'socket-closed' });
          },
        },
        { timeoutMs: CONNECT_TIMEOUT_MS, signal: this.#abort.signal },
      );
      this.run({ kind: 'socket-open' });
    } catch (error) {
      this.#deps.log.debug('no connection to the tracker', { url: this.#url, error: String(error) });
      this.run({ kind: 'socket-closed' });
    }
  }

  async #makeOffers(count: number): Promise<void> {
    const made = await Promise.allSettled(Array.from({ length: count }, () => this.#rtc.offer()));
    const offers = made.flatMap((result) => {
      if (result.status === 'rejected') return [];
      const key = this.#machine.takeKey();
      this.#halves.set(key, result.value);
      return [{ key, sdp: result.value.sdp }];
    });
    this.run({ kind: 'offers-made', offers });
  }

  #accept(key: HalfKey, sdp: string): void {
    const half = this.#halves.get(key);
    if (half === undefined || !('accept' in half)) return;
    half.accept(sdp);
    this.#await(key, half, true);
  }

  async #makeAnswer(key: HalfKey, offerSdp: string): Promise<void> {
    try {
      const half = await this.#rtc.answer(offerSdp);
      this.#halves.set(key, half);
      this.run({ kind: 'answer-made', key, sdp: half.sdp });
      this.#await(key, half, false);
    } catch (error) {
      this.#deps.log.debug('offer not answered', { error: String(error) });
      this.run({ kind: 'answer-made', key, sdp: undefined });
    }
  }

  #await(key: HalfKey, half: RtcHalf, outgoing: boolean): void {
    half.stream.then(
      (stream) => {
        this.#halves.delete(key);
        if (this.#abort.signal.aborted) stream.close();
        else this.#options.onStream(stream, outgoing);
      },
      (error: unknown) => {
        this.#halves.delete(key);
        this.#deps.log.debug('WebRTC connection failed', { error: String(error) });
      },
    );
  }

  #arm(): void {
    this.#cancelTimer?.();
    const at = this.#machine.nextTimeout();
    if (at === undefined) return;
    this.#cancelTimer = this.#deps.clock.schedule(Math.max(0, at - this.#now()), () => {
      this.run({ kind: 'tick' });
    });
  }
}
