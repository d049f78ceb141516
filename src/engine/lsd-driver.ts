// Finds peers in the local network (BEP 14): says by multicast which torrents we have, and hears who has the same.
import { isLocalIp, type PeerAddress } from '../core/address.ts';
import { equalBytes, toHex } from '../core/bytes/bytes.ts';
import { ProtocolError, SystemError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import { encodeSearch, LSD_GROUPS, parseSearch, type LsdSearch } from '../core/lsd/search.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';

export interface LsdOptions {
  /** Where we take connections. */
  readonly port: number;
  /** The address of one interface; all interfaces by default. */
  readonly host?: string | undefined;
}

export interface LsdDeps {
  readonly datagram: DatagramPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface LocalSearch {
  readonly infoHash: InfoHash;
  readonly onPeers: (peers: readonly PeerAddress[]) => void;
}

export interface LsdDriver {
  /** Searches now and every five minutes until the returned function is called. */
  follow(search: LocalSearch): () => void;
  close(): Promise<void>;
}

/** BEP 14. */
const EVERY_MS = 5 * 60_000;
/** Whoever searches is answered once in so long by a search of ours: it may not be able to take connections. */
const ANSWER_EVERY_MS = 60_000;
const COOKIE_BYTES = 8;

/** Runs at once; groups that cannot be joined are logged and left out. */
export function openLsd(options: LsdOptions, deps: LsdDeps): LsdDriver {
  return new Driver(options, deps);
}

class Driver implements LsdDriver {
  readonly #port: number;
  readonly #deps: LsdDeps;
  readonly #cookie: string;
  readonly #searches = new Map<LocalSearch, { saidAt: number; cancelTimer: () => void }>();
  readonly #opening: Promise<void>[];
  readonly #sockets = new Map<DatagramSocket, PeerAddress>();
  #isClosed = false;

  constructor({ port, host }: LsdOptions, deps: LsdDeps) {
    this.#port = port;
    this.#deps = deps;
    this.#cookie = toHex(deps.random.bytes(COOKIE_BYTES));
    this.#opening = LSD_GROUPS.map((group) => this.#join(group, host));
  }

  follow(search: LocalSearch): () => void {
    this.#searches.set(search, { saidAt: 0, cancelTimer: () => undefined });
    this.#say(search);
    return () => {
      this.#searches.get(search)?.cancelTimer();
      this.#searches.delete(search);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { cancelTimer } of this.#searches.values()) cancelTimer();
    this.#searches.clear();
    await Promise.all(this.#opening);
    await Promise.all([...this.#sockets.keys()].map((socket) => socket.close()));
  }

  async #join(group: PeerAddress, host: string | undefined): Promise<void> {
    try {
      const socket = await this.#deps.datagram.joinGroup?.(group, host);
      if (socket === undefined) return;
      this.#sockets.set(socket, group);
      socket.onMessage((data, from) => {
        this.#hear(data, from);
      });
      if (!this.#isClosed) for (const search of this.#searches.keys()) this.#send(search, socket, group);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#deps.log.debug('no local discovery', { group: group.ip, reason: error.message });
    }
  }

  /** Says it in all groups, and again later. */
  #say(search: LocalSearch): void {
    const state = this.#searches.get(search);
    if (state === undefined) return;
    const { clock } = this.#deps;
    state.cancelTimer();
    state.saidAt = clock.now();
    state.cancelTimer = clock.schedule(EVERY_MS, () => {
      this.#say(search);
    });
    for (const [socket, group] of this.#sockets) this.#send(search, socket, group);
  }

  #send({ infoHash }: LocalSearch, socket: DatagramSocket, group: PeerAddress): void {
    const message = { port: this.#port, infoHashes: [infoHash], cookie: this.#cookie };
    socket.send(encodeSearch(message, group), group);
  }

  #hear(data: Uint8Array, from: PeerAddress): void {
    const heard = tryParse(data);
    // A search from far away is no multicast: somebody tries to send us at a third party.
    if (heard === undefined || heard.cookie === this.#cookie || !isLocalIp(from.ip)) return;
    for (const [search, { saidAt }] of this.#searches) {
      if (!heard.infoHashes.some((hash) => equalBytes(hash, search.infoHash))) continue;
      search.onPeers([{ ip: from.ip, port: heard.port }]);
      if (this.#deps.clock.now() - saidAt >= ANSWER_EVERY_MS) this.#say(search);
    }
  }
}

function tryParse(data: Uint8Array): LsdSearch | undefined {
  try {
    return parseSearch(data);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
