// Swarms of WebSocket peers. They have no address that others could dial: the tracker keeps their connection open and
// relays offers to some of them and answers back. A connection is a number; the caller owns the sockets.
// Invariant: a peer is in its swarm's list at `peer.at`, in its `byId`, and in its connection's set, or in none.
import { latin1Decode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { Millis } from '../time.ts';
import type { AnnounceCore } from './announce.ts';
import { AnnounceQuery } from './announce-query.ts';
import { QuickRandom, sample } from './store/sample.ts';
import { StoreCounts } from './store/store-query.ts';
import {
  encodeWsAnnounceReply,
  encodeWsAnswer,
  encodeWsFailure,
  encodeWsOffer,
  encodeWsScrapeReply,
  parseWsRequest,
  type WsAnnounce,
  type WsAnswer,
  type WsScrape,
} from './ws-codec.ts';

export type ConnectionId = number;

export interface RelayConnection {
  readonly id: ConnectionId;
  /** The client's address, 4 or 16 bytes. */
  readonly ip: Uint8Array;
  /** What the URL carried for access control. */
  readonly credential: string;
  /** Opened by a web page: browsers say so (Origin), and announce in no other way; programs are in the store as well. */
  readonly isPage?: boolean;
}

export interface RelayDeps {
  readonly core: AnnounceCore;
  /** Hands a text to a connection; never calls back into the relay. */
  readonly send: (to: ConnectionId, text: string) => void;
  /** Seed of the choice of peers. */
  readonly seed: number;
}

interface WsPeer {
  readonly swarm: WsSwarm;
  readonly peerId: string;
  readonly connection: ConnectionId;
  readonly isPage: boolean;
  seed: boolean;
  at: number;
}

interface WsSwarm {
  readonly infoHash: string;
  readonly peers: WsPeer[];
  readonly byId: Map<string, WsPeer>;
  seeders: number;
  downloads: number;
  /** Of the downloads, those of web pages. */
  pageDownloads: number;
}

/** A tab with hundreds of torrents is no tab. */
const MAX_SWARMS_PER_CONNECTION = 200;

export interface RelayCounts {
  readonly seeders: number;
  readonly leechers: number;
  /** Downloads that were reported as finished. */
  readonly downloads: number;
}

export class Relay {
  readonly #deps: RelayDeps;
  readonly #swarms = new Map<string, WsSwarm>();
  readonly #connections = new Map<ConnectionId, Set<WsPeer>>();
  readonly #random: QuickRandom;
  readonly #query: AnnounceQuery = new AnnounceQuery();
  readonly #chosen: Int32Array = new Int32Array(64);
  #peers = 0;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    this.#random = new QuickRandom(deps.seed);
  }

  get totals(): { readonly swarms: number; readonly peers: number } {
    return { swarms: this.#swarms.size, peers: this.#peers };
  }

  /** Web pages in the swarm of one torrent (20 bytes); zeros where it has none. Takes time with the swarm's size. */
  countPages(infoHash: Uint8Array): RelayCounts {
    const swarm = this.#swarms.get(latin1Decode(infoHash));
    const pages = swarm?.peers.filter(({ isPage }) => isPage) ?? [];
    const seeders = pages.filter(({ seed }) => seed).length;
    return { seeders, leechers: pages.length - seeders, downloads: swarm?.pageDownloads ?? 0 };
  }

  /** A text frame of a client. */
  receive(connection: RelayConnection, text: string, now: Millis): void {
    try {
      const request = parseWsRequest(text, { maxScrape: this.#deps.core.policy.maxScrape });
      if (request.kind === 'announce') this.#announce(connection, request, now);
      else if (request.kind === 'answer') this.#answer(connection, request);
      else this.#scrape(connection, request, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#deps.core.counters.refused++;
      this.#deps.send(connection.id, encodeWsFailure(error.message, undefined));
    }
  }

  /** The client has gone: its peers leave their swarms. */
  disconnected(id: ConnectionId): void {
    for (const peer of this.#connections.get(id) ?? []) this.#remove(peer);
    this.#connections.delete(id);
  }

  #announce(connection: RelayConnection, request: WsAnnounce, now: Millis): void {
    const { core, send } = this.#deps;
    const query = this.#toQuery(connection, request);
    const refusal = core.admitSocketPeer(query, now);
    if (refusal !== undefined) {
      send(connection.id, encodeWsFailure(refusal.message, request.infoHashText));
      return;
    }
    const swarm = this.#swarms.get(request.infoHashText) ?? newSwarm(request.infoHashText);
    const known = swarm.byId.get(request.peerId);
    core.accountSocketPeer(query, swarm.peers.length - (known === undefined ? 0 : 1), now);
    if (request.event === 'stopped') {
      if (known?.connection === connection.id) this.#remove(known);
      return;
    }
    const peer = this.#enter(swarm, { request, connection, known });
    if (peer === undefined) {
      send(connection.id, encodeWsFailure('Too many torrents on one connection.', request.infoHashText));
      return;
    }
    if (request.event === 'completed') {
      swarm.downloads++;
      if (peer.isPage) swarm.pageDownloads++;
    }
    const counts = { seeders: swarm.seeders, leechers: swarm.peers.length - swarm.seeders };
    send(connection.id, encodeWsAnnounceReply(swarm.infoHash, counts, core.intervalSeconds()));
    this.#relayOffers(peer, request);
  }

  #toQuery(connection: RelayConnection, request: WsAnnounce): AnnounceQuery {
    const query = this.#query;
    query.reset();
    query.infoHash.set(request.infoHash);
    query.setSource(connection.ip);
    query.credential = connection.credential;
    query.event = request.event;
    query.seed = request.seed;
    for (let i = 0; i < 20; i++) query.peerId[i] = request.peerId.charCodeAt(i);
    query.uploaded = request.uploaded;
    query.downloaded = request.downloaded;
    return query;
  }

  /** Each offer goes to another peer; those that have everything get none from one that has everything. */
  #relayOffers(from: WsPeer, request: WsAnnounce): void {
    const { peers, infoHash } = from.swarm;
    const candidates = request.seed ? peers.filter((peer) => !peer.seed) : peers;
    const self = request.seed ? -1 : from.at;
    const n = candidates.length - (self < 0 ? 0 : 1);
    const k = Math.min(request.offers.length, request.numWant, n, this.#chosen.length);
    if (k <= 0) return;
    sample(this.#random, { k, n }, this.#chosen);
    for (let i = 0; i < k; i++) {
      const chosen = this.#chosen[i] ?? 0;
      const peer = candidates[self >= 0 && chosen >= self ? chosen + 1 : chosen];
      const offer = request.offers[i];
      if (peer === undefined || offer === undefined) continue;
      this.#deps.send(peer.connection, encodeWsOffer(infoHash, from.peerId, offer));
    }
  }

  /** Only a peer of the swarm may answer, under its own name. */
  #answer(connection: RelayConnection, answer: WsAnswer): void {
    const swarm = this.#swarms.get(answer.infoHashText);
    const from = swarm?.byId.get(answer.peerId);
    const to = swarm?.byId.get(answer.toPeerId);
    if (from?.connection !== connection.id || to === undefined) return;
    this.#deps.send(to.connection, encodeWsAnswer(answer));
  }

  #scrape(connection: RelayConnection, request: WsScrape, now: Millis): void {
    const { core, send } = this.#deps;
    const refusal = core.admitScrape(connection.ip, now, request.infoHashes.length);
    if (refusal !== undefined) {
      send(connection.id, encodeWsFailure(refusal.message, undefined));
      return;
    }
    const files = request.infoHashes.map((infoHash) => {
      const swarm = this.#swarms.get(infoHash);
      const stored = new StoreCounts();
      for (let i = 0; i < 20; i++) this.#query.infoHash[i] = infoHash.charCodeAt(i);
      core.scrape(this.#query.infoHash, stored);
      const seeders = swarm?.seeders ?? 0;
      return {
        infoHash,
        seeders: stored.seeders + seeders,
        leechers: stored.leechers + (swarm?.peers.length ?? 0) - seeders,
        downloads: stored.downloads + (swarm?.downloads ?? 0),
      };
    });
    send(connection.id, encodeWsScrapeReply(files, core.policy.minIntervalSeconds));
  }

  #enter(
    swarm: WsSwarm,
    entry: {
      readonly request: WsAnnounce;
      readonly connection: RelayConnection;
      readonly known: WsPeer | undefined;
    },
  ): WsPeer | undefined {
    const { request, connection, known } = entry;
    if (known?.connection === connection.id) {
      if (known.seed !== request.seed) swarm.seeders += request.seed ? 1 : -1;
      known.seed = request.seed;
      return known;
    }
    const own = this.#connections.get(connection.id) ?? new Set<WsPeer>();
    if (own.size >= MAX_SWARMS_PER_CONNECTION) return undefined;
    // A client that lost its connection comes back under the same name before the old socket is known to be dead.
    if (known !== undefined) this.#remove(known);
    const peer: WsPeer = {
      swarm,
      peerId: request.peerId,
      connection: connection.id,
      isPage: connection.isPage === true,
      seed: request.seed,
      at: swarm.peers.length,
    };
    swarm.peers.push(peer);
    swarm.byId.set(peer.peerId, peer);
    if (peer.seed) swarm.seeders++;
    this.#swarms.set(swarm.infoHash, swarm);
    this.#connections.set(connection.id, own.add(peer));
    this.#peers++;
    return peer;
  }

  #remove(peer: WsPeer): void {
    const { swarm } = peer;
    const last = swarm.peers.pop();
    if (last !== undefined && last !== peer) {
      swarm.peers[peer.at] = last;
      last.at = peer.at;
    }
    swarm.byId.delete(peer.peerId);
    if (peer.seed) swarm.seeders--;
    if (swarm.peers.length === 0) this.#swarms.delete(swarm.infoHash);
    this.#connections.get(peer.connection)?.delete(peer);
    this.#peers--;
  }
}

function newSwarm(infoHash: string): WsSwarm {
  return { infoHash, peers: [], byId: new Map(), seeders: 0, downloads: 0, pageDownloads: 0 };
}
