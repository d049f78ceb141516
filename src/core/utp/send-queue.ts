// Bytes to be sent, and packets sent but not acknowledged (BEP 29). A packet is never cut anew: sequence numbers count
// packets. Invariant: #flight holds the packets from #base on, without gaps; #flightBytes counts those neither
// acknowledged nor thought lost.
import type { Millis } from '../time.ts';
import { HEADER_BYTES, seqDistance } from './packet.ts';
import type { PacketType } from './packet.ts';

export interface OutgoingPacket {
  readonly type: PacketType;
  readonly seq: number;
  /** Header and payload; the header is written anew at each sending. */
  readonly bytes: Uint8Array;
  sentAt: Millis;
  /** Number of its last sending among all sendings of the connection. */
  order: number;
  sendings: number;
  state: 'flying' | 'lost' | 'acked';
}

export interface Acknowledged {
  /** Payload and header bytes that were acknowledged now. */
  readonly bytes: number;
  /** Round trips of packets that were sent once. */
  readonly roundTrips: readonly Millis[];
}

/** BEP 29: a packet is lost when so many that were sent after it have arrived. */
const LOSS_THRESHOLD = 3;
/** Half of the sequence numbers must stay unused to tell old from new; far fewer will do. */
const MAX_FLIGHT_PACKETS = 4096;

export class SendQueue {
  readonly #queue: Uint8Array[] = [];
  #queueOffset = 0;
  #queuedBytes = 0;
  readonly #flight: OutgoingPacket[] = [];
  #base: number;
  #flightBytes = 0;
  #lostPackets = 0;
  #sendings = 0;
  /** Packets of #flight that arrived before ones that were sent earlier. */
  #aheadPackets = 0;
  /** The highest numbers of sendings that arrived, descending. */
  readonly #arrived: number[] = [];

  constructor(firstSeq: number) {
    this.#base = firstSeq;
  }

  /** Sequence number of the next new packet. */
  get next(): number {
    return (this.#base + this.#flight.length) & 0xffff;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get flightBytes(): number {
    return this.#flightBytes;
  }

  /** Whether every packet was acknowledged. */
  get isIdle(): boolean {
    return this.#flight.length === 0;
  }

  get isFull(): boolean {
    return this.#flight.length >= MAX_FLIGHT_PACKETS;
  }

  /** Keeps views until they are packed. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
  }

  clearQueue(): void {
    this.#queue.length = 0;
    this.#queueOffset = 0;
    this.#queuedBytes = 0;
  }

  /** Makes the next packet of up to `payloadBytes` queued bytes; `sent` is to be called for it. */
  pack(type: PacketType, payloadBytes: number): OutgoingPacket {
    const length = Math.min(payloadBytes, this.#queuedBytes);
    const bytes = new Uint8Array(HEADER_BYTES + length);
    this.#unqueue(bytes.subarray(HEADER_BYTES));
    const packet: OutgoingPacket = {
      type,
      seq: this.next,
      bytes,
      sentAt: 0,
      order: 0,
      sendings: 0,
      state: 'lost',
    };
    this.#flight.push(packet);
    this.#lostPackets++;
    return packet;
  }

  /** The packet goes out, for the first time or again. */
  sent(packet: OutgoingPacket, now: Millis): void {
    packet.sentAt = now;
    packet.order = this.#sendings++;
    packet.sendings++;
    packet.state = 'flying';
    this.#lostPackets--;
    this.#flightBytes += packet.bytes.length;
  }

  /** The oldest packet that has to be sent again. */
  nextLost(): OutgoingPacket | undefined {
    return this.#lostPackets === 0 ? undefined : this.#flight.find((packet) => packet.state === 'lost');
  }

  /** Whether `ack` can be an answer to what was sent. */
  isPlausible(ack: number): boolean {
    const distance = seqDistance(ack, this.#base);
    return distance < this.#flight.length && distance >= -MAX_FLIGHT_PACKETS;
  }

  /** All packets up to `ack` arrived, and those of the mask, whose first bit is ack + 2. */
  acknowledge(ack: number, mask: Uint8Array | undefined, now: Millis): Acknowledged {
    const result = { bytes: 0, roundTrips: [] as Millis[] };
    const count = seqDistance(ack, this.#base) + 1;
    for (let i = 0; i < count; i++) {
      const packet = this.#flight[i];
      if (packet?.state === 'acked') this.#aheadPackets--;
      else if (packet !== undefined) this.#arrive(packet, result, now);
    }
    if (mask !== undefined) {
      const bits = Math.min(8 * mask.length, this.#flight.length);
      for (let bit = 0; bit < bits; bit++) {
        const packet = this.#flight[count + 1 + bit];
        const isSet = ((mask[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
        if (!isSet || packet === undefined || packet.state === 'acked') continue;
        this.#arrive(packet, result, now);
        this.#aheadPackets++;
      }
    }
    if (count > 0) {
      this.#flight.splice(0, count);
      this.#base = (this.#base + count) & 0xffff;
    }
    return result;
  }

  /** Marks packets as lost behind which enough later sendings arrived; gives the last of them. */
  detectLost(): OutgoingPacket | undefined {
    const third = this.#arrived[LOSS_THRESHOLD - 1];
    if (third === undefined || this.#aheadPackets === 0) return undefined;
    let last: OutgoingPacket | undefined;
    for (const packet of this.#flight) {
      if (packet.state !== 'flying' || packet.order >= third) continue;
      this.#lose(packet);
      last = packet;
    }
    return last;
  }

  /** The oldest packet is thought lost though nothing says that later ones arrived: duplicate acknowledgements. */
  loseFirst(): OutgoingPacket | undefined {
    const [first] = this.#flight;
    if (first?.state !== 'flying' || first.sendings > 1) return undefined;
    this.#lose(first);
    return first;
  }

  /** A timeout: nothing of what flies is believed in any more. */
  loseAll(): void {
    for (const packet of this.#flight) if (packet.state === 'flying') this.#lose(packet);
  }

  #lose(packet: OutgoingPacket): void {
    packet.state = 'lost';
    this.#flightBytes -= packet.bytes.length;
    this.#lostPackets++;
  }

  #arrive(packet: OutgoingPacket, result: { bytes: number; roundTrips: Millis[] }, now: Millis): void {
    if (packet.state === 'lost') this.#lostPackets--;
    else this.#flightBytes -= packet.bytes.length;
    packet.state = 'acked';
    result.bytes += packet.bytes.length;
    // Which sending of several it was that arrived nobody knows.
    if (packet.sendings > 1) return;
    result.roundTrips.push(now - packet.sentAt);
    this.#arrived.push(packet.order);
    this.#arrived.sort((a, b) => b - a);
    this.#arrived.length = Math.min(this.#arrived.length, LOSS_THRESHOLD);
  }

  #unqueue(target: Uint8Array): void {
    this.#queuedBytes -= target.length;
    for (let at = 0; at < target.length;) {
      const [chunk] = this.#queue;
      if (chunk === undefined) return;
      const part = chunk.subarray(this.#queueOffset, this.#queueOffset + target.length - at);
      target.set(part, at);
      at += part.length;
      this.#queueOffset += part.length;
      if (this.#queueOffset === chunk.length) {
        this.#queue.shift();
        this.#queueOffset = 0;
      }
    }
  }
}
