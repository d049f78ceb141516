// One uTP connection (BEP 29): packets in, packets and ordered bytes out. Owned and fed by the multiplexer.
// States go one way: opening (SYN sent, or answered and not yet proven real) → open → closing (FIN on its way) → over.
import { ProtocolError } from '../errors.ts';
import { earliest } from '../time.ts';
import type { Millis } from '../time.ts';
import { Congestion } from './congestion.ts';
import { HEADER_BYTES, PACKET_TYPE, encodePacket, seqDistance, writeHeader } from './packet.ts';
import type { PacketType, UtpHeader, UtpPacket } from './packet.ts';
import { QueuingDelay } from './queuing-delay.ts';
import { RECEIVE_WINDOW_BYTES, ReorderBuffer } from './reorder-buffer.ts';
import { RoundTrip } from './round-trip.ts';
import { SendQueue } from './send-queue.ts';
import type { OutgoingPacket } from './send-queue.ts';

/** What a connection tells its owner. */
export interface UtpSink {
  /** A datagram to the remote address. */
  send(bytes: Uint8Array): void;
  /** Open: bytes may flow. */
  opened(): void;
  /** The next bytes of the stream; a view that is valid during the call only if they came in this datagram. */
  data(bytes: Uint8Array): void;
  /** Bytes of `write` that were taken over: their memory is free. */
  taken(bytes: number): void;
  /** Comes once, and no data after it. */
  closed(error: ProtocolError | undefined): void;
}

export interface UtpIdentity {
  readonly outgoing: boolean;
  /** The id on packets to us; packets from us carry `sendId`. */
  readonly receiveId: number;
  readonly sendId: number;
  /** Random, 16 bits. */
  readonly firstSeq: number;
  /** Size of full datagrams to this address. */
  readonly packetBytes: number;
}

const ACK_DELAY_MS = 10;
const PACKETS_PER_ACK = 2;
const DUPLICATE_ACKS = 3;
/** With doubled patience each time: about a minute. */
const MAX_TIMEOUTS = 6;
const MAX_SYN_TIMEOUTS = 3;
/** An incoming connection that shows no sign that its address is real. */
const PROOF_MS = 10_000;
/** What a close may take to send the rest. */
const LINGER_MS = 10_000;
/** Routers forget UDP flows after half a minute. */
const KEEP_ALIVE_MS = 29_000;

export class UtpConnection {
  readonly #identity: UtpIdentity;
  readonly #sink: UtpSink;
  readonly #send: SendQueue;
  readonly #congestion: Congestion;
  readonly #roundTrip = new RoundTrip();
  readonly #delay = new QueuingDelay();
  #receive: ReorderBuffer | undefined;
  #state: 'opening' | 'open' | 'closing' | 'over' = 'opening';
  #isClosedTold = false;
  #isFinSent = false;
  #peerWindow = 0;
  #theirDifference = 0;
  #duplicateAcks = 0;
  /** Losses before this packet belong to a round trip that was punished already. */
  #recoveredAt: number;
  #isLimited = false;
  #unackedPackets = 0;
  #timeouts = 0;
  /** A timeout lets one packet go whatever the windows say. */
  #isProbing = false;
  #isPaused = false;
  readonly #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ackAt: Millis | undefined;
  #timeoutAt: Millis | undefined;
  #endsAt: Millis | undefined;
  #sentAt: Millis;

  /** Sends the SYN, or answers the one that `syn` is. */
  constructor(
    identity: UtpIdentity,
    sink: UtpSink,
    { syn, now }: { readonly syn: UtpPacket | undefined; readonly now: Millis },
  ) {
    this.#identity = identity;
    this.#sink = sink;
    this.#send = new SendQueue(identity.firstSeq);
    this.#congestion = new Congestion(identity.packetBytes);
    this.#recoveredAt = identity.firstSeq;
    this.#sentAt = now;
    if (syn === undefined) {
      this.#send.pack(PACKET_TYPE.syn, 0);
      this.#flush(now);
    } else {
      this.#receive = new ReorderBuffer(syn.seq + 1);
      this.#theirDifference = (micros(now) - syn.timestamp) >>> 0;
      this.#endsAt = now + PROOF_MS;
      this.#acknowledge(now);
    }
  }

  /** An incoming connection whose address is not proven yet. */
  get isHalfOpen(): boolean {
    return this.#state === 'opening' && !this.#identity.outgoing;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  handle(packet: UtpPacket, now: Millis): void {
    if (this.#state === 'over') return;
    if (packet.type === PACKET_TYPE.reset) {
      this.#end(new ProtocolError('UTP_RESET', 'the other side does not know this connection'));
      return;
    }
    if (packet.type === PACKET_TYPE.syn) {
      // Our answer was lost. Only as many answers as there are SYNs, so that nobody is flooded by way of us.
      if (this.isHalfOpen) this.#acknowledge(now);
      return;
    }
    if (!this.#send.isPlausible(packet.ack)) return;
    this.#theirDifference = (micros(now) - packet.timestamp) >>> 0;
    if (this.#state === 'opening' && !this.#isOpenedBy(packet, now)) return;
    this.#timeouts = 0;
    this.#peerWindow = packet.window;
    this.#handleAck(packet, now);
    if (packet.type === PACKET_TYPE.data || packet.type === PACKET_TYPE.fin) this.#handleData(packet, now);
    this.#flush(now);
  }

  /** Queues bytes as views; `taken` says when they are free. */
  write(chunks: readonly Uint8Array[], now: Millis): void {
    if (this.#isClosedTold) return;
    for (const chunk of chunks) this.#send.push(chunk);
    this.#flush(now);
  }

  /** No `data` until `resume`; the other side may send until its window is full. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(now: Millis): void {
    this.#isPaused = false;
    const wasTight = this.#window < RECEIVE_WINDOW_BYTES / 2;
    for (const chunk of this.#held.splice(0)) if (!this.#isClosedTold) this.#sink.data(chunk);
    this.#heldBytes = 0;
    if (wasTight && this.#state === 'open') this.#acknowledge(now);
    this.#endIfDone(now);
  }

  /** Sends what is queued, then the FIN; reads no more. */
  close(now: Millis): void {
    if (this.#state === 'over') return;
    this.#tellClosed(undefined);
    if (this.#state === 'opening') {
      this.#end(undefined);
      return;
    }
    this.#state = 'closing';
    this.#endsAt ??= now + LINGER_MS;
    this.#flush(now);
  }

  tick(now: Millis): void {
    if (this.#state === 'over') return;
    if (isDue(this.#endsAt, now)) this.#giveUp();
    else if (isDue(this.#timeoutAt, now)) this.#timeOut(now);
    else if (isDue(this.#ackAt, now) || (this.#state === 'open' && now >= this.#sentAt + KEEP_ALIVE_MS)) {
      this.#acknowledge(now);
    }
  }

  nextTimeout(): Millis | undefined {
    if (this.#state === 'over') return undefined;
    const keepAlive = this.#state === 'open' ? this.#sentAt + KEEP_ALIVE_MS : undefined;
    return earliest(earliest(this.#endsAt, keepAlive), earliest(this.#timeoutAt, this.#ackAt));
  }

  get #window(): number {
    return Math.max(0, RECEIVE_WINDOW_BYTES - this.#heldBytes - (this.#receive?.earlyBytes ?? 0));
  }

  /** False for a packet that does not open the connection; else it is open from here on. */
  #isOpenedBy(packet: UtpPacket, now: Millis): boolean {
    if (this.#identity.outgoing) {
      if (packet.type !== PACKET_TYPE.state || packet.ack !== this.#identity.firstSeq) return false;
      // The answer carries the number of the first packet to come, as every packet without payload does.
      this.#receive = new ReorderBuffer(packet.seq);
      // Proves our address, though we may have nothing to say yet.
      this.#acknowledge(now);
    } else if (packet.ack !== ((this.#identity.firstSeq - 1) & 0xffff)) {
      // Who did not get our random first number did not send from the address that it says.
      return false;
    }
    this.#state = 'open';
    this.#endsAt = undefined;
    this.#sink.opened();
    return true;
  }

  #handleAck(packet: UtpPacket, now: Millis): void {
    const { bytes, roundTrips } = this.#send.acknowledge(packet.ack, packet.selectiveAck, now);
    for (const roundTrip of roundTrips) this.#roundTrip.measured(roundTrip);
    if (bytes > 0) {
      const difference = packet.timestampDifference;
      const delayMicros = difference === 0 ? undefined : this.#delay.sample(difference, now);
      this.#congestion.acked(bytes, { delayMicros, limited: this.#isLimited });
      this.#timeoutAt = this.#send.isIdle ? undefined : now + this.#roundTrip.timeout;
      this.#duplicateAcks = 0;
    } else if (packet.type === PACKET_TYPE.state && !this.#send.isIdle) {
      this.#duplicateAcks++;
    }
    const first = this.#duplicateAcks === DUPLICATE_ACKS ? this.#send.loseFirst() : undefined;
    const lost = this.#send.detectLost() ?? first;
    if (lost !== undefined && seqDistance(lost.seq, this.#recoveredAt) >= 0) {
      this.#congestion.lost();
      this.#recoveredAt = this.#send.next;
    }
  }

  #handleData(packet: UtpPacket, now: Millis): void {
    const receive = this.#receive;
    // Who ignores the window that we announced while we are paused loses what is too much.
    if (receive === undefined || (this.#isPaused && packet.payload.length > this.#window)) return;
    if (packet.type === PACKET_TYPE.fin) receive.end(packet.seq);
    const place = receive.receive(packet.seq, packet.payload);
    if (place === 'next') {
      const hadGap = receive.earlyBytes > 0;
      this.#deliver(packet.payload, false);
      for (let early = receive.takeEarly(); early !== undefined; early = receive.takeEarly())
        this.#deliver(early, true);
      this.#unackedPackets++;
      if (!hadGap && !receive.isEnded && this.#unackedPackets < PACKETS_PER_ACK) {
        this.#ackAt ??= now + ACK_DELAY_MS;
        return;
      }
    }
    this.#acknowledge(now);
    this.#endIfDone(now);
  }

  #deliver(bytes: Uint8Array, isOurs: boolean): void {
    if (bytes.length === 0 || this.#isClosedTold) return;
    if (this.#isPaused) {
      this.#held.push(isOurs ? bytes : new Uint8Array(bytes));
      this.#heldBytes += bytes.length;
    } else {
      this.#sink.data(bytes);
    }
  }

  /** The other side ended the stream, and all of it was read: what we still had to send has no reader. */
  #endIfDone(now: Millis): void {
    if (this.#receive?.isEnded !== true || this.#held.length > 0 || this.#isClosedTold) return;
    this.#send.clearQueue();
    this.close(now);
  }

  #flush(now: Millis): void {
    if (this.#state === 'over' || this.isHalfOpen) return;
    this.#isLimited = false;
    for (let packet = this.#nextPacket(); packet !== undefined; packet = this.#nextPacket()) {
      this.#transmit(packet, now);
    }
    this.#isProbing = false;
    // A window of zero is opened by a packet that may be lost: then a probe finds out.
    if (this.#send.queuedBytes > 0) this.#timeoutAt ??= now + this.#roundTrip.timeout;
    if (this.#isFinSent && this.#send.isIdle) this.#end(undefined);
  }

  /** What may go out now: first what was lost, then new bytes, at last the FIN. */
  #nextPacket(): OutgoingPacket | undefined {
    const lost = this.#send.nextLost();
    if (lost !== undefined) return this.#fits(lost.bytes.length) ? lost : undefined;
    if (this.#state === 'opening' || this.#send.isFull) return undefined;
    if (this.#send.queuedBytes > 0) {
      const payload = Math.min(this.#send.queuedBytes, this.#identity.packetBytes - HEADER_BYTES);
      if (!this.#fits(HEADER_BYTES + payload)) return undefined;
      const packet = this.#send.pack(PACKET_TYPE.data, payload);
      this.#sink.taken(payload);
      return packet;
    }
    if (this.#state !== 'closing' || this.#isFinSent) return undefined;
    this.#isFinSent = true;
    return this.#send.pack(PACKET_TYPE.fin, 0);
  }

  #fits(bytes: number): boolean {
    const flight = this.#send.flightBytes;
    // A SYN is sent before any window is known.
    if (flight === 0 && (this.#peerWindow > 0 || this.#isProbing || this.#state === 'opening')) return true;
    this.#isLimited = flight + bytes > this.#congestion.window;
    return !this.#isLimited && flight + bytes <= this.#peerWindow;
  }

  #transmit(packet: OutgoingPacket, now: Millis): void {
    if (this.#send.flightBytes === 0) this.#timeoutAt = now + this.#roundTrip.timeout;
    this.#send.sent(packet, now);
    writeHeader(packet.bytes, this.#header(packet.type, packet.seq, now));
    this.#sentAt = now;
    // A packet says all that an acknowledgement would, unless something is missing.
    if (this.#receive?.earlyBytes === 0) this.#acknowledged();
    this.#sink.send(packet.bytes);
  }

  #acknowledge(now: Millis): void {
    this.#acknowledged();
    this.#sentAt = now;
    this.#sink.send(
      encodePacket(this.#header(PACKET_TYPE.state, this.#send.next, now), this.#receive?.selectiveAck()),
    );
  }

  #acknowledged(): void {
    this.#ackAt = undefined;
    this.#unackedPackets = 0;
  }

  #header(type: PacketType, seq: number, now: Millis): UtpHeader {
    return {
      type,
      // Only the SYN goes out under the id that it offers for the way back.
      connectionId: type === PACKET_TYPE.syn ? this.#identity.receiveId : this.#identity.sendId,
      timestamp: micros(now),
      timestampDifference: this.#theirDifference,
      window: this.#window,
      seq,
      ack: this.#receive?.ack ?? 0,
    };
  }

  #timeOut(now: Millis): void {
    this.#timeouts++;
    if (this.#timeouts > (this.#state === 'opening' ? MAX_SYN_TIMEOUTS : MAX_TIMEOUTS)) {
      this.#end(new ProtocolError('UTP_TIMEOUT', 'the other side does not answer'));
      return;
    }
    this.#roundTrip.timedOut();
    if (!this.#send.isIdle) this.#congestion.timedOut();
    this.#send.loseAll();
    this.#recoveredAt = this.#send.next;
    this.#timeoutAt = now + this.#roundTrip.timeout;
    this.#isProbing = true;
    this.#flush(now);
  }

  /** Time is over for the proof of an address, or for sending the rest. */
  #giveUp(): void {
    this.#end(new ProtocolError('UTP_TIMEOUT', 'the other side did not finish'));
  }

  #end(error: ProtocolError | undefined): void {
    this.#state = 'over';
    this.#tellClosed(error);
  }

  #tellClosed(error: ProtocolError | undefined): void {
    if (this.#isClosedTold) return;
    this.#isClosedTold = true;
    this.#sink.closed(error);
  }
}

function isDue(at: Millis | undefined, now: Millis): boolean {
  return at !== undefined && now >= at;
}

/** The clock of packet headers. */
function micros(now: Millis): number {
  return Math.floor((now * 1000) % 0x1_0000_0000) >>> 0;
}
