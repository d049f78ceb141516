// Memory for pieces on their way from peers to disk. Back-pressure in one place: a piece is only begun with a
// buffer in hand, so no block is ever requested that there is no room for.
import { invariant } from '../invariant.ts';

/** Lends piece buffers out of a byte budget. Several torrents may share one pool. */
export interface BufferPool {
  /** A buffer of exactly `length` bytes with unspecified content, or undefined while the budget is spent. */
  lease(length: number): Uint8Array | undefined;
  /** Gives back what `lease` gave; the caller keeps no view of it. */
  release(buffer: Uint8Array): void;
}

export interface BufferPoolOptions {
  /** Default 64 MiB. Two buffers are always granted, so that torrents with huge pieces make progress. */
  readonly budgetBytes?: number;
  /** Makes a buffer's memory; the default is plain heap memory. Drivers hand in shared memory for their workers. */
  readonly allocate?: (length: number) => Uint8Array;
}

const DEFAULT_BUDGET_BYTES = 64 * 1024 * 1024;
const ALWAYS_GRANTED = 2;

/** Returned buffers are kept for reuse while all memory, lent and kept, is within the budget. */
export function createBufferPool(options: BufferPoolOptions = {}): BufferPool {
  const budget = options.budgetBytes ?? DEFAULT_BUDGET_BYTES;
  const allocate = options.allocate ?? ((length: number): Uint8Array => new Uint8Array(length));
  const idle: Uint8Array[] = [];
  const lent = new Set<Uint8Array>();
  let lentBytes = 0;
  let idleBytes = 0;

  function takeIdle(length: number): Uint8Array | undefined {
    const at = idle.findLastIndex((buffer) => buffer.length === length);
    const [buffer] = at < 0 ? [] : idle.splice(at, 1);
    if (buffer !== undefined) idleBytes -= length;
    return buffer;
  }

  function makeRoom(length: number): void {
    while (lentBytes + idleBytes + length > budget) {
      const dropped = idle.shift();
      if (dropped === undefined) return;
      idleBytes -= dropped.length;
    }
  }

  return {
    lease(length): Uint8Array | undefined {
      if (lentBytes + length > budget && lent.size >= ALWAYS_GRANTED) return undefined;
      let buffer = takeIdle(length);
      if (buffer === undefined) {
        makeRoom(length);
        buffer = allocate(length);
      }
      lent.add(buffer);
      lentBytes += length;
      return buffer;
    },
    release(buffer): void {
      invariant(lent.delete(buffer), 'a buffer is released once, by the pool that lent it');
      lentBytes -= buffer.length;
      if (lentBytes + idleBytes + buffer.length > budget) return;
      idle.push(buffer);
      idleBytes += buffer.length;
    },
  };
}
