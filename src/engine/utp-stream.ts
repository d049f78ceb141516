// One uTP connection as a byte stream. What the machine gave out before a pause (or before the start) waits here.
import type { PeerAddress } from '../core/address.ts';
import type { Stream, StreamReceiver } from '../ports/transport.ts';

/** What a stream asks of its connection. */
export interface UtpControl {
  write(chunks: readonly Uint8Array[]): void;
  pause(): void;
  resume(): void;
  close(): void;
}

export class UtpStream implements Stream {
  readonly kind = 'utp';
  readonly remote: PeerAddress;
  readonly #control: UtpControl;
  readonly #held: Uint8Array[] = [];
  #receiver: StreamReceiver | undefined;
  #isPaused = false;
  #isClosedHere = false;
  /** The connection is over; the receiver hears of it once it has read what is held. */
  #end: { readonly error: Error | undefined } | undefined;
  #isEndTold = false;

  constructor(remote: PeerAddress, control: UtpControl) {
    this.remote = remote;
    this.#control = control;
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    this.#release();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (!this.#isClosedHere) this.#control.write(chunks);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#control.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#release();
    if (this.#isFlowing) this.#control.resume();
  }

  close(): void {
    this.#isClosedHere = true;
    this.#held.length = 0;
    if (this.#end === undefined) this.#control.close();
    else this.#tellEnd();
  }

  /** The machine's next bytes: a view that is valid during the call. */
  received(bytes: Uint8Array): void {
    if (this.#isClosedHere) return;
    if (this.#isFlowing && this.#held.length === 0) this.#receiver?.onData(bytes);
    else this.#held.push(new Uint8Array(bytes));
  }

  /** The machine took over so many written bytes. */
  taken(bytes: number): void {
    if (!this.#isClosedHere) this.#receiver?.onSent(bytes);
  }

  /** The connection is over. */
  ended(error: Error | undefined): void {
    this.#end = { error };
    this.#tellEnd();
  }

  get #isFlowing(): boolean {
    return this.#receiver !== undefined && !this.#isPaused;
  }

  #release(): void {
    while (this.#isFlowing) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#receiver?.onData(chunk);
    }
    this.#tellEnd();
  }

  #tellEnd(): void {
    const end = this.#end;
    const receiver = this.#receiver;
    if (end === undefined || receiver === undefined || this.#isEndTold || this.#held.length > 0) return;
    this.#isEndTold = true;
    // In a task of its own: the receiver may be in the middle of a call to us.
    queueMicrotask(() => {
      receiver.onClose(end.error);
    });
  }
}
