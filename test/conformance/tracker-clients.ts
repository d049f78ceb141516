// The same small client over HTTP, UDP and WebSocket, for one table of scenarios.
import { createSocket, type Socket } from 'node:dgram';
import { WebSocket } from 'ws';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import {
  encodeAnnounceUrl,
  encodeScrapeUrl,
  parseAnnounceReply,
  parseScrapeReply,
} from '../../src/core/tracker/http-codec.ts';
import type { AnnounceEvent, AnnounceRequest } from '../../src/core/tracker/model.ts';
import {
  encodeUdpAnnounce,
  encodeUdpConnect,
  encodeUdpScrape,
  parseUdpReply,
  type UdpReply,
} from '../../src/core/tracker/udp-codec.ts';
import type { Tracker } from '../../src/server/tracker.ts';

type Listening = Pick<Tracker, 'port'>;

export interface Said {
  /** Names a swarm and a peer; the port of peer n is 1000 + n. */
  readonly swarm: number;
  readonly peer: number;
  readonly left?: number;
  readonly event?: AnnounceEvent;
  readonly numWant?: number;
  readonly uploaded?: number;
  readonly downloaded?: number;
  readonly credential?: string;
}

export interface Heard {
  readonly seeders: number;
  readonly leechers: number;
  readonly intervalSeconds: number;
  /** Peers by number; undefined where the protocol names none (WebSocket). */
  readonly peers: readonly number[] | undefined;
}

export interface Counted {
  readonly seeders: number;
  readonly leechers: number;
  readonly downloads: number;
}

export interface TrackerClient {
  /** Rejects with an Error whose message is the tracker's. */
  announce(said: Said): Promise<Heard>;
  scrape(swarms: readonly number[]): Promise<Counted[]>;
  close(): Promise<void>;
}

export function hashOf(swarm: number): Uint8Array {
  return new Uint8Array(20).fill(swarm);
}

function peerIdOf(peer: number): Uint8Array {
  return new TextEncoder().encode(`-SW0001-${String(peer).padStart(12, '0')}`);
}

export function requestOf(said: Said): AnnounceRequest {
  return {
    infoHash: toInfoHash(hashOf(said.swarm)),
    peerId: toPeerId(peerIdOf(said.peer)),
    port: 1000 + said.peer,
    uploaded: said.uploaded ?? 0,
    downloaded: said.downloaded ?? 0,
    left: said.left ?? 100,
    event: said.event ?? 'none',
    numWant: said.numWant,
    key: said.peer,
  };
}

export function httpClient(tracker: Listening, host = '127.0.0.1'): TrackerClient {
  const base = `http://${host.includes(':') ? `[${host}]` : host}:${String(tracker.port)}/announce`;
  const get = async (url: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(url)).arrayBuffer());
  return {
    announce: async (said) => {
      const url = said.credential === undefined ? base : `${base}/${said.credential}`;
      const outcome = parseAnnounceReply(await get(encodeAnnounceUrl(url, requestOf(said))));
      if (outcome.kind === 'failure') throw new Error(outcome.failure.message);
      const { reply } = outcome;
      return { ...reply, peers: reply.peers.map(({ port }) => port - 1000).sort((a, b) => a - b) };
    },
    scrape: async (swarms) => {
      const hashes = swarms.map((swarm) => toInfoHash(hashOf(swarm)));
      const outcome = parseScrapeReply(await get(encodeScrapeUrl(base, hashes) ?? ''));
      if (outcome.kind === 'failure') throw new Error(outcome.failure.message);
      return swarms.map((swarm) => {
        const entry = outcome.entries.find(({ infoHash }) => infoHash[0] === swarm);
        return {
          seeders: entry?.seeders ?? 0,
          leechers: entry?.leechers ?? 0,
          downloads: entry?.downloads ?? 0,
        };
      });
    },
    close: () => Promise.resolve(),
  };
}

export class UdpClient implements TrackerClient {
  readonly socket: Socket;
  readonly #port: number;
  readonly #host: string;
  #transaction = 1;

  constructor(tracker: Listening, host = '127.0.0.1') {
    this.#port = tracker.port;
    this.#host = host;
    this.socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  }

  /** The next datagram, or undefined when none comes for `ms`. */
  ask(packet: Uint8Array, ms = 5000): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.socket.off('message', receive);
        resolve(undefined);
      }, ms);
      const receive = (data: Uint8Array): void => {
        clearTimeout(timer);
        resolve(data);
      };
      this.socket.once('message', receive);
      this.socket.send(packet, this.#port, this.#host);
    });
  }

  async connect(): Promise<{ connectionId: Uint8Array; transactionId: number }> {
    const transactionId = this.#transaction++;
    const reply = await this.#parsed(encodeUdpConnect(transactionId));
    if (reply.kind !== 'connect' || reply.transactionId !== transactionId)
      throw new Error('no connect reply');
    return { connectionId: reply.connectionId, transactionId: this.#transaction++ };
  }

  async announce(said: Said): Promise<Heard> {
    const target = said.credential === undefined ? '/announce' : `/announce/${said.credential}`;
    const reply = await this.#parsed(encodeUdpAnnounce(await this.connect(), requestOf(said), target));
    if (reply.kind !== 'announce') throw new Error('no announce reply');
    return { ...reply, peers: reply.peers.map(({ port }) => port - 1000).sort((a, b) => a - b) };
  }

  async scrape(swarms: readonly number[]): Promise<Counted[]> {
    const hashes = swarms.map((swarm) => toInfoHash(hashOf(swarm)));
    const reply = await this.#parsed(encodeUdpScrape(await this.connect(), hashes));
    if (reply.kind !== 'scrape') throw new Error('no scrape reply');
    return [...reply.counts];
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.close(resolve);
    });
  }

  async #parsed(packet: Uint8Array): Promise<UdpReply> {
    const data = await this.ask(packet);
    if (data === undefined) throw new Error('silence');
    const reply = parseUdpReply(data, this.#host.includes(':') ? 6 : 4);
    if (reply.kind === 'error') throw new Error(reply.message);
    return reply;
  }
}

type Frame = Readonly<Record<string, unknown>>;

/** Keeps one connection for each peer, as browsers do. */
export class WsClient implements TrackerClient {
  /** Frames that were relayed to each peer: offers and answers. */
  readonly relayed = new Map<number, Frame[]>();
  readonly #url: string;
  readonly #sockets = new Map<number, WebSocket>();
  readonly #waiting = new Map<number, (frame: Frame) => void>();

  constructor(tracker: Listening, host = '127.0.0.1') {
    this.#url = `ws://${host}:${String(tracker.port)}/announce`;
  }

  async announce(said: Said, offers: readonly Frame[] = []): Promise<Heard> {
    const socket = await this.socketOf(said.peer, said.credential);
    const frame = {
      action: 'announce',
      info_hash: text(hashOf(said.swarm)),
      peer_id: text(peerIdOf(said.peer)),
      left: said.left ?? 100,
      uploaded: said.uploaded ?? 0,
      downloaded: said.downloaded ?? 0,
      numwant: said.numWant ?? 50,
      event: said.event === 'none' ? undefined : said.event,
      offers,
    };
    if (said.event === 'stopped') {
      socket.send(JSON.stringify(frame));
      const [counts] = await this.scrape([said.swarm], said.peer);
      return {
        seeders: counts?.seeders ?? 0,
        leechers: counts?.leechers ?? 0,
        intervalSeconds: 0,
        peers: undefined,
      };
    }
    const reply = await this.#ask(said.peer, frame);
    return {
      seeders: Number(reply['complete']),
      leechers: Number(reply['incomplete']),
      intervalSeconds: Number(reply['interval']),
      peers: undefined,
    };
  }

  async scrape(swarms: readonly number[], peer = 0): Promise<Counted[]> {
    await this.socketOf(peer);
    const reply = await this.#ask(peer, {
      action: 'scrape',
      info_hash: swarms.map((swarm) => text(hashOf(swarm))),
    });
    const files = reply['files'] as Record<
      string,
      { complete: number; incomplete: number; downloaded: number }
    >;
    return swarms.map((swarm) => {
      const file = files[text(hashOf(swarm))];
      return {
        seeders: file?.complete ?? 0,
        leechers: file?.incomplete ?? 0,
        downloads: file?.downloaded ?? 0,
      };
    });
  }

  async socketOf(peer: number, credential?: string): Promise<WebSocket> {
    const known = this.#sockets.get(peer);
    if (known !== undefined) return known;
    const socket = new WebSocket(credential === undefined ? this.#url : `${this.#url}/${credential}`);
    this.#sockets.set(peer, socket);
    this.relayed.set(peer, []);
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame;
      if (frame['offer'] !== undefined || frame['answer'] !== undefined) this.relayed.get(peer)?.push(frame);
      else this.#waiting.get(peer)?.(frame);
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#sockets.values()].map((socket) => {
        if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.close();
        return closed;
      }),
    );
  }

  async #ask(peer: number, frame: Frame): Promise<Frame> {
    const reply = await new Promise<Frame>((resolve) => {
      this.#waiting.set(peer, resolve);
      this.#sockets.get(peer)?.send(JSON.stringify(frame));
    });
    const reason = reply['failure reason'];
    if (reason !== undefined) throw new Error(typeof reason === 'string' ? reason : 'refused');
    return reply;
  }
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
