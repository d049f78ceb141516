// Cuts a stream of bytes into blocks of given lengths. A block that lies whole in a chunk is a view of it.
import type { Block } from './webseed-urls.ts';

export class BlockAssembler {
  readonly #blocks: Iterator<Block>;
  readonly #onBlock: (block: Block, data: Uint8Array) => void;
  #current: Block | undefined;
  #partial: Uint8Array | undefined;
  #filled = 0;

  /** `data` of a block is valid until the call returns. */
  constructor(blocks: Iterable<Block>, onBlock: (block: Block, data: Uint8Array) => void) {
    this.#blocks = blocks[Symbol.iterator]();
    this.#onBlock = onBlock;
    this.#advance();
  }

  /** Takes bytes; those behind the last block are dropped. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#current !== undefined) {
      const block = this.#current;
      const take = Math.min(block.length - this.#filled, chunk.length - at);
      const piece = chunk.subarray(at, at + take);
      at += take;
      if (take === block.length) this.#finish(block, piece);
      else {
        this.#partial ??= new Uint8Array(block.length);
        this.#partial.set(piece, this.#filled);
        this.#filled += take;
        if (this.#filled === block.length) this.#finish(block, this.#partial);
      }
    }
  }

  #finish(block: Block, data: Uint8Array): void {
    this.#advance();
    this.#onBlock(block, data);
  }

  #advance(): void {
    const next = this.#blocks.next();
    this.#current = next.done === true ? undefined : next.value;
    this.#partial = undefined;
    this.#filled = 0;
  }
}
