// The requests one peer has queued with us, in its order, and what is under way to it.

export interface BlockRequest {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

export class UploadQueue {
  #items: BlockRequest[] = [];
  #head = 0;
  /** Bytes of `upload` effects that `uploaded` has not reported yet. */
  inFlight = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The request `offset` places behind the first. */
  at(offset: number): BlockRequest | undefined {
    return this.#items[this.#head + offset];
  }

  push(request: BlockRequest): void {
    this.#items.push(request);
  }

  /** Drops the first `count` requests. */
  drop(count: number): void {
    this.#head += count;
    if (this.#head < 1024 && this.#head < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** Takes one request out; false if it is not queued. */
  remove(request: BlockRequest): boolean {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i];
      if (item?.piece !== request.piece || item.begin !== request.begin) continue;
      if (item.length !== request.length) continue;
      this.#items.splice(i, 1);
      return true;
    }
    return false;
  }

  /** Takes out all requests that do not pass, and returns them. */
  retain(test: (request: BlockRequest) => boolean): BlockRequest[] {
    const all = this.#items.slice(this.#head);
    this.#items = all.filter(test);
    this.#head = 0;
    return all.filter((request) => !test(request));
  }
}
