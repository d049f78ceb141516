// The upload side of one peer: cuts `upload` effects into slices of cached segments, in order and within the rate
// limits. Reading starts when an upload is queued, so that the disk works while earlier slices are being sent.
import { BLOCK_LENGTH } from '../core/metainfo/geometry.ts';
import { PIECE_HEADER_BYTES } from '../core/wire/message-id.ts';
import type { Outbox } from './outbox.ts';
import {
  frameSlice,
  SEGMENT_BYTES,
  type BlockRun,
  type PieceCache,
  type PieceSource,
  type Segment,
} from './piece-cache.ts';
import { firstBusy, type RateLimiter } from './rate-limiter.ts';

export interface UploadLaneDeps {
  readonly source: PieceSource;
  readonly cache: PieceCache;
  readonly limiters: readonly RateLimiter[];
  readonly outbox: Outbox;
  /** Asks for a flush of what was put into the outbox outside an `upload` call. */
  readonly flush: () => void;
  readonly onFailed: (piece: number) => void;
}

/** Blocks [first, end) of a segment. */
interface Job {
  readonly piece: number;
  readonly segment: Segment;
  readonly blockLength: number;
  first: number;
  readonly end: number;
}

/** With a rate limit, a slice is about this part of a second. */
const SLICES_PER_SECOND = 8;

export class UploadLane {
  readonly #deps: UploadLaneDeps;
  #jobs: Job[] = [];
  #waiting = false;
  readonly #resume = (): void => {
    this.#waiting = false;
    this.#pump();
    this.#deps.flush();
  };

  constructor(deps: UploadLaneDeps) {
    this.#deps = deps;
  }

  /** Takes an `upload` effect: blocks of one piece. */
  upload(piece: number, run: BlockRun): void {
    if (this.#isRegular(piece, run)) this.#queueSegments(piece, run);
    else this.#queueOdd(piece, run);
    this.#pump();
  }

  close(): void {
    for (const limiter of this.#deps.limiters) limiter.forget(this.#resume);
    for (const job of this.#jobs.splice(0)) job.segment.release();
  }

  /** True for blocks as every client asks for them: then they are parts of shared segments. */
  #isRegular(piece: number, { begin, length, blockLength }: BlockRun): boolean {
    const size = this.#deps.source.geometry.pieceSize(piece);
    if (begin % BLOCK_LENGTH !== 0 || begin + length > size) return false;
    if (length % BLOCK_LENGTH === 0) return blockLength === BLOCK_LENGTH;
    const isTail = begin + length === size;
    return isTail && (blockLength === BLOCK_LENGTH || length < BLOCK_LENGTH);
  }

  #queueSegments(piece: number, run: BlockRun): void {
    const { cache, source } = this.#deps;
    const end = run.begin + run.length;
    for (let at = run.begin; at < end;) {
      const index = Math.floor(at / SEGMENT_BYTES);
      const start = index * SEGMENT_BYTES;
      const stop = Math.min(end, start + SEGMENT_BYTES);
      this.#jobs.push({
        piece,
        segment: cache.hold(source, piece, index),
        blockLength: BLOCK_LENGTH,
        first: (at - start) / BLOCK_LENGTH,
        end: Math.ceil((stop - start) / BLOCK_LENGTH),
      });
      at = stop;
    }
  }

  #queueOdd(piece: number, run: BlockRun): void {
    const { cache, source } = this.#deps;
    this.#jobs.push({
      piece,
      segment: cache.readOdd(source, piece, run),
      blockLength: run.blockLength,
      first: 0,
      end: Math.ceil(run.length / run.blockLength),
    });
  }

  #pump(): void {
    for (let job = this.#jobs[0]; job !== undefined && !this.#waiting; job = this.#jobs[0]) {
      const busy = firstBusy(this.#deps.limiters);
      if (job.segment.ready !== undefined) this.#awaitDisk(job, job.segment.ready);
      else if (busy !== undefined) this.#awaitTurn(busy);
      else this.#send(job);
    }
  }

  #send(job: Job): void {
    const { limiters, outbox } = this.#deps;
    const end = Math.min(job.end, job.first + this.#blocksAtOnce());
    const frames = frameSlice(job.segment.frames, job.blockLength, { first: job.first, end });
    const payload = frames.length - (end - job.first) * PIECE_HEADER_BYTES;
    for (const limiter of limiters) limiter.take(frames.length);
    if (end === job.end) this.#jobs.shift();
    else job.segment.retain();
    job.first = end;
    outbox.frames(frames, payload, job.segment);
  }

  #blocksAtOnce(): number {
    const limits = this.#deps.limiters.map((limiter) => limiter.perSecond ?? Number.POSITIVE_INFINITY);
    return Math.max(1, Math.floor(Math.min(...limits) / SLICES_PER_SECOND / BLOCK_LENGTH));
  }

  #awaitTurn(busy: RateLimiter): void {
    this.#waiting = true;
    busy.wait(this.#resume);
  }

  #awaitDisk(job: Job, ready: Promise<void>): void {
    this.#waiting = true;
    ready.then(this.#resume, () => {
      this.#drop(job.piece);
      this.#resume();
    });
  }

  /** The piece cannot be read: forget what was to be sent of it. */
  #drop(piece: number): void {
    const gone = this.#jobs.filter((job) => job.piece === piece);
    this.#jobs = this.#jobs.filter((job) => job.piece !== piece);
    for (const job of gone) job.segment.release();
    if (gone.length > 0) this.#deps.onFailed(piece);
  }
}
