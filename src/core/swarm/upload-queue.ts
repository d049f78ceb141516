// The requests one peer has queued with us, in its order, and the runs of blocks that are under way to it.
// Invariant: `inFlight` is the sum of what is left of the runs.

export interface BlockRequest {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** Consecutive blocks with the driver. */
export interface UploadRun {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly blockLength: number;
}

export class UploadQueue {
  #items: BlockRequest[] = [];
  #head = 0;
  #runs: { readonly run: UploadRun; left: number }[] = [];
  #inFlight = 0;

  /** Bytes of `upload` effects that `uploaded` has not reported yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Runs that are under way. */
  get runs(): number {
    return this.#runs.length;
  }

  /** The first `count` requests are under way as one run. */
  send(count: number, run: UploadRun): void {
    this.#drop(count);
    this.#runs.push({ run, left: run.length });
    this.#inFlight += run.length;
  }

  /** The transport took bytes of the oldest runs. */
  taken(bytes: number): void {
    let rest = bytes;
    for (let first = this.#runs[0]; first !== undefined && rest > 0; first = this.#runs[0]) {
      const part = Math.min(rest, first.left);
      first.left -= part;
      rest -= part;
      this.#inFlight -= part;
      if (first.left === 0) this.#runs.shift();
    }
  }

  /** A piece cannot be read: takes back its blocks that are under way, the rest of them at least. */
  fail(piece: number): BlockRequest[] {
    const failed = this.#runs.filter(({ run }) => run.piece === piece);
    this.#runs = this.#runs.filter(({ run }) => run.piece !== piece);
    const blocks: BlockRequest[] = [];
    for (const { run, left } of failed) {
      this.#inFlight -= left;
      for (let at = run.length - left; at < run.length; at += run.blockLength) {
        const length = Math.min(run.blockLength, run.length - at);
        blocks.push({ piece, begin: run.begin + at, length });
      }
    }
    return blocks;
  }

  /** Nothing is queued or under way. */
  get isEmpty(): boolean {
    return this.length === 0 && this.#inFlight === 0;
  }

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

  #drop(count: number): void {
    this.#head += count;
    if (this.#head < 1024 && this.#head < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
