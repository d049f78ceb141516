// Bytes that came in and are not understood yet, in one growing buffer: take from the front, push at the end.

export class ByteQueue {
  #buffer = new Uint8Array(1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies the bytes. */
  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const moved = new Uint8Array(Math.max(2 * this.length, this.length + bytes.length, 1024));
      moved.set(this.#buffer.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = moved;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The first bytes, at most `count`: a view until the next push. */
  peek(count: number): Uint8Array {
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + count));
  }

  /** Removes the first bytes, at most `count`, and gives a copy of them. */
  take(count: number): Uint8Array {
    const bytes = this.peek(count).slice();
    this.#start += bytes.length;
    return bytes;
  }
}
