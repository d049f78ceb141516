// A host's access link, and TCP-like pipes over two of them.
// A pipe has a send buffer (what the kernel takes at once) and a window (bytes in the network). Uplinks serve their
// pipes round robin, packet by packet: TCP's fair share. Downlinks are queues in order of arrival. A message that is
// alone in its pipe goes out at once, and the uplink's next packet takes so much longer: most messages of a crowd are
// small, and cost one event each.
import type { EventQueue, Occurrence } from './event-queue.ts';

const PACKET_BYTES = 4096;
/** Share of a link that headers and acknowledgements take: 1448 bytes of payload in a frame of 1514. */
const HEADER_FACTOR = 1514 / 1448;
const HEADER_BYTES = 66;
/** A frame of at most so many bytes may go out between packets. */
const SMALL_BYTES = 256;

export interface LinkOptions {
  /** Bytes a second, headers included; Infinity has no limit. */
  readonly up: number;
  readonly down: number;
  /** Bytes served at a time: fewer are truer, more are quicker to simulate. */
  readonly packetBytes?: number;
}

/** What an uplink serves. */
interface Sender {
  queued: boolean;
  /** Gives at most so many bytes to the link, which tells when they have left. */
  takePacket(most: number): number;
  packetLeft(bytes: number): void;
}

export class Link {
  readonly #queue: EventQueue;
  readonly #options: LinkOptions;
  readonly #waiting: Sender[] = [];
  #upBusy = false;
  /** Bytes of small frames that went out between packets and are yet to be paid for. */
  #debt = 0;
  #downFreeAt = 0;
  /** Bytes of all packets that went out. */
  sent = 0;
  /** Milliseconds during which the uplink was sending. */
  busyMs = 0;

  constructor(queue: EventQueue, options: LinkOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /** The pipe has something to send, and room in its window. */
  offer(pipe: Sender): void {
    if (pipe.queued) return;
    pipe.queued = true;
    this.#waiting.push(pipe);
    if (!this.#upBusy) this.#serve();
  }

  /** A small frame goes out between packets. */
  slip(bytes: number): void {
    this.sent += bytes;
    this.#debt += bytes + HEADER_BYTES;
  }

  /** When a packet that reaches the downlink at a time will have passed it. Packets are told of in that order. */
  receive(bytes: number, at: number): number {
    const start = Math.max(at, this.#downFreeAt);
    this.#downFreeAt = start + (bytes * HEADER_FACTOR * 1000) / this.#options.down;
    return this.#downFreeAt;
  }

  #serve(): void {
    const pipe = this.#waiting.shift();
    this.#upBusy = pipe !== undefined;
    if (pipe === undefined) return;
    pipe.queued = false;
    const bytes = pipe.takePacket(this.#options.packetBytes ?? PACKET_BYTES);
    const duration = ((bytes * HEADER_FACTOR + this.#debt) * 1000) / this.#options.up;
    this.#debt = 0;
    this.sent += bytes;
    this.busyMs += duration;
    this.#queue.after(duration, () => {
      pipe.packetLeft(bytes);
      this.#serve();
    });
  }
}

export interface PipeOptions {
  readonly latencyMs: number;
  /** Bytes in the network before an acknowledgement is awaited. */
  readonly windowBytes: number;
  /** Bytes that the kernel takes ahead of the network. */
  readonly bufferBytes: number;
  /** Share of packets that are late by a retransmission. */
  readonly loss: number;
}

interface PipeEnds<T> {
  readonly random: () => number;
  /** The kernel took bytes of payload. */
  readonly onTaken: (payload: number) => void;
  readonly onMessage: (message: T) => void;
}

/** A message on its way. It is its own event, as most are alone in their pipe and there are many. */
class Frame<T> implements Occurrence {
  next: Occurrence | undefined;
  readonly message: T;
  readonly bytes: number;
  readonly payload: number;
  readonly #pipe: Pipe<T>;

  constructor(pipe: Pipe<T>, message: T, size: { readonly bytes: number; readonly payload: number }) {
    this.next = undefined;
    this.message = message;
    this.bytes = size.bytes;
    this.payload = size.payload;
    this.#pipe = pipe;
  }

  run(): void {
    this.#pipe.slipped(this);
  }
}

/** One direction of a connection. Frames arrive whole, in order. */
export class Pipe<T> {
  queued = false;
  readonly #queue: EventQueue;
  readonly #from: Link;
  readonly #to: Link;
  readonly #options: PipeOptions;
  readonly #random: () => number;
  readonly #onTaken: (payload: number) => void;
  readonly #onMessage: (message: T) => void;
  /** Frames that the kernel has not taken yet, frames that have not arrived yet. */
  readonly #outside: Frame<T>[] = [];
  readonly #underWay: { readonly frame: Frame<T>; endsAt: number }[] = [];
  #buffered = 0;
  #inNetwork = 0;
  #arrived = 0;
  #accepted = 0;
  #lastArrival = 0;
  #closed = false;
  readonly #acknowledgements: { readonly at: number; readonly bytes: number }[] = [];
  #isAwaiting = false;

  constructor(
    queue: EventQueue,
    ends: { readonly from: Link; readonly to: Link },
    options: PipeOptions & PipeEnds<T>,
  ) {
    this.#queue = queue;
    this.#from = ends.from;
    this.#to = ends.to;
    this.#options = options;
    this.#random = options.random;
    this.#onTaken = options.onTaken;
    this.#onMessage = options.onMessage;
  }

  close(): void {
    this.#closed = true;
  }

  send(message: T, size: { readonly bytes: number; readonly payload: number }): void {
    const frame = new Frame(this, message, size);
    if (this.#isFree && frame.bytes <= SMALL_BYTES && frame.payload === 0) {
      this.#slip(frame);
      return;
    }
    this.#outside.push(frame);
    this.#accept();
  }

  get #isFree(): boolean {
    return !this.#closed && this.#buffered === 0 && this.#outside.length === 0;
  }

  takePacket(most: number): number {
    const bytes = Math.min(most, this.#buffered, this.#options.windowBytes - this.#inNetwork);
    this.#buffered -= bytes;
    this.#inNetwork += bytes;
    return bytes;
  }

  packetLeft(bytes: number): void {
    if (this.#closed) return;
    this.#travel(bytes);
    this.#accept();
    this.#offer();
  }

  /** A frame that went out when nothing else was under way has arrived. */
  slipped(frame: Frame<T>): void {
    if (this.#closed) return;
    this.#arrived += frame.bytes;
    this.#onMessage(frame.message);
  }

  /** The frame goes out in a packet of its own. With nothing under way it is nobody's turn but its own when it arrives. */
  #slip(frame: Frame<T>): void {
    const { bytes } = frame;
    this.#accepted += bytes;
    this.#from.slip(bytes);
    const at = this.#arrival(this.#queue.now + this.#options.latencyMs);
    if (this.#underWay.length === 0) {
      this.#queue.put(at, frame);
      return;
    }
    this.#underWay.push({ frame, endsAt: this.#accepted });
    this.#queue.at(at, () => {
      this.#arrive(bytes);
    });
  }

  #travel(bytes: number): void {
    const passes = this.#to.receive(bytes, this.#queue.now + this.#options.latencyMs);
    this.#queue.at(this.#arrival(passes), () => {
      if (this.#closed) return;
      this.#arrive(bytes);
      this.#acknowledgements.push({ at: this.#queue.now + this.#options.latencyMs, bytes });
      this.#offer();
    });
  }

  /** When a packet arrives that passes the downlink at a time: now and then one is lost, and those behind it wait. */
  #arrival(passesAt: number): number {
    const { latencyMs, loss } = this.#options;
    const late = this.#random() < loss ? Math.max(200, 3 * latencyMs) : 0;
    this.#lastArrival = Math.max(passesAt + late, this.#lastArrival);
    return this.#lastArrival;
  }

  #arrive(bytes: number): void {
    if (this.#closed) return;
    this.#arrived += bytes;
    for (let first = this.#underWay[0]; first !== undefined && first.endsAt <= this.#arrived;) {
      this.#underWay.shift();
      this.#onMessage(first.frame.message);
      first = this.#underWay[0];
    }
  }

  /** Takes the acknowledgements that have come; when all is in the network, waits for the next. */
  #acknowledge(): void {
    const { now } = this.#queue;
    for (let first = this.#acknowledgements[0]; first !== undefined && first.at <= now;) {
      this.#inNetwork -= first.bytes;
      this.#acknowledgements.shift();
      first = this.#acknowledgements[0];
    }
    const next = this.#acknowledgements[0];
    if (next === undefined || this.#isAwaiting || this.#inNetwork < this.#options.windowBytes) return;
    this.#isAwaiting = true;
    this.#queue.at(next.at, () => {
      this.#isAwaiting = false;
      this.#offer();
    });
  }

  #accept(): void {
    let taken = 0;
    while (this.#buffered < this.#options.bufferBytes) {
      const frame = this.#outside.shift();
      if (frame === undefined) break;
      this.#accepted += frame.bytes;
      this.#buffered += frame.bytes;
      this.#underWay.push({ frame, endsAt: this.#accepted });
      taken += frame.payload;
    }
    this.#offer();
    if (taken > 0) {
      this.#queue.after(0, () => {
        if (!this.#closed) this.#onTaken(taken);
      });
    }
  }

  #offer(): void {
    if (this.#closed || this.#buffered === 0) return;
    this.#acknowledge();
    if (this.#inNetwork >= this.#options.windowBytes) return;
    this.#from.offer(this);
  }
}
