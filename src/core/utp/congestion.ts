// LEDBAT (BEP 29, RFC 6817): the window grows while packets wait less than 100 ms in buffers and shrinks when they wait
// longer, so that this traffic gives way to all other. Loss halves it, as TCP does.
// Invariant: the window always has room for one packet.

/** BEP 29: the delay that we accept to cause, in microseconds. */
const TARGET_MICROS = 100_000;
/** The window grows at most by so many bytes a round trip once slow start is over. */
const GROWTH_BYTES_PER_ROUND_TRIP = 3000;
const INITIAL_PACKETS = 4;

export class Congestion {
  readonly #packetBytes: number;
  #window: number;
  /** Slow start doubles the window each round trip until here. */
  #threshold = Infinity;

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes;
    this.#window = INITIAL_PACKETS * packetBytes;
  }

  /** Bytes that may be in flight. */
  get window(): number {
    return this.#window;
  }

  /**
   * Bytes were acknowledged. `delayMicros` is the queuing delay, undefined if not known. `limited`: the window is what
   * held the sender back; else its size says nothing and must not grow.
   */
  acked(
    bytes: number,
    { delayMicros, limited }: { readonly delayMicros: number | undefined; readonly limited: boolean },
  ): void {
    const delay = delayMicros ?? 0;
    if (this.#window < this.#threshold) {
      if (delay > 0.9 * TARGET_MICROS) this.#threshold = this.#window;
      else if (limited) this.#window += bytes;
      return;
    }
    const offTarget = Math.max(-1, (TARGET_MICROS - delay) / TARGET_MICROS);
    if (offTarget > 0 && !limited) return;
    const change = (GROWTH_BYTES_PER_ROUND_TRIP * offTarget * bytes) / this.#window;
    this.#window = Math.max(this.#packetBytes, this.#window + change);
  }

  /** Packets were lost: call once for all losses of one round trip. */
  lost(): void {
    this.#window = Math.max(this.#packetBytes, this.#window / 2);
    this.#threshold = this.#window;
  }

  /** Nothing came back at all: start again with one packet. */
  timedOut(): void {
    this.#threshold = Math.max(2 * this.#packetBytes, this.#window / 2);
    this.#window = this.#packetBytes;
  }
}
