// A tracker in this process: one store and one announce core behind HTTP, WebSocket and UDP on one port number.
import type { RequestListener } from 'node:http';
import { formatAddress } from '../core/address.ts';
import { SystemError, UsageError } from '../core/errors.ts';
import { AnnounceCore } from '../core/tracker/announce.ts';
import { ConnectionIds } from '../core/tracker/connection-id.ts';
import type { Policy, TorrentFilter } from '../core/tracker/policy.ts';
import { Relay } from '../core/tracker/relay.ts';
import { StoreCounts } from '../core/tracker/store/store-query.ts';
import { storeWords, Swarms } from '../core/tracker/swarms.ts';
import { UdpService } from '../core/tracker/udp-service.ts';
import { systemRandom } from '../node/random.ts';
import { silentLog, type Log } from '../ports/log.ts';
import { createProxyTrust } from './forwarded.ts';
import { createHttpFrontend, type HttpFrontend } from './http-frontend.ts';
import { listenTcp, type TcpListener } from './listen.ts';
import { TRACKER_DEFAULTS, type TrackerOptions, type TrackerSettings } from './options.ts';
import { createPages } from './pages.ts';
import type { TrackerStatistics } from './statistics.ts';
import { createUdpFrontend, type UdpFrontend } from './udp-frontend.ts';
import { createWsFrontend, type WsFrontend } from './ws-frontend.ts';

export interface TrackerDeps {
  readonly log?: Log | undefined;
  /** Serves HTTP requests that are not the tracker's own, on the same port. */
  readonly fallback?: RequestListener | undefined;
  /** Which torrents are tracked; all by default. May change its mind at any time. */
  readonly torrents?: TorrentFilter | undefined;
}

/** Peers of one torrent, without those that are connected by WebSocket. */
export interface SwarmCounts {
  readonly seeders: number;
  readonly leechers: number;
  /** Downloads that were reported as finished. */
  readonly downloads: number;
}

export interface Tracker {
  readonly port: number;
  /** Announce URLs of the frontends that are on; `host` is what clients know the machine by. */
  announceUrls(host: string): string[];
  statistics(): TrackerStatistics;
  /** Zeros for a torrent without peers. `infoHash`: 20 bytes. */
  counts(infoHash: Uint8Array): SwarmCounts;
  /** Stops accepting, finishes what is under way, closes all sockets. */
  close(): Promise<void>;
}

/** Peers and records looked at in one step of the sweep: well below a millisecond. */
const SWEEP_BUDGET = 5000;
const SWEEP_STEP_MS = 20;
const SWEEP_PAUSE_MS = 15_000;
/** Ports tried where TCP got a free one that UDP does not. */
const PORT_ATTEMPTS = 8;

/**
 * Starts a tracker. Rejects with SystemError LISTEN_* or UsageError TRACKER_*.
 *
 * @example
 * const tracker = await createTracker({ port: 6969 });
 * console.log(tracker.announceUrls('tracker.example').join('\n'));
 * await tracker.close();
 */
export async function createTracker(options: TrackerOptions = {}, deps: TrackerDeps = {}): Promise<Tracker> {
  const tracker = new TrackerServer(fillIn(options), deps);
  await tracker.listen();
  return tracker;
}

class TrackerServer implements Tracker {
  port = 0;
  readonly #settings: TrackerSettings;
  readonly #log: Log;
  readonly #store: Swarms;
  readonly #core: AnnounceCore;
  readonly #relay: Relay;
  readonly #udpService: UdpService;
  readonly #http: HttpFrontend;
  readonly #ws: WsFrontend | undefined;
  readonly #startedAt = now();
  #tcp: TcpListener | undefined;
  #udp: UdpFrontend | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(settings: TrackerSettings, deps: TrackerDeps) {
    this.#settings = settings;
    this.#log = deps.log ?? silentLog;
    const uint32 = (): number => systemRandom.uint32();
    const key: readonly [number, number] = [uint32(), uint32()];
    this.#store = createStore(settings, { key, seed: uint32() });
    this.#core = new AnnounceCore(this.#store, {
      policy: policyOf(settings, deps.torrents),
      rateLimit: { perSecond: settings.rateLimit, burst: settings.rateBurst, key },
      random: () => uint32() / 2 ** 32,
    });
    this.#relay = new Relay({
      core: this.#core,
      send: (to, text) => this.#ws?.send(to, text),
      seed: uint32(),
    });
    const limits = { maxPeers: settings.maxNumWant, maxScrape: settings.maxScrape };
    this.#udpService = new UdpService({
      core: this.#core,
      ids: new ConnectionIds(systemRandom.bytes(16)),
      maxPeers: settings.maxNumWant,
    });
    const proxies = createProxyTrust(settings.trustedProxies);
    const pages = createPages({ statistics: () => this.statistics(), fallback: deps.fallback });
    this.#http = createHttpFrontend({ core: this.#core, now, proxies, pages, ...limits });
    if (settings.ws) {
      this.#ws = createWsFrontend({
        server: this.#http.general,
        proxies,
        maxConnections: settings.maxConnections,
        receiver: {
          receive: (connection, text) => {
            this.#relay.receive(connection, text, now());
          },
          disconnected: (id) => {
            this.#relay.disconnected(id);
          },
        },
      });
    }
  }

  async listen(): Promise<void> {
    const { port, host, http, ws, udp } = this.#settings;
    for (let attempt = 1; ; attempt++) {
      if (http || ws) await this.#listenTcp(port);
      const udpPort = this.#tcp?.port ?? port;
      try {
        if (udp)
          this.#udp = await createUdpFrontend({ port: udpPort, host }, { service: this.#udpService, now });
        this.port = this.#tcp?.port ?? this.#udp?.port ?? 0;
        break;
      } catch (error) {
        await this.#tcp?.close();
        const taken = error instanceof SystemError && error.code === 'LISTEN_ADDRESS_IN_USE';
        if (!taken || port !== 0 || attempt === PORT_ATTEMPTS) throw error;
      }
    }
    this.#sweepLater(SWEEP_PAUSE_MS);
    this.#log.info('tracker listens', { port: this.port, host });
  }

  announceUrls(host: string): string[] {
    const { http, udp, ws } = this.#settings;
    const authority = formatAddress({ ip: host, port: this.port });
    return [
      ...(udp ? [`udp://${authority}/announce`] : []),
      ...(http ? [`http://${authority}/announce`] : []),
      ...(ws ? [`ws://${authority}/announce`] : []),
    ];
  }

  statistics(): TrackerStatistics {
    const relay = this.#relay.totals;
    const udp = this.#udpService.counters;
    return {
      uptimeSeconds: Math.floor((now() - this.#startedAt) / 1000),
      ...this.#store.totals(),
      ...this.#core.counters,
      wsPeers: relay.peers,
      wsSwarms: relay.swarms,
      connections: this.#http.connections + (this.#ws?.connections ?? 0),
      udpConnects: udp.connects,
      udpMalformed: udp.malformed,
      udpBadIds: udp.badIds,
    };
  }

  counts(infoHash: Uint8Array): SwarmCounts {
    const counts = new StoreCounts();
    this.#store.scrape(infoHash, counts);
    return counts;
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweep);
    this.#ws?.close();
    this.#http.close();
    await Promise.all([this.#tcp?.close(), this.#udp?.close()]);
    this.#log.info('tracker closed', { announces: this.#core.counters.announces });
  }

  async #listenTcp(port: number): Promise<void> {
    const { host, maxConnections } = this.#settings;
    this.#tcp = await listenTcp({ port, host, maxConnections }, (socket) => {
      this.#http.accept(socket);
    });
  }

  /** Old peers go in small steps, with pauses in which requests are served. */
  #sweepLater(delayMs: number): void {
    this.#sweep = setTimeout(() => {
      const done = this.#store.sweep(now(), SWEEP_BUDGET);
      this.#sweepLater(done ? SWEEP_PAUSE_MS : SWEEP_STEP_MS);
    }, delayMs);
    this.#sweep.unref();
  }
}

/** Milliseconds on a clock that all threads of the process share and nobody sets back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function createStore(
  settings: TrackerSettings,
  secrets: { readonly key: readonly [number, number]; readonly seed: number },
): Swarms {
  const options = {
    maxSwarms: settings.maxSwarms,
    arenaBytes: settings.maxPeerBytes,
    // Half as long again as the longest interval that clients are told, and a minute for slow ones.
    peerLifetimeMs: (settings.interval * 1.1 * 1.5 + 60) * 1000,
    minIntervalMs: settings.minInterval * 1000,
    maxPeersPerSwarm: settings.maxPeersPerSwarm,
    maxPeersPerAddress: settings.maxPeersPerAddress,
    ...secrets,
  };
  return new Swarms(new Int32Array(new SharedArrayBuffer(4 * storeWords(options))), options);
}

function policyOf(settings: TrackerSettings, torrents: TorrentFilter | undefined): Policy {
  return {
    intervalSeconds: settings.interval,
    minIntervalSeconds: Math.min(settings.minInterval, settings.interval),
    defaultNumWant: settings.numWant,
    maxNumWant: settings.maxNumWant,
    publicOnly: settings.publicOnly,
    trustClientIp: settings.trustClientIp,
    maxScrape: settings.maxScrape,
    torrents,
    access: undefined,
  };
}

/** Intervals over two hours would outlive the store's clock (see peer-word.ts). */
const MAX_INTERVAL_SECONDS = 7200;

function fillIn(options: TrackerOptions): TrackerSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: TrackerSettings = { ...TRACKER_DEFAULTS, ...given };
  if (settings.interval < 1 || settings.interval > MAX_INTERVAL_SECONDS) {
    throw new UsageError('TRACKER_BAD_INTERVAL', 'the interval must be 1 to 7200 seconds', {
      received: settings.interval,
    });
  }
  if (!settings.http && !settings.udp && !settings.ws) {
    throw new UsageError('TRACKER_NO_FRONTEND', 'HTTP, UDP and WebSocket are all switched off');
  }
  return settings;
}
