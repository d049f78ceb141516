// Packets of the other side put in order (BEP 29). Invariant: every packet before `next` was given out; those that came
// early wait in #early, all within REORDER_PACKETS of `next`.
import { seqDistance } from './packet.ts';

/** Bytes that we take in before they are read: what the other side's window may grow to. */
export const RECEIVE_WINDOW_BYTES: number = 1024 * 1024;
/** Packets further ahead are dropped, whatever window a sender believes in. */
const REORDER_PACKETS = 1024;
/** Bytes of a selective acknowledgement: 512 packets. */
const SELECTIVE_ACK_BYTES = 64;

export class ReorderBuffer {
  #next: number;
  #end: number | undefined;
  readonly #early = new Map<number, Uint8Array>();
  #earlyBytes = 0;
  /** Distance from `next` to the packet that came earliest before its time, at least. */
  #reach = 0;

  /** `next` is the first sequence number that is expected. */
  constructor(next: number) {
    this.#next = next & 0xffff;
  }

  /** The last packet that was received with all before it. */
  get ack(): number {
    return (this.#next - 1) & 0xffff;
  }

  /** Bytes that wait for what is missing before them. */
  get earlyBytes(): number {
    return this.#earlyBytes;
  }

  /** Whether all bytes up to the other side's FIN were given out. */
  get isEnded(): boolean {
    return this.#end === this.ack;
  }

  /** Notes the FIN packet; it is also to be received as a packet without bytes. */
  end(seq: number): void {
    this.#end ??= seq;
  }

  /**
   * `next`: the bytes are the next of the stream, to be given out by the caller; then ask `takeEarly`.
   * `early`: kept as a copy. `old`: not new, or out of reach.
   */
  receive(seq: number, payload: Uint8Array): 'next' | 'early' | 'old' {
    const distance = seqDistance(seq, this.#next);
    if (distance === 0) {
      this.#advance();
      return 'next';
    }
    const isBehindEnd = this.#end !== undefined && seqDistance(seq, this.#end) > 0;
    const isFull = this.#earlyBytes + payload.length > RECEIVE_WINDOW_BYTES;
    if (distance < 0 || distance >= REORDER_PACKETS || isBehindEnd || isFull || this.#early.has(seq))
      return 'old';
    this.#early.set(seq, new Uint8Array(payload));
    this.#earlyBytes += payload.length;
    this.#reach = Math.max(this.#reach, distance);
    return 'early';
  }

  /** The next bytes of the stream if they came early; call until undefined after each `next`. */
  takeEarly(): Uint8Array | undefined {
    const payload = this.#early.get(this.#next);
    if (payload === undefined) return undefined;
    this.#early.delete(this.#next);
    this.#earlyBytes -= payload.length;
    this.#advance();
    return payload;
  }

  /** Which packets from ack + 2 on are here; undefined where none is missing. */
  selectiveAck(): Uint8Array | undefined {
    if (this.#early.size === 0) return undefined;
    const bytes = Math.min(SELECTIVE_ACK_BYTES, 4 * Math.ceil(this.#reach / 32));
    const mask = new Uint8Array(bytes);
    for (const seq of this.#early.keys()) {
      const bit = seqDistance(seq, this.#next) - 1;
      if (bit < 8 * bytes) mask[bit >>> 3] = (mask[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
    return mask;
  }

  #advance(): void {
    this.#next = (this.#next + 1) & 0xffff;
    this.#reach = Math.max(0, this.#reach - 1);
  }
}
