// A tracker in this process: one store and one announce core behind HTTP, WebSocket and UDP on one port number.
import type { RequestListener } from 'node:http';
import { formatAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import { AnnounceCore } from '../core/tracker/announce.ts';
import { ConnectionIds } from '../core/tracker/connection-id.ts';
import type { AccessControl, Policy, TorrentFilter } from '../core/tracker/policy.ts';
import { Relay, type RelayCounts } from '../core/tracker/relay.ts';
import { StoreCounts } from '../core/tracker/store/store-query.ts';
import { StripedSwarms, stripedWords } from '../core/tracker/striped-swarms.ts';
import type { SwarmTable } from '../core/tracker/swarm-table.ts';
import { storeWords, Swarms, type SwarmsOptions } from '../core/tracker/swarms.ts';
import { udpReplyRoom, UdpService } from '../core/tracker/udp-service.ts';
import type { Libc } from '../node/libc.ts';
import { systemRandom } from '../node/random.ts';
import { silentLog, type Log } from '../ports/log.ts';
import { allOf } from '../core/tracker/access/all-of.ts';
import { createAdminActions } from './admin/admin-actions.ts';
import { createAdminApi } from './admin/admin-api.ts';
import { NO_DOORS, openDoors, type Doors } from './doors.ts';
import { openAccess, type OpenedAccess } from './access/open-access.ts';
import { createRedisShare } from './share/redis-share.ts';
import type { Share } from './share/share.ts';
import { createProxyTrust, type ProxyTrust } from './forwarded.ts';
import { recordHistory, type History } from './history.ts';
import { createHttpFrontend, type HttpFrontend } from './http-frontend.ts';
import { openPorts, type OpenPorts } from './open-ports.ts';
import type { TrackerOptions, TrackerSettings } from './options.ts';
import { createPages } from './pages.ts';
import { loadSnapshot, saveSnapshot } from './snapshot-file.ts';
import { watchTorrentList, type WatchedFilter } from './torrent-list.ts';
import { fillIn, policyOf, storeOptionsOf } from './settings.ts';
import { addCounters, type TrackerStatistics } from './statistics.ts';
import { sweepStep } from './sweep.ts';
import { MAIN_THREAD, startAnnounceWorkers, type AnnounceWorkers } from './workers/announce-workers.ts';
import { defaultWorkers, libcForWorkers, refuseWorkersBeside } from './workers/availability.ts';
import { createWsFrontend, type WsFrontend } from './ws-frontend.ts';

export interface TrackerDeps {
  readonly log?: Log | undefined;
  /** Serves HTTP requests that are not the tracker's own, on the same port. */
  readonly fallback?: RequestListener | undefined;
  /** Which torrents are tracked; all by default. May change its mind at any time. */
  readonly torrents?: TorrentFilter | undefined;
  /** What the operator's API calls to read the configuration again; reload() without options unless given. */
  readonly onReload?: (() => Promise<void>) | undefined;
  /** Who may announce what; anybody by default. */
  readonly access?: AccessControl | undefined;
}

/** Peers of one torrent in the store, and beside them those that are web pages. */
export interface SwarmCounts extends RelayCounts {
  readonly pages: RelayCounts;
}

export interface Tracker {
  readonly port: number;
  /** Announce URLs of the frontends that are on; `host` is what clients know the machine by. */
  announceUrls(host: string): string[];
  statistics(): TrackerStatistics;
  /** Zeros for a torrent without peers. `infoHash`: 20 bytes. */
  counts(infoHash: Uint8Array): SwarmCounts;
  /**
   * Takes over new intervals, numbers of peers and address rules, and reads the list of torrents again (one that cannot
   * be read stays as it was). Ports, sizes and files need a restart. Rejects with UsageError TRACKER_*.
   */
  reload(options?: TrackerOptions): Promise<void>;
  /** Ends a thread that serves announces in the middle of whatever it does, as a fault would; another takes its place. */
  killWorker(worker: number): Promise<void>;
  /** Stops accepting, finishes what is under way, closes all sockets. */
  close(): Promise<void>;
}

const SWEEP_STEP_MS = 10;
const SWEEP_PAUSE_MS = 15_000;
/** Read once: a getter, which costs more than the clock. */
const ORIGIN_MS = performance.timeOrigin;

/**
 * Starts a tracker. Rejects with SystemError LISTEN_* or UsageError TRACKER_*.
 *
 * @example
 * const tracker = await createTracker({ port: 6969 });
 * console.log(tracker.announceUrls('tracker.example').join('\n'));
 * await tracker.close();
 */
export async function createTracker(options: TrackerOptions = {}, deps: TrackerDeps = {}): Promise<Tracker> {
  const given = fillIn(options);
  const settings = { ...given, workers: options.workers ?? defaultWorkers(given, deps) };
  refuseWorkersBeside(settings, deps);
  const libc = await libcForWorkers(settings);
  const log = deps.log ?? silentLog;
  const opened = await openAccess(settings, { now, log });
  try {
    const rules = { ...deps, access: allOf(deps.access, opened.control) };
    return await new TrackerServer(settings, rules, { access: opened, libc }).start();
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What has been opened before the tracker is made. */
interface Opened {
  readonly access: OpenedAccess;
  /** Where workers serve announces. */
  readonly libc: Libc | undefined;
}

class TrackerServer implements Tracker {
  port = 0;
  readonly #settings: TrackerSettings;
  readonly #log: Log;
  readonly #torrents: TorrentFilter | undefined;
  readonly #access: OpenedAccess;
  readonly #store: SwarmTable;
  readonly #share: Share | undefined;
  readonly #core: AnnounceCore;
  readonly #relay: Relay;
  readonly #udpService: UdpService;
  readonly #http: HttpFrontend;
  readonly #ws: WsFrontend | undefined;
  readonly #startedAt = now();
  readonly #onReload: () => Promise<void>;
  readonly #history: History = recordHistory(() => this.statistics(), now);
  #doors: Doors = NO_DOORS;
  /** Starts the threads that serve announces, where there are any. */
  readonly #startWorkers: (() => Promise<AnnounceWorkers>) | undefined;
  #workers: AnnounceWorkers | undefined;
  #ports: OpenPorts | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #saver: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #list: WatchedFilter | undefined;

  constructor(settings: TrackerSettings, deps: TrackerDeps, { access, libc }: Opened) {
    this.#settings = settings;
    this.#access = access;
    this.#log = deps.log ?? silentLog;
    this.#torrents = deps.torrents;
    this.#onReload = deps.onReload ?? (() => this.reload());
    const uint32 = (): number => systemRandom.uint32();
    const key: readonly [number, number] = [uint32(), uint32()];
    const storeOptions = { ...storeOptionsOf(settings), key, seed: uint32() };
    const rateLimit = { perSecond: settings.rateLimit, burst: settings.rateBurst, key };
    const secret = systemRandom.bytes(16);
    const { store, striped } = createTable(storeOptions, libc !== undefined);
    this.#store = store;
    if (libc !== undefined && striped !== undefined) {
      this.#startWorkers = () =>
        startAnnounceWorkers({
          ...{ libc, settings, store: striped, log: this.#log, policy: this.#core.policy },
          shared: { store: storeOptions, rateLimit, secret },
          onSocket: (socket) => {
            this.#http.accept(socket);
          },
        });
    }
    if (settings.store !== 'memory') {
      const { peerLifetimeMs: lifetimeMs } = storeOptions;
      this.#share = createRedisShare(settings.store, { local: this.#store, lifetimeMs, now, log: this.#log });
    }
    this.#core = new AnnounceCore(this.#share?.store ?? this.#store, {
      policy: { ...policyOf(settings, deps.torrents), access: deps.access },
      rateLimit,
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
      ids: new ConnectionIds(secret),
      maxPeers: settings.maxNumWant,
    });
    const proxies = createProxyTrust(settings.trustedProxies);
    const pages = this.#withAdmin(
      createPages({ statistics: () => this.statistics(), history: this.#history, fallback: deps.fallback }),
    );
    this.#http = createHttpFrontend({ core: this.#core, now, proxies, pages, ...limits });
    if (settings.ws) this.#ws = this.#createWs(proxies);
  }

  #createWs(proxies: ProxyTrust): WsFrontend {
    return createWsFrontend({
      server: this.#http.general,
      proxies,
      sourceOf: (socket) => this.#http.sourceOf(socket),
      maxConnections: this.#settings.maxConnections,
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

  async start(): Promise<this> {
    const { snapshot, allow, deny } = this.#settings;
    if (snapshot !== undefined) {
      const restored = await loadSnapshot(snapshot, this.#store, now());
      if (restored !== undefined)
        this.#log.info('snapshot restored', {
          ageSeconds: restored.ageMs / 1000,
          swarms: this.#store.totals().swarms,
        });
    }
    const path = allow ?? deny;
    if (path !== undefined) {
      const list = { kind: allow === undefined ? ('deny' as const) : ('allow' as const), path };
      this.#list = await watchTorrentList(list, this.#log, (listed) => {
        this.#setPolicy({ ...this.#core.policy, torrents: both(listed, this.#torrents) });
      });
    }
    try {
      await this.#share?.open();
      this.#doors = await openDoors(
        this.#settings,
        (socket, source) => {
          this.#http.accept(socket, source);
        },
        this.#log,
      );
      await this.#listen();
    } catch (error) {
      this.#list?.close();
      this.#doors.close();
      await this.#share?.close();
      throw error;
    }
    this.#sweepLater(SWEEP_PAUSE_MS);
    if (snapshot !== undefined)
      this.#saver = setInterval(
        () => void this.#save(snapshot),
        this.#settings.snapshotInterval * 1000,
      ).unref();
    this.#log.info('tracker listens', { port: this.port, host: this.#settings.host });
    return this;
  }

  #setPolicy(policy: Policy): void {
    this.#core.policy = policy;
    this.#workers?.setPolicy(policy);
  }

  async #listen(): Promise<void> {
    this.#workers = await this.#startWorkers?.();
    if (this.#workers !== undefined) {
      this.port = this.#workers.port;
      return;
    }
    const { stun, maxNumWant } = this.#settings;
    this.#ports = await openPorts(this.#settings, {
      accept: this.#doors.accept,
      udp: { service: this.#udpService, now, stun, replyRoom: udpReplyRoom(maxNumWant) },
    });
    this.port = this.#ports.port;
  }

  announceUrls(host: string): string[] {
    const { http, udp, ws } = this.#settings;
    const authority = formatAddress({ ip: host, port: this.port });
    const secure = this.#settings.tlsCert === undefined ? '' : 's';
    const web = formatAddress({ ip: host, port: this.#ports?.tlsPort ?? this.port });
    return [
      ...(udp ? [`udp://${authority}/announce`] : []),
      ...(http ? [`http${secure}://${web}/announce`] : []),
      ...(ws ? [`ws${secure}://${web}/announce`] : []),
    ];
  }

  statistics(): TrackerStatistics {
    const relay = this.#relay.totals;
    const workers = this.#workers?.counters();
    const udp = workers ?? this.#udpService.counters;
    const connections = (workers?.connections ?? 0) + this.#http.connections + (this.#ws?.connections ?? 0);
    return {
      uptimeSeconds: Math.floor((now() - this.#startedAt) / 1000),
      ...this.#store.totals(),
      ...(workers === undefined ? this.#core.counters : addCounters(this.#core.counters, workers)),
      wsPeers: relay.peers,
      wsSwarms: relay.swarms,
      connections,
      udpConnects: udp.connects,
      udpMalformed: udp.malformed,
      udpBadIds: udp.badIds,
      share: this.#share?.statistics(),
    };
  }

  counts(infoHash: Uint8Array): SwarmCounts {
    const counts = new StoreCounts();
    this.#store.scrape(infoHash, counts);
    const { seeders, leechers, downloads } = counts;
    return { seeders, leechers, downloads, pages: this.#relay.countPages(infoHash) };
  }

  async reload(options?: TrackerOptions): Promise<void> {
    if (options !== undefined) {
      const { torrents, access } = this.#core.policy;
      this.#setPolicy({ ...policyOf(fillIn(options), torrents), access });
    }
    await this.#list?.reload();
    await this.#access.reload();
    await this.#doors.reload();
  }

  killWorker(worker: number): Promise<void> {
    return this.#workers?.kill(worker) ?? Promise.resolve();
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweep);
    clearInterval(this.#saver);
    this.#history.close();
    this.#list?.close();
    this.#ws?.close();
    this.#http.close();
    this.#doors.close();
    await Promise.all([this.#workers?.close(), this.#ports?.close()]);
    await this.#share?.close();
    await this.#access.close();
    if (this.#settings.snapshot !== undefined) await this.#save(this.#settings.snapshot);
    this.#log.info('tracker closed', { announces: this.#core.counters.announces });
  }

  /** One at a time; a disk that is full is a warning, not the end of the tracker. */
  async #save(path: string): Promise<void> {
    const before = this.#saving;
    this.#saving = (async () => {
      await before;
      try {
        await saveSnapshot(path, this.#store, now());
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        this.#log.error('snapshot not written', { reason: error.message });
      }
    })();
    await this.#saving;
  }

  #withAdmin(pages: RequestListener): RequestListener {
    const { adminHosts: hosts, tokenSecret } = this.#settings;
    const { adminSecret: secret } = this.#access;
    if (secret === undefined) return pages;
    const actions = createAdminActions({
      ...{
        table: this.#store,
        store: this.#share?.store ?? this.#store,
        access: this.#access,
        tokenSecret,
        now,
      },
      statistics: () => this.statistics(),
      reload: () => this.#onReload(),
    });
    return createAdminApi({ secret, hosts }, { actions, next: pages, log: this.#log });
  }

  /** Old peers go in small steps, with pauses in which requests are served. */
  #sweepLater(delayMs: number): void {
    this.#sweep = setTimeout(() => {
      const done = sweepStep(this.#store, now);
      this.#sweepLater(done ? SWEEP_PAUSE_MS : SWEEP_STEP_MS);
    }, delayMs);
    this.#sweep.unref();
  }
}

/** Milliseconds on a clock that all threads of the process share and nobody sets back. */
function now(): number {
  return ORIGIN_MS + performance.now();
}

/** The swarms of one thread, or of all that share them. */
function createTable(
  options: SwarmsOptions,
  shared: boolean,
): { readonly store: SwarmTable; readonly striped: StripedSwarms | undefined } {
  if (!shared) {
    const memory = new Int32Array(new SharedArrayBuffer(4 * storeWords(options)));
    return { store: new Swarms(memory, options), striped: undefined };
  }
  const memory = new SharedArrayBuffer(4 * stripedWords(options));
  const striped = new StripedSwarms(memory, options, MAIN_THREAD);
  return { store: striped, striped };
}

function both(listed: TorrentFilter, given: TorrentFilter | undefined): TorrentFilter {
  if (given === undefined) return listed;
  return { allows: (infoHash) => listed.allows(infoHash) && given.allows(infoHash) };
}
