// Where one torrent's peers come from: trackers, the magnet link, the user. All of them end as candidates.
import { parseIp, type PeerAddress } from '../core/address.ts';
import { SystemError } from '../core/errors.ts';
import type { InfoHash, PeerId } from '../core/ids.ts';
import type { NodeAddress } from '../core/metainfo/metainfo.ts';
import type { CandidateSource } from '../core/swarm/inputs.ts';
import type { Stream } from '../ports/transport.ts';
import type { TrackerSnapshot } from './api.ts';
import type { SessionContext } from './context.ts';
import { RtcDriver } from './rtc-driver.ts';
import { createTrackerDriver, type TrackerDriver, type TransferStats } from './tracker-driver.ts';

export interface DiscoveryOptions {
  /** BEP 12 tiers. */
  readonly trackers: readonly (readonly string[])[];
  /** The v1 hash, the truncated v2 hash, or both. */
  readonly infoHashes: readonly InfoHash[];
  /** Trackers that the user names; others may ask announces alone of private networks. */
  readonly ownTrackers: readonly string[];
  readonly peerId: PeerId;
  readonly stats: () => TransferStats;
  readonly onCandidates: (source: CandidateSource, addresses: readonly PeerAddress[]) => void;
  /** How many peers without an address are wanted, and whether one that asks is let in (see SignallingOptions). */
  readonly wanted: () => number;
  readonly welcomes: () => boolean;
  /** BEP 27: peers come from its trackers alone. False while that is not known. */
  readonly isPrivate: () => boolean;
  /** Such a peer. */
  readonly onStream: (stream: Stream, outgoing: boolean) => void;
}

/** How long a session that closes waits for the trackers' answers. */
const STOP_LIMIT_MS = 2500;

/** Many trackers refuse port 0: who takes no connections names one where nobody will be found. */
const NO_PORT = 1;

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #context: SessionContext;
  readonly #abort = new AbortController();
  readonly #trackers: TrackerDriver | undefined;
  readonly #rtc: RtcDriver | undefined;
  /** Ends the searches outside of trackers. */
  readonly #unfollow: (() => void)[] = [];
  #started = false;

  constructor(options: DiscoveryOptions, context: SessionContext) {
    this.#options = options;
    this.#context = context;
    this.#rtc = this.#createRtc();
    this.#trackers = this.#createTrackers();
  }

  /** Called again when the metadata is known: only then does a magnet link's torrent turn out to be private. */
  start(): void {
    this.#follow();
    if (this.#started) return;
    this.#started = true;
    this.#trackers?.start();
    this.#rtc?.start();
  }

  /** The download has become whole. */
  completed(): void {
    if (!this.#started) return;
    this.#trackers?.completed();
    this.#rtc?.completed();
  }

  /** Asks again now where an announce has failed. */
  retry(): void {
    if (!this.#started) return;
    this.#trackers?.update();
    this.#rtc?.retry();
  }

  /** Peers by host name, as magnet links give them. Names that do not resolve are passed over. */
  async addHosts(hosts: readonly NodeAddress[]): Promise<void> {
    await Promise.all(hosts.map((host) => this.#addHost(host)));
  }

  snapshot(): readonly TrackerSnapshot[] {
    return [...(this.#trackers?.snapshot() ?? []), ...(this.#rtc?.snapshot() ?? [])];
  }

  /** Says goodbye to the trackers, for a few seconds at most. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#leave();
    this.#rtc?.stop();
    if (this.#started) await this.#trackers?.stop(STOP_LIMIT_MS);
  }

  #follow(): void {
    const { isPrivate, infoHashes, stats, onCandidates } = this.#options;
    const { dht, lsd } = this.#context;
    if (isPrivate()) this.#leave();
    if (isPrivate() || this.#abort.signal.aborted || this.#unfollow.length > 0) return;
    const announce = () => ({ port: this.#context.publicPort(), seed: stats().left === 0 });
    const from = (source: CandidateSource) => (peers: readonly PeerAddress[]) => {
      onCandidates(source, peers);
    };
    for (const infoHash of infoHashes) {
      if (dht !== undefined) this.#unfollow.push(dht.follow({ infoHash, announce, onPeers: from('dht') }));
      if (lsd !== undefined) this.#unfollow.push(lsd.follow({ infoHash, onPeers: from('lsd') }));
    }
  }

  #leave(): void {
    for (const stop of this.#unfollow.splice(0)) stop();
  }

  async #addHost({ host, port }: NodeAddress): Promise<void> {
    const { datagram, log } = this.#context.env;
    try {
      const ips =
        parseIp(host) === undefined ? ((await datagram?.resolve(host, this.#abort.signal)) ?? []) : [host];
      this.#options.onCandidates(
        'magnet',
        ips.map((ip) => ({ ip, port })),
      );
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      log.debug('peer of the magnet link not found', { host, reason: error.message });
    }
  }

  #createTrackers(): TrackerDriver | undefined {
    const { infoHashes, peerId, stats, onCandidates, ownTrackers } = this.#options;
    const { env, trustLocal } = this.#context;
    const trackers = this.#options.trackers
      .map((tier) => (this.#rtc === undefined ? tier : tier.filter((url) => !isSocketUrl(url))))
      .filter((tier) => tier.length > 0);
    // A page dials nobody: to it, trackers are good for WebRTC alone.
    const dials = env.transports.length > 0 || env.datagram !== undefined;
    if (trackers.length === 0 || !dials) return undefined;
    const { http, datagram, clock, random, log } = env;
    return createTrackerDriver(
      {
        tiers: trackers,
        infoHashes,
        peerId,
        port: () => announcedPort(this.#context.publicPort()),
        getStats: stats,
        local: (url) => (trustLocal || ownTrackers.includes(url) ? 'any' : 'announces'),
      },
      { http, datagram, socket: () => this.#context.socket(), clock, random, log },
      {
        onPeers: (peers) => {
          onCandidates('tracker', peers);
        },
      },
    );
  }

  /** Undefined where there is no WebRTC, or no tracker that speaks of it. */
  #createRtc(): RtcDriver | undefined {
    const { infoHashes, peerId, stats, wanted, welcomes, onStream } = this.#options;
    const { websocket } = this.#context;
    const { rtc, clock, random, log } = this.#context.env;
    const [infoHash] = infoHashes;
    const trackers = this.#options.trackers.flat().filter(isSocketUrl);
    if (rtc === undefined || websocket === undefined || infoHash === undefined || trackers.length === 0) {
      return undefined;
    }
    return new RtcDriver(
      { trackers, infoHash, peerId, counts: stats, wanted, welcomes, onStream },
      { rtc, websocket, clock, random, log },
    );
  }
}

function isSocketUrl(url: string): boolean {
  return /^wss?:\/\//i.test(url);
}

function announcedPort(port: number): number {
  return port === 0 ? NO_PORT : port;
}
