// Memory for pieces on their way from peers to disk. Back-pressure in one place: a piece is only begun with a
// buffer in hand, so no block is ever requested that there is no room for.
import { invariant } from '../invariant.ts';

/** Where the bytes of pieces lie. A host that has a better way than the plain one gives its own. */
export interface PieceMemory {
  /** Bytes with unspecified content. */
  allocate(length: number): Uint8Array;
  /** Copies bytes, at least one, to a place in what was allocated; they fit. */
  copy(target: Uint8Array, at: number, bytes: Uint8Array): void;
}

/** Lends piece buffers out of a byte budget. Several torrents may share one pool. */
export interface BufferPool {
  readonly memory: PieceMemory;
  /** A buffer of exactly `length` bytes with unspecified content, or undefined while the budget is spent. */
  lease(length: number): Uint8Array | undefined;
  /** Gives back what `lease` gave; the caller keeps no view of it. */
  release(buffer: Uint8Array): void;
}

export interface BufferPoolOptions {
  /** Default 64 MiB. Two buffers are always granted, so that torrents with huge pieces make progress. */
  readonly budgetBytes?: number;
  /** The default is plain heap memory. Drivers hand in shared memory for their workers. */
  readonly memory?: PieceMemory;
}

const DEFAULT_BUDGET_BYTES = 64 * 1024 * 1024;
const ALWAYS_GRANTED = 2;

const HEAP: PieceMemory = {
  allocate: (length) => new Uint8Array(length),
  copy: (target, at, bytes) => {
    target.set(bytes, at);
  },
};

/** Returned buffers are kept for reuse while all memory, lent and kept, is within the budget. */
export function createBufferPool(options: BufferPoolOptions = {}): BufferPool {
  const budget = options.budgetBytes ?? DEFAULT_BUDGET_BYTES;
  const memory = options.memory ?? HEAP;
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
    memory,
    lease(length): Uint8Array | undefined {
      if (lentBytes + length > budget && lent.size >= ALWAYS_GRANTED) return undefined;
      let buffer = takeIdle(length);
      if (buffer === undefined) {
        makeRoom(length);
        buffer = memory.allocate(length);
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
