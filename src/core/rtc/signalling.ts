// Finds WebRTC peers of one swarm through one WebSocket tracker, as a machine: announces with fresh offers, matches
// answers to offers, answers strangers' offers. Knows no socket and no RTCPeerConnection: see inputs and effects.
// Invariant: every offer made ends exactly once, as accepted or as dropped.
import type { InfoHash, PeerId } from '../ids.ts';
import { ProtocolError } from '../errors.ts';
import { assertNever } from '../invariant.ts';
import type { Millis } from '../time.ts';
import type { AnnounceEvent } from '../tracker/model.ts';
import {
  encodeAnnounceFrame,
  encodeAnswerFrame,
  frameKey,
  parseTrackerFrame,
  type FrameOffer,
  type TrackerFrame,
} from './frames.ts';

/** Numbers a connection half in effects and inputs. */
export type HalfKey = number;

export interface SwarmCounts {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number | undefined;
}

export type SignallingInput =
  | { readonly kind: 'socket-open' }
  | { readonly kind: 'socket-closed' }
  | { readonly kind: 'frame'; readonly text: string }
  /** Answer to `make-offers`, one entry for each offer that could be made. */
  | {
      readonly kind: 'offers-made';
      readonly offers: readonly { readonly key: HalfKey; readonly sdp: string }[];
    }
  /** Answer to `make-answer`; undefined when the offer made no sense. */
  | { readonly kind: 'answer-made'; readonly key: HalfKey; readonly sdp: string | undefined }
  | { readonly kind: 'completed' }
  /** Do not wait any longer: connect or announce now. */
  | { readonly kind: 'retry' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'tick' };

export type SignallingEffect =
  /** Open the WebSocket; answer with `socket-open` or `socket-closed`. */
  | { readonly kind: 'connect' }
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'make-offers'; readonly count: number }
  /** Somebody answered our offer. `peerId` is the peer's, one character a byte. */
  | { readonly kind: 'accept'; readonly key: HalfKey; readonly sdp: string; readonly peerId: string }
  | { readonly kind: 'make-answer'; readonly key: HalfKey; readonly sdp: string; readonly peerId: string }
  /** Nobody answered in time. */
  | { readonly kind: 'drop'; readonly key: HalfKey }
  | { readonly kind: 'close' };

export interface SignallingOptions {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly counts: () => SwarmCounts;
  /** Connections wanted right now: how many offers to make. A peer that has everything waits to be asked. */
  readonly wanted: () => number;
  /** Whether there is room for somebody who asks. */
  readonly welcomes: () => boolean;
  readonly random: () => number;
}

export interface SignallingSnapshot {
  readonly status: 'idle' | 'announcing' | 'working' | 'failed';
  readonly message: string | undefined;
  readonly seeders: number | undefined;
  readonly leechers: number | undefined;
}

const DEFAULT_INTERVAL_MS = 120_000;
const MIN_INTERVAL_MS = 15_000;
const MAX_INTERVAL_MS = 2 * 3600_000;
/** While connections are missing, new offers go out this often: browser swarms are short-lived. */
const HUNGRY_INTERVAL_MS = 30_000;
const OFFER_LIFE_MS = 50_000;
const MAX_OFFERS = 5;
/** Strangers' offers answered in one interval. */
const MAX_ANSWERS = 30;
const BACK_OFF_FIRST_MS = 3_000;
const BACK_OFF_LAST_MS = 5 * 60_000;

export class Signalling {
  readonly #options: SignallingOptions;
  readonly #effects: SignallingEffect[] = [];
  readonly #offers = new Map<string, { readonly key: HalfKey; readonly expires: Millis }>();
  readonly #answers = new Map<HalfKey, { readonly toPeerId: string; readonly offerId: string }>();
  #event: AnnounceEvent = 'started';
  #state: 'waiting' | 'connecting' | 'open' | 'stopped' = 'waiting';
  #announceAt: Millis | undefined;
  #announcedAt: Millis = 0;
  #intervalMs = DEFAULT_INTERVAL_MS;
  #failures = 0;
  #answersLeft = MAX_ANSWERS;
  #nextKey: HalfKey;
  #makingOffers = false;
  #reply: SignallingSnapshot = {
    status: 'idle',
    message: undefined,
    seeders: undefined,
    leechers: undefined,
  };

  /** `firstKey` spaces the keys of several trackers apart. */
  constructor(options: SignallingOptions, now: Millis, firstKey: HalfKey = 1) {
    this.#options = options;
    this.#nextKey = firstKey;
    this.#announceAt = now;
  }

  handle(input: SignallingInput, now: Millis): void {
    switch (input.kind) {
      case 'socket-open':
        this.#state = 'open';
        this.#announceAt = now;
        break;
      case 'socket-closed':
        this.#disconnected(now);
        break;
      case 'frame':
        this.#receive(input.text, now);
        break;
      case 'offers-made':
        this.#announce(input.offers, now);
        break;
      case 'answer-made':
        this.#answer(input);
        break;
      case 'completed':
        this.#event = 'completed';
        this.#announceAt = now;
        break;
      case 'retry':
        this.#hasten(now);
        break;
      case 'stop':
        this.#stop();
        break;
      case 'tick':
        break;
      default:
        assertNever(input);
    }
    this.#expire(now);
  }

  poll(): SignallingEffect | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): Millis | undefined {
    if (this.#state === 'stopped') return undefined;
    let next = this.#makingOffers || this.#state === 'connecting' ? undefined : this.#announceAt;
    for (const offer of this.#offers.values()) next = Math.min(next ?? offer.expires, offer.expires);
    return next;
  }

  /** A key for a half that this machine hands out; also for the driver's offers. */
  takeKey(): HalfKey {
    return this.#nextKey++;
  }

  snapshot(): SignallingSnapshot {
    return this.#reply;
  }

  /** A tracker that answers is not asked more often than it may be. */
  #hasten(now: Millis): void {
    const at = this.#state === 'open' ? Math.max(now, this.#announcedAt + MIN_INTERVAL_MS) : now;
    if (this.#announceAt !== undefined) this.#announceAt = Math.min(this.#announceAt, at);
  }

  #expire(now: Millis): void {
    if (this.#state === 'stopped') return;
    for (const [offerId, offer] of this.#offers) {
      if (offer.expires > now) continue;
      this.#offers.delete(offerId);
      this.#effects.push({ kind: 'drop', key: offer.key });
    }
    if (this.#announceAt === undefined || this.#announceAt > now || this.#makingOffers) return;
    if (this.#state === 'waiting') {
      this.#state = 'connecting';
      this.#reply = { ...this.#reply, status: 'announcing' };
      this.#effects.push({ kind: 'connect' });
    } else if (this.#state === 'open') {
      this.#makingOffers = true;
      this.#answersLeft = MAX_ANSWERS;
      const count = Math.min(MAX_OFFERS - this.#offers.size, this.#options.wanted());
      this.#effects.push({ kind: 'make-offers', count: Math.max(0, count) });
    }
  }

  #announce(offers: readonly { readonly key: HalfKey; readonly sdp: string }[], now: Millis): void {
    this.#makingOffers = false;
    if (this.#state !== 'open') {
      for (const { key } of offers) this.#effects.push({ kind: 'drop', key });
      return;
    }
    const fresh: FrameOffer[] = offers.map(({ key, sdp }) => {
      const offerId = this.#randomId();
      this.#offers.set(offerId, { key, expires: now + OFFER_LIFE_MS });
      return { offerId, sdp };
    });
    this.#send(this.#event, fresh);
    this.#event = 'none';
    this.#announcedAt = now;
    const hungry = this.#options.wanted() > 0;
    this.#announceAt = now + (hungry ? Math.min(this.#intervalMs, HUNGRY_INTERVAL_MS) : this.#intervalMs);
  }

  #receive(text: string, now: Millis): void {
    const frame = tryParse(text);
    if (frame === undefined || frame.kind === 'other') return;
    if (frame.kind === 'failure') {
      this.#reply = { ...this.#reply, status: 'failed', message: frame.message };
      return;
    }
    if (frame.infoHash !== frameKey(this.#options.infoHash)) return;
    if (frame.kind === 'reply') this.#replied(frame, now);
    else if (frame.kind === 'offer') this.#offered(frame);
    else this.#answered(frame);
  }

  #replied(frame: Extract<TrackerFrame, { kind: 'reply' }>, now: Millis): void {
    this.#failures = 0;
    const { seeders, leechers } = frame;
    this.#reply = { status: 'working', message: undefined, seeders, leechers };
    if (frame.intervalSeconds === undefined) return;
    this.#intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, frame.intervalSeconds * 1000));
    if (this.#announceAt !== undefined) this.#announceAt = Math.min(this.#announceAt, now + this.#intervalMs);
  }

  #offered(frame: Extract<TrackerFrame, { kind: 'offer' }>): void {
    const own = frame.peerId === frameKey(this.#options.peerId);
    if (own || this.#answersLeft === 0 || !this.#options.welcomes()) return;
    this.#answersLeft--;
    const key = this.takeKey();
    this.#answers.set(key, { toPeerId: frame.peerId, offerId: frame.offerId });
    this.#effects.push({ kind: 'make-answer', key, sdp: frame.sdp, peerId: frame.peerId });
  }

  #answered(frame: Extract<TrackerFrame, { kind: 'answer' }>): void {
    const offer = this.#offers.get(frame.offerId);
    if (offer === undefined) return;
    this.#offers.delete(frame.offerId);
    this.#effects.push({ kind: 'accept', key: offer.key, sdp: frame.sdp, peerId: frame.peerId });
  }

  #answer(made: Extract<SignallingInput, { kind: 'answer-made' }>): void {
    const to = this.#answers.get(made.key);
    this.#answers.delete(made.key);
    if (to === undefined || made.sdp === undefined || this.#state !== 'open') return;
    const { infoHash, peerId } = this.#options;
    this.#effects.push({ kind: 'send', text: encodeAnswerFrame({ infoHash, peerId, ...to, sdp: made.sdp }) });
  }

  #disconnected(now: Millis): void {
    if (this.#state === 'stopped') return;
    this.#state = 'waiting';
    // A tracker that lost us has forgotten us.
    this.#event = 'started';
    this.#failures++;
    const delay = Math.min(BACK_OFF_LAST_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10));
    this.#announceAt = now + delay * (1 + this.#options.random() / 2 ** 33);
    this.#reply = { ...this.#reply, status: 'failed', message: 'no connection to the tracker' };
    this.#dropOffers();
  }

  #stop(): void {
    if (this.#state === 'open') this.#send('stopped', []);
    this.#state = 'stopped';
    this.#dropOffers();
    this.#effects.push({ kind: 'close' });
  }

  #dropOffers(): void {
    for (const { key } of this.#offers.values()) this.#effects.push({ kind: 'drop', key });
    this.#offers.clear();
  }

  #send(event: AnnounceEvent, offers: readonly FrameOffer[]): void {
    const { infoHash, peerId } = this.#options;
    const text = encodeAnnounceFrame({ infoHash, peerId, ...this.#options.counts(), event, offers });
    this.#effects.push({ kind: 'send', text });
  }

  /** 20 random bytes as text. They name an offer for 50 seconds; nothing secret hangs on them. */
  #randomId(): string {
    let id = '';
    while (id.length < 20) id += String.fromCharCode(this.#options.random() & 0xff);
    return id;
  }
}

function tryParse(text: string): TrackerFrame | undefined {
  try {
    return parseTrackerFrame(text);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
