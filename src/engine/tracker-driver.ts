// Keeps the trackers of one torrent informed: runs the Announcer machine over HTTP(S) and UDP, hands the peers on.
import type { PeerAddress } from '../core/address.ts';
import { concatBytes } from '../core/bytes/bytes.ts';
import { ProtocolError, SwarmpressError } from '../core/errors.ts';
import type { InfoHash, PeerId } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import {
  Announcer,
  type AnnounceEffect,
  type AnnouncerEffect,
  type AnnouncerInput,
} from '../core/tracker/announcer.ts';
import { encodeAnnounceUrl, parseAnnounceReply } from '../core/tracker/http-codec.ts';
import type { AnnounceOutcome, AnnounceRequest } from '../core/tracker/model.ts';
import { parseTrackerUrl } from '../core/tracker/tracker-url.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import type { HttpPort, HttpResponse, LocalReach } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { TrackerSnapshot } from './api.ts';
import { Drain } from './drain.ts';
import { createUdpTrackerClient } from './udp-tracker-client.ts';

export interface TrackerDriverOptions {
  /** BEP 12 tiers. */
  readonly tiers: readonly (readonly string[])[];
  /** The v1 hash, the truncated v2 hash, or both for a hybrid torrent. */
  readonly infoHashes: readonly InfoHash[];
  readonly peerId: PeerId;
  /** The port that strangers connect to. */
  readonly port: () => number;
  readonly getStats: () => TransferStats;
  /** What a tracker's URL may ask of private networks; anything by default. */
  readonly local?: ((url: string) => LocalReach) | undefined;
  /** `all` (default) or BEP 12 to the letter; see AnnouncerOptions. */
  readonly tierOrder?: 'all' | 'in-order' | undefined;
}

export interface TransferStats {
  /** Payload bytes in this session. */
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes of the torrent still missing; undefined while its size is unknown. */
  readonly left: number | undefined;
  /** Wants no more although pieces are missing (BEP 21): announced as `paused`. */
  readonly partialSeed?: boolean | undefined;
  /** Peers wanted of the next announce; the tracker's choice if undefined. */
  readonly numWant?: number | undefined;
}

export interface TrackerDriverDeps {
  readonly http: HttpPort;
  /** Undefined where there is no UDP: then UDP trackers are shown as unsupported. */
  readonly datagram: Pick<DatagramPort, 'resolve'> | undefined;
  /** The session's UDP socket, bound when it is first needed. */
  readonly socket: () => Promise<DatagramSocket>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface TrackerDriverEvents {
  onPeers(peers: readonly PeerAddress[], tracker: string): void;
  /** After each announce that ended. */
  onStatus?(): void;
  /** Our address as a tracker sees it (BEP 24). */
  onExternalIp?(ip: string): void;
}

export interface TrackerDriver {
  start(): void;
  /** The download has become whole. */
  completed(): void;
  /** More peers are wanted soon. */
  update(): void;
  /** Says goodbye; resolves when the trackers have answered, or after `limitMs` (5 s by default). Never rejects. */
  stop(limitMs?: number): Promise<void>;
  snapshot(): TrackerSnapshot[];
}

const HTTP_TIMEOUT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;

/** Trackers over ws(s) need a WebRTC peer and are shown as unsupported. */
export function createTrackerDriver(
  options: TrackerDriverOptions,
  deps: TrackerDriverDeps,
  events: TrackerDriverEvents,
): TrackerDriver {
  return new Driver(options, deps, events);
}

class Driver implements TrackerDriver {
  readonly #options: TrackerDriverOptions;
  readonly #deps: TrackerDriverDeps;
  readonly #events: TrackerDriverEvents;
  readonly #announcer: Announcer;
  readonly #drain: Drain<AnnouncerInput, AnnouncerEffect>;
  readonly #udp: ReturnType<typeof createUdpTrackerClient> | undefined;
  readonly #aborts = new Map<number, AbortController>();
  readonly #key: number;
  #onFinished: () => void = () => undefined;

  constructor(options: TrackerDriverOptions, deps: TrackerDriverDeps, events: TrackerDriverEvents) {
    this.#options = options;
    this.#deps = deps;
    this.#events = events;
    const { datagram } = deps;
    this.#udp = datagram === undefined ? undefined : createUdpTrackerClient({ ...deps, datagram });
    this.#key = deps.random.uint32();
    this.#announcer = new Announcer({
      tiers: options.tiers,
      swarms: options.infoHashes.length,
      schemes: datagram === undefined ? ['http', 'https'] : ['http', 'https', 'udp'],
      tierOrder: options.tierOrder,
      random: () => deps.random.uint32(),
    });
    this.#drain = new Drain(this.#announcer, {
      clock: deps.clock,
      tick: { kind: 'timeout' },
      apply: (effect) => {
        this.#apply(effect);
      },
      settle: () => undefined,
    });
  }

  start(): void {
    this.#drain.push({ kind: 'start' });
  }

  completed(): void {
    this.#drain.push({ kind: 'completed' });
  }

  update(): void {
    this.#drain.push({ kind: 'update' });
  }

  stop(limitMs: number = STOP_LIMIT_MS): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.schedule(limitMs, () => {
        for (const abort of this.#aborts.values()) abort.abort();
        end();
      });
      const end = (): void => {
        cancel();
        this.#drain.close();
        resolve();
      };
      this.#onFinished = end;
      this.#drain.push({ kind: 'stop' });
      if (this.#aborts.size === 0) this.#onFinished();
    });
  }

  snapshot(): TrackerSnapshot[] {
    const now = this.#deps.clock.now();
    return this.#announcer.status().map((tracker) => ({
      url: tracker.url,
      status: tracker.status,
      message: tracker.message,
      seeders: tracker.seeders,
      leechers: tracker.leechers,
      nextAnnounceSeconds:
        tracker.nextAnnounceAt === undefined
          ? undefined
          : Math.max(0, Math.round((tracker.nextAnnounceAt - now) / 1000)),
    }));
  }

  #apply(effect: AnnouncerEffect): void {
    switch (effect.kind) {
      case 'announce':
        void this.#announce(effect);
        break;
      case 'abort':
        this.#aborts.get(effect.id)?.abort();
        break;
      case 'finished':
        this.#onFinished();
        break;
    }
  }

  async #announce(effect: AnnounceEffect): Promise<void> {
    const abort = new AbortController();
    this.#aborts.set(effect.id, abort);
    const input = await this.#ask(effect, abort.signal);
    this.#aborts.delete(effect.id);
    const aborted = abort.signal.aborted;
    this.#report(effect, input, aborted);
    this.#drain.push(input);
    if (!aborted) this.#events.onStatus?.();
  }

  async #ask(effect: AnnounceEffect, signal: AbortSignal): Promise<AnnouncerInput & { id: number }> {
    const { id, url } = effect;
    try {
      const request = this.#request(effect);
      const outcome =
        this.#udp !== undefined && parseTrackerUrl(url)?.scheme === 'udp'
          ? await this.#udp.announce(url, request, {
              signal,
              onLate: (reply) => {
                this.#events.onPeers(reply.peers, url);
              },
            })
          : await this.#askHttp(url, request, signal);
      return { kind: 'outcome', id, outcome };
    } catch (error) {
      if (!(error instanceof SwarmpressError)) throw error;
      return { kind: 'unreachable', id, message: error.message };
    }
  }

  async #askHttp(url: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceOutcome> {
    const response = await this.#deps.http.request({
      url: encodeAnnounceUrl(url, request),
      signal,
      timeoutMs: HTTP_TIMEOUT_MS,
      maxRedirects: 5,
      local: this.#options.local?.(url),
    });
    const body = await readBody(response);
    if (response.status >= 200 && response.status < 300) return parseAnnounceReply(body);
    return refusalOf(response.status, body);
  }

  #request(effect: AnnounceEffect): AnnounceRequest {
    const { infoHashes, peerId, port, getStats } = this.#options;
    const infoHash = infoHashes[effect.swarm];
    if (infoHash === undefined) throw new ProtocolError('TRACKER_NO_SWARM', 'no such info hash');
    const stats = getStats();
    return {
      infoHash,
      peerId,
      port: port(),
      uploaded: stats.uploaded,
      downloaded: stats.downloaded,
      left: stats.left,
      // BEP 21: a partial seed says `paused` with every announce that has nothing else to say.
      event: effect.event === 'none' && stats.partialSeed === true ? 'paused' : effect.event,
      numWant: effect.event === 'stopped' ? 0 : stats.numWant,
      key: this.#key,
      trackerId: effect.trackerId,
    };
  }

  #report(effect: AnnounceEffect, input: AnnouncerInput, aborted: boolean): void {
    const fields = { tracker: effect.url, event: effect.event };
    if (input.kind === 'outcome' && input.outcome.kind === 'reply') {
      const { reply } = input.outcome;
      this.#deps.log.debug('tracker answered', { ...fields, peers: reply.peers.length });
      if (aborted || effect.event === 'stopped') return;
      if (reply.externalIp !== undefined) this.#events.onExternalIp?.(reply.externalIp);
      this.#events.onPeers(reply.peers, effect.url);
    } else if (input.kind === 'outcome' && input.outcome.kind === 'failure') {
      this.#deps.log.warn('tracker refused', { ...fields, reason: input.outcome.failure.message });
    } else if (input.kind === 'unreachable' && !aborted) {
      this.#deps.log.debug('tracker unreachable', { ...fields, reason: input.message });
    }
  }
}

/** Some trackers put their bencoded refusal under an error status; else the status itself is the message. */
function refusalOf(status: number, body: Uint8Array): AnnounceOutcome {
  try {
    const outcome = parseAnnounceReply(body);
    if (outcome.kind === 'failure') return outcome;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  throw new ProtocolError('TRACKER_HTTP_STATUS', `the tracker answered HTTP ${String(status)}`);
}

async function readBody(response: HttpResponse): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > LIMITS.trackerReplyBytes.value) {
      throw new ProtocolError('TRACKER_REPLY_TOO_LONG', 'the tracker sent more than any reply needs');
    }
    chunks.push(chunk.slice());
  }
  return concatBytes(chunks);
}
