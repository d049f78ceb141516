// Views on Node's buffers as plain byte arrays. Buffer is a Uint8Array whose `slice` is no copy: code that knows
// nothing of Node would keep a view where it wants a copy.

/** The same memory as a Uint8Array that is no Buffer. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
