// Memory of pieces that hashing threads read without a copy.
import { Buffer } from 'node:buffer';
import type { PieceMemory } from '../core/swarm/buffers.ts';

/**
 * `set` of the language copies into shared memory word by word, as other threads might look on; nobody does before the
 * piece is whole. `fill` of a Buffer is the one call of Node that copies it at once.
 */
export const pieceMemory: PieceMemory = {
  allocate: (length) => new Uint8Array(new SharedArrayBuffer(length)),
  copy: (target, at, bytes) => {
    asBuffer(target).fill(bytes, at, at + bytes.length);
  },
};

/** Buffers over what was allocated: a view for each copy would cost as much as the copy saves. */
const buffers = new WeakMap<Uint8Array, Buffer>();

function asBuffer(target: Uint8Array): Buffer {
  let buffer = buffers.get(target);
  if (buffer === undefined) {
    buffer = Buffer.from(target.buffer, target.byteOffset, target.length);
    buffers.set(target, buffer);
  }
  return buffer;
}
