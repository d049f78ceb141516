// The server's side of BEP 15 and 41: a datagram in, a datagram or silence out. Nothing is said to a malformed packet
// or a wrong connection id, so the tracker cannot be used to answer somebody who never asked; the reply to a connect
// is as long as its request, all longer ones go to addresses that have proved themselves.
import type { Millis } from '../time.ts';
import type { AnnounceCore } from './announce.ts';
import { AnnounceQuery } from './announce-query.ts';
import type { ConnectionIds } from './connection-id.ts';
import type { AnnounceEvent } from './model.ts';
import type { Refusal } from './refusal.ts';
import { StoreCounts, StoreReply } from './store/store-query.ts';
import { parseUrlData, UDP_ACTION, UDP_PROTOCOL_ID, UDP_SCRAPE_MAX } from './udp-codec.ts';
import { ProtocolError } from '../errors.ts';

const EVENTS: readonly AnnounceEvent[] = ['none', 'completed', 'started', 'stopped', 'paused'];
/** BEP 15: the layout of an announce; BEP 41 options follow. */
const ANNOUNCE_BYTES = 98;

export interface UdpServiceDeps {
  readonly core: AnnounceCore;
  readonly ids: ConnectionIds;
  /** Most peers of an answer. */
  readonly maxPeers: number;
}

export interface UdpCounters {
  connects: number;
  /** Packets that were none, and connection ids that were not ours. */
  malformed: number;
  badIds: number;
}

/** Where a frontend puts what it received; one object serves many packets. */
export interface Datagram {
  /** The packet, from the front. */
  bytes: Uint8Array;
  length: number;
  /** The sender's address, 4 or 16 bytes. */
  ip: Uint8Array;
}

/** Bytes of the longest answer. */
export function udpReplyRoom(maxPeers: number): number {
  return Math.max(20 + 18 * maxPeers, 8 + 12 * UDP_SCRAPE_MAX, 256);
}

export class UdpService {
  readonly counters: UdpCounters = { connects: 0, malformed: 0, badIds: 0 };
  /** Where the answer goes that is being written. */
  #out: Uint8Array;
  readonly #core: AnnounceCore;
  readonly #ids: ConnectionIds;
  readonly #query: AnnounceQuery = new AnnounceQuery();
  readonly #reply: StoreReply;
  readonly #counts: StoreCounts = new StoreCounts();
  readonly #issued: { bytes: Uint8Array; readonly at: number };

  constructor(deps: UdpServiceDeps) {
    this.#core = deps.core;
    this.#ids = deps.ids;
    this.#reply = new StoreReply(deps.maxPeers);
    this.#out = new Uint8Array(0);
    this.#issued = { bytes: this.#out, at: 8 };
  }

  /** Writes the reply to `out`, which has udpReplyRoom(), and answers its length; 0 is silence. */
  handle(datagram: Datagram, now: Millis, out: Uint8Array): number {
    // BEP 15: the smallest request has 16 bytes.
    if (datagram.length < 16) return this.#malformed();
    const { bytes: packet, ip } = datagram;
    this.#out = out;
    const action = readWord(packet, 8);
    if (action === UDP_ACTION.connect) return this.#connect(packet, ip, now);
    if (action !== UDP_ACTION.announce && action !== UDP_ACTION.scrape) return this.#malformed();
    if (!this.#ids.verify(ip, now, packet)) {
      this.counters.badIds++;
      return 0;
    }
    return action === UDP_ACTION.announce ? this.#announce(datagram, now) : this.#scrape(datagram, now);
  }

  #connect(packet: Uint8Array, ip: Uint8Array, now: Millis): number {
    const [high, low] = UDP_PROTOCOL_ID;
    if (readWord(packet, 0) !== high || readWord(packet, 4) !== low) return this.#malformed();
    this.counters.connects++;
    this.#head(UDP_ACTION.connect, packet);
    this.#issued.bytes = this.#out;
    this.#ids.issue(ip, now, this.#issued);
    return 16;
  }

  #announce(datagram: Datagram, now: Millis): number {
    const { bytes: packet, length, ip } = datagram;
    if (length < ANNOUNCE_BYTES) return this.#malformed();
    const query = this.#query;
    query.reset();
    query.setSource(ip);
    for (let i = 0; i < 20; i++) {
      query.infoHash[i] = packet[16 + i] ?? 0;
      query.peerId[i] = packet[36 + i] ?? 0;
    }
    query.downloaded = readLong(packet, 56);
    query.seed = readLong(packet, 64) === 0;
    query.uploaded = readLong(packet, 72);
    query.event = eventOf(readWord(packet, 80));
    this.#claim(packet);
    query.asked = readWord(packet, 92) | 0;
    query.port = ((packet[96] ?? 0) << 8) | (packet[97] ?? 0);
    if (length > ANNOUNCE_BYTES && !this.#readOptions(packet.subarray(ANNOUNCE_BYTES, length)))
      return this.#malformed();
    const refusal = this.#core.announce(query, now, this.#reply);
    return refusal === undefined ? this.#writeAnnounce(packet) : this.#error(packet, refusal);
  }

  #writeAnnounce(packet: Uint8Array): number {
    const reply = this.#reply;
    const out = this.#out;
    this.#head(UDP_ACTION.announce, packet);
    writeWord(out, 8, this.#core.intervalSeconds());
    writeWord(out, 12, reply.leechers);
    writeWord(out, 16, reply.seeders);
    // BEP 15: the format of the peers follows the family of the packet.
    const v4 = this.#query.family === 4;
    const peers = v4 ? reply.peers4 : reply.peers6;
    const length = v4 ? reply.length4 : reply.length6;
    for (let i = 0; i < length; i++) out[20 + i] = peers[i] ?? 0;
    return 20 + length;
  }

  #scrape(datagram: Datagram, now: Millis): number {
    const { bytes: packet, length, ip } = datagram;
    const hashes = Math.min(Math.floor((length - 16) / 20), UDP_SCRAPE_MAX);
    if (hashes === 0) return this.#malformed();
    const refusal = this.#core.admitScrape(ip, now, hashes);
    if (refusal !== undefined) return this.#error(packet, refusal);
    this.#head(UDP_ACTION.scrape, packet);
    const counts = this.#counts;
    for (let i = 0; i < hashes; i++) {
      this.#core.scrape(packet.subarray(16 + 20 * i, 36 + 20 * i), counts);
      writeWord(this.#out, 8 + 12 * i, counts.seeders);
      writeWord(this.#out, 12 + 12 * i, counts.downloads);
      writeWord(this.#out, 16 + 12 * i, counts.leechers);
    }
    return 8 + 12 * hashes;
  }

  #error(packet: Uint8Array, refusal: Refusal): number {
    this.#head(UDP_ACTION.error, packet);
    const { message } = refusal;
    for (let i = 0; i < message.length; i++) this.#out[8 + i] = message.charCodeAt(i);
    return 8 + message.length;
  }

  /** The 32-bit address field, which only a trusting tracker heeds. */
  #claim(packet: Uint8Array): void {
    if (readWord(packet, 84) === 0 || this.#query.family === 6) return;
    this.#query.claimedFamily = 4;
    for (let i = 0; i < 4; i++) this.#query.claimedIp[i] = packet[84 + i] ?? 0;
  }

  /** BEP 41: the path and query of the URL carry what the tracker asks of a client to prove. */
  #readOptions(options: Uint8Array): boolean {
    try {
      this.#query.credential = credentialOf(parseUrlData(options));
      return true;
    } catch (error) {
      if (error instanceof ProtocolError) return false;
      throw error;
    }
  }

  #head(action: number, packet: Uint8Array): void {
    writeWord(this.#out, 0, action);
    for (let i = 0; i < 4; i++) this.#out[4 + i] = packet[12 + i] ?? 0;
  }

  #malformed(): number {
    this.counters.malformed++;
    return 0;
  }
}

/** `/announce/TOKEN` or `/announce?token=TOKEN`, as over HTTP. */
function credentialOf(target: string): string {
  const match = /^\/announce\/([^?]+)|[?&]token=([^&]*)/.exec(target);
  return match?.[1] ?? match?.[2] ?? '';
}

/** A number that says no event is none: BEP 15 leaves no room for an error here and clients send odd ones. */
function eventOf(word: number): AnnounceEvent {
  return EVENTS[word] ?? 'none';
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** 64 bits; beyond 2^53 the value loses precision, which no use of it minds. */
function readLong(bytes: Uint8Array, at: number): number {
  return readWord(bytes, at) * 2 ** 32 + readWord(bytes, at + 4);
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
