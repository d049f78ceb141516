// The tracker's core on the simulated network: HTTP and UDP in front of one store. It can be down, and it can be
// started afresh with an empty store.
import { latin1Encode } from '../../../src/core/bytes/bytes.ts';
import { invariant } from '../../../src/core/invariant.ts';
import type { Rng } from '../../../src/core/swarm/rng.ts';
import { AnnounceCore } from '../../../src/core/tracker/announce.ts';
import { ConnectionIds } from '../../../src/core/tracker/connection-id.ts';
import { HttpService, httpBodyRoom } from '../../../src/core/tracker/http-service.ts';
import { ReplyWriter } from '../../../src/core/tracker/reply-writer.ts';
import { Swarms, storeWords, type SwarmsTotals } from '../../../src/core/tracker/swarms.ts';
import { udpReplyRoom, UdpService } from '../../../src/core/tracker/udp-service.ts';
import type { SimNetwork } from './network.ts';

const TRACKER_IP = '10.0.255.1';
/** What the torrents name, each as a tier of its own. */
export const SIM_TRACKERS: readonly string[] = [
  `http://${TRACKER_IP}/announce`,
  `udp://${TRACKER_IP}:6969/announce`,
];

const LIMITS = { maxPeers: 50, maxScrape: 10 };

export class SimTracker {
  readonly #net: SimNetwork;
  readonly #rng: Rng;
  readonly #memory: Int32Array;
  #store: Swarms;
  #http: HttpService;
  #udp: UdpService;
  isDown = false;
  announces = 0;

  constructor(net: SimNetwork, rng: Rng) {
    this.#net = net;
    this.#rng = rng;
    this.#memory = memory();
    [this.#store, this.#http, this.#udp] = this.#make();
  }

  async listen(): Promise<void> {
    const socket = await this.#net
      .datagrams(this.#net.plug(TRACKER_IP))
      .bind({ port: 6969, host: undefined });
    const out = new Uint8Array(udpReplyRoom(LIMITS.maxPeers));
    socket.onMessage((data, from) => {
      if (this.isDown) return;
      const datagram = { bytes: data, length: data.length, ip: ipBytes(from.ip) };
      const length = this.#udp.handle(datagram, this.#net.queue.now, out);
      if (length > 0) socket.send(out.subarray(0, length), from);
    });
  }

  /** Everything it knew is lost. */
  restart(): void {
    this.#memory.fill(0);
    [this.#store, this.#http, this.#udp] = this.#make();
  }

  /** The body for an announce or a scrape that comes from an address. */
  answer(target: string, ip: string): Uint8Array {
    const bytes = latin1Encode(target);
    const out = new ReplyWriter(new Uint8Array(httpBodyRoom(LIMITS)));
    const span = { bytes, start: 0, end: bytes.length };
    const context = { now: this.#net.queue.now, out };
    this.announces++;
    if (target.startsWith('/scrape')) this.#http.scrape(span, ipBytes(ip), context);
    else this.#http.announce(span, ipBytes(ip), context);
    this.check();
    return out.bytes.slice(0, out.length);
  }

  check(): void {
    const totals: SwarmsTotals = this.#store.totals();
    const { peers4, peers6, seeds, partialSeeds, swarms } = totals;
    invariant(Math.min(peers4, peers6, seeds, partialSeeds, swarms) >= 0, 'nothing is counted below zero');
    invariant(seeds + partialSeeds <= peers4 + peers6, 'seeds are peers');
  }

  #make(): [Swarms, HttpService, UdpService] {
    const options = { ...STORE, key: [1, 2] as const, seed: this.#rng.uint32() };
    const store = new Swarms(this.#memory, options);
    const core = new AnnounceCore(store, {
      policy: {
        ...{ intervalSeconds: 120, minIntervalSeconds: 30, defaultNumWant: 20, maxNumWant: 50 },
        ...{ publicOnly: false, trustClientIp: false, maxScrape: 10, torrents: undefined, access: undefined },
      },
      rateLimit: { perSecond: 0, burst: 1, key: [3, 4] },
      random: () => this.#rng.uint32() / 2 ** 32,
    });
    const ids = new ConnectionIds(new Uint8Array(16).fill(7));
    return [store, new HttpService({ core, ...LIMITS }), new UdpService({ core, ids, maxPeers: 50 })];
  }
}

const STORE = {
  maxSwarms: 16,
  arenaBytes: 65_536,
  peerLifetimeMs: 600_000,
  minIntervalMs: 30_000,
  maxPeersPerSwarm: 100,
  maxPeersPerAddress: 100,
};

/** One store at a time is in use: its memory is large against the rest of a world, and made once. */
let shared: Int32Array | undefined;

function memory(): Int32Array {
  shared ??= new Int32Array(storeWords(STORE));
  shared.fill(0);
  return shared;
}

function ipBytes(ip: string): Uint8Array {
  return Uint8Array.from(ip.split('.').map(Number));
}
