// What a peer is to be sent at the next flush, and what is on its way. Small messages share one buffer; frames of
// pieces go by reference. A flush is one vectored write, however many messages it carries.
// Law: a segment is released when, and not before, the transport has taken its last byte.
import { ByteWriter } from '../core/bytes/writer.ts';
import { encodeInto } from '../core/wire/encode.ts';
import type { Message } from '../core/wire/messages.ts';
import type { Segment } from './piece-cache.ts';

interface Item {
  readonly bytes: Uint8Array;
  /** Bytes of blocks among them. */
  readonly payload: number;
  readonly segment: Segment | undefined;
}

export class Outbox {
  #queued: Item[] = [];
  #small: ByteWriter | undefined;
  readonly #sent: Item[] = [];
  /** Bytes of the first item of #sent that the transport has taken. */
  #takenOfFirst = 0;

  message(message: Message): void {
    this.#small = encodeInto(this.#small ?? new ByteWriter(), message);
  }

  bytes(bytes: Uint8Array): void {
    this.#seal();
    this.#queued.push({ bytes, payload: 0, segment: undefined });
  }

  /** A slice of a held segment; `payload` is the bytes of blocks in it. */
  frames(bytes: Uint8Array, payload: number, segment: Segment): void {
    this.#seal();
    this.#queued.push({ bytes, payload, segment });
  }

  /** Everything queued, in order; it counts as sent from now on. */
  take(): Uint8Array[] {
    this.#seal();
    const items = this.#queued;
    if (items.length === 0) return [];
    this.#queued = [];
    this.#sent.push(...items);
    return items.map((item) => item.bytes);
  }

  /** The transport has taken this many bytes more; returns the bytes of blocks that are wholly gone. */
  onTaken(bytes: number): number {
    let left = this.#takenOfFirst + bytes;
    let payload = 0;
    let done = 0;
    for (const item of this.#sent) {
      if (left < item.bytes.length) break;
      left -= item.bytes.length;
      payload += item.payload;
      item.segment?.release();
      done++;
    }
    this.#takenOfFirst = left;
    this.#sent.splice(0, done);
    return payload;
  }

  /** The transport is closed: nothing more leaves. */
  clear(): void {
    this.#small = undefined;
    for (const item of [...this.#sent.splice(0), ...this.#queued.splice(0)]) item.segment?.release();
  }

  #seal(): void {
    if (this.#small === undefined) return;
    const bytes = this.#small.finish();
    this.#small = undefined;
    this.#queued.push({ bytes, payload: 0, segment: undefined });
  }
}
