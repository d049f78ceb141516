// All uTP connections of one UDP socket, told apart by address and connection id (BEP 29).
// Strangers can send anything from any address. So: no state for noise, few connections whose address is not proven,
// never more or larger packets to an unproven address than came from it, and few RESETs.
import { formatAddress } from '../address.ts';
import type { PeerAddress } from '../address.ts';
import type { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { earliest } from '../time.ts';
import type { Millis } from '../time.ts';
import { UtpConnection } from './connection.ts';
import type { UtpSink } from './connection.ts';
import { PACKET_TYPE, encodePacket, parsePacket } from './packet.ts';
import type { UtpPacket } from './packet.ts';

/** A connection's number in its multiplexer, never reused. */
export type UtpKey = number;

export type UtpEvent =
  | { readonly kind: 'send'; readonly to: PeerAddress; readonly bytes: Uint8Array }
  /** A connection from outside; the address is proven. */
  | { readonly kind: 'accepted'; readonly key: UtpKey; readonly remote: PeerAddress }
  /** A connection of ours is open. */
  | { readonly kind: 'connected'; readonly key: UtpKey }
  /** A view that may be on the datagram: valid until `receive`'s caller gives that memory back. */
  | { readonly kind: 'data'; readonly key: UtpKey; readonly bytes: Uint8Array }
  /** So many written bytes were taken over: their memory is free. */
  | { readonly kind: 'taken'; readonly key: UtpKey; readonly bytes: number }
  /** Comes once for each key that was accepted or connected to, and nothing after it. */
  | { readonly kind: 'closed'; readonly key: UtpKey; readonly error: ProtocolError | undefined };

/** Datagrams without fragments: IPv4 through tunnels on Ethernet, and what every IPv6 link can carry. */
const PACKET_BYTES_V4 = 1400;
const PACKET_BYTES_V6 = 1232;
const RESETS_PER_SECOND = 20;

interface Entry {
  readonly connection: UtpConnection;
  readonly route: string;
}

/**
 * Contract: `poll` until undefined after each other call, and before the memory of a received datagram is reused.
 * Call `tick` when `nextTimeout` is due; it may be due without need. Calls with a key that is over do nothing.
 */
export class UtpMultiplexer {
  readonly #random: () => number;
  readonly #entries = new Map<UtpKey, Entry>();
  readonly #routes = new Map<string, UtpKey>();
  #events: UtpEvent[] = [];
  #polled = 0;
  #nextKey: UtpKey = 1;
  #halfOpen = new Set<UtpKey>();
  #wakeAt: Millis | undefined;
  #resets = RESETS_PER_SECOND;
  #resetsAt: Millis = 0;

  /** `random` gives uniform numbers of 32 bits, fit for what others must not guess. */
  constructor(random: () => number) {
    this.#random = random;
  }

  connect(remote: PeerAddress, now: Millis): UtpKey {
    const address = formatAddress(remote);
    let receiveId = this.#random() & 0xffff;
    while (this.#routes.has(routeOf(address, receiveId))) receiveId = (receiveId + 1) & 0xffff;
    return this.#add(remote, { receiveId, sendId: (receiveId + 1) & 0xffff, syn: undefined }, now);
  }

  /** Takes a datagram; false if it is not uTP and so perhaps somebody else's. */
  receive(datagram: Uint8Array, from: PeerAddress, now: Millis): boolean {
    const packet = parsePacket(datagram);
    if (packet === undefined) return false;
    const address = formatAddress(from);
    const key = this.#find(address, packet);
    if (key !== undefined)
      this.#with(key, (connection) => {
        connection.handle(packet, now);
      });
    else if (packet.type === PACKET_TYPE.syn) this.#accept(packet, from, now);
    else if (packet.type !== PACKET_TYPE.reset) this.#reset(packet, from, now);
    return true;
  }

  /** Queues bytes as views until `taken` has counted them. */
  write(key: UtpKey, chunks: readonly Uint8Array[], now: Millis): void {
    this.#with(key, (connection) => {
      connection.write(chunks, now);
    });
  }

  pause(key: UtpKey): void {
    this.#entries.get(key)?.connection.pause();
  }

  resume(key: UtpKey, now: Millis): void {
    this.#with(key, (connection) => {
      connection.resume(now);
    });
  }

  /** Sends what is queued, then ends the stream. The `closed` event comes at once. */
  close(key: UtpKey, now: Millis): void {
    this.#with(key, (connection) => {
      connection.close(now);
    });
  }

  tick(now: Millis): void {
    this.#wakeAt = undefined;
    for (const key of [...this.#entries.keys()])
      this.#with(key, (connection) => {
        connection.tick(now);
      });
  }

  nextTimeout(): Millis | undefined {
    return this.#wakeAt;
  }

  poll(): UtpEvent | undefined {
    const event = this.#events[this.#polled++];
    if (event === undefined && this.#polled > 1) this.#events = [];
    if (event === undefined) this.#polled = 0;
    return event;
  }

  #accept(syn: UtpPacket, from: PeerAddress, now: Millis): void {
    if (this.#halfOpen.size >= LIMITS.utpHalfOpen.value || this.#entries.size >= LIMITS.utpConnections.value)
      return;
    const key = this.#add(
      from,
      { receiveId: (syn.connectionId + 1) & 0xffff, sendId: syn.connectionId, syn },
      now,
    );
    this.#halfOpen.add(key);
  }

  #add(
    remote: PeerAddress,
    {
      receiveId,
      sendId,
      syn,
    }: { readonly receiveId: number; readonly sendId: number; readonly syn: UtpPacket | undefined },
    now: Millis,
  ): UtpKey {
    const key = this.#nextKey++;
    const route = routeOf(formatAddress(remote), receiveId);
    const identity = {
      outgoing: syn === undefined,
      receiveId,
      sendId,
      firstSeq: this.#random() & 0xffff,
      packetBytes: remote.ip.includes(':') ? PACKET_BYTES_V6 : PACKET_BYTES_V4,
    };
    const connection = new UtpConnection(identity, this.#sink(key, remote, identity.outgoing), { syn, now });
    this.#entries.set(key, { connection, route });
    this.#routes.set(route, key);
    this.#wakeAt = earliest(this.#wakeAt, connection.nextTimeout());
    return key;
  }

  #sink(key: UtpKey, remote: PeerAddress, outgoing: boolean): UtpSink {
    let isKnown = outgoing;
    return {
      send: (bytes) => this.#events.push({ kind: 'send', to: remote, bytes }),
      opened: () => {
        isKnown = true;
        this.#halfOpen.delete(key);
        this.#events.push(outgoing ? { kind: 'connected', key } : { kind: 'accepted', key, remote });
      },
      data: (bytes) => this.#events.push({ kind: 'data', key, bytes }),
      taken: (bytes) => this.#events.push({ kind: 'taken', key, bytes }),
      closed: (error) => {
        if (isKnown) this.#events.push({ kind: 'closed', key, error });
      },
    };
  }

  /** Packets come under the id that we gave; a SYN repeats the one before it, and a RESET may echo either. */
  #find(address: string, { type, connectionId }: UtpPacket): UtpKey | undefined {
    if (type === PACKET_TYPE.syn) return this.#routes.get(routeOf(address, (connectionId + 1) & 0xffff));
    const key = this.#routes.get(routeOf(address, connectionId));
    if (key !== undefined || type !== PACKET_TYPE.reset) return key;
    return (
      this.#routes.get(routeOf(address, (connectionId + 1) & 0xffff)) ??
      this.#routes.get(routeOf(address, (connectionId - 1) & 0xffff))
    );
  }

  /** The sender believes in a connection that is over here: no more often than a few times a second. */
  #reset(packet: UtpPacket, from: PeerAddress, now: Millis): void {
    if (now - this.#resetsAt >= 1000) {
      this.#resetsAt = now;
      this.#resets = RESETS_PER_SECOND;
    }
    if (this.#resets === 0) return;
    this.#resets--;
    const bytes = encodePacket({
      type: PACKET_TYPE.reset,
      connectionId: packet.connectionId,
      timestamp: 0,
      timestampDifference: 0,
      window: 0,
      seq: this.#random() & 0xffff,
      ack: packet.seq,
    });
    this.#events.push({ kind: 'send', to: from, bytes });
  }

  #with(key: UtpKey, act: (connection: UtpConnection) => void): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    act(entry.connection);
    if (entry.connection.isOver) {
      this.#entries.delete(key);
      this.#routes.delete(entry.route);
      this.#halfOpen.delete(key);
    } else {
      this.#wakeAt = earliest(this.#wakeAt, entry.connection.nextTimeout());
    }
  }
}

function routeOf(address: string, id: number): string {
  return `${address}#${String(id)}`;
}
