// Serving blocks: takes requests, merges neighbours into long runs, keeps a bounded number of bytes with the driver.
import { LIMITS } from '../limits.ts';
import { isGranted } from './allowed-fast.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';
import type { SuperSeed } from './superseed.ts';
import type { BlockRequest } from './upload-queue.ts';
import { UploadTurns } from './upload-turns.ts';

/** Longest run that is read and written at once. */
const MAX_RUN = 256 * 1024;
/** Runs under way to one peer: requests of single bytes would make as many of them as bytes may be ahead. */
const MAX_RUNS = 128;
const CHOKE_GRACE_MS = 10_000;

export class Uploads {
  readonly #context: SwarmContext;

  readonly #superSeed: SuperSeed;
  readonly #turns: UploadTurns = new UploadTurns();

  constructor(context: SwarmContext, superSeed: SuperSeed) {
    this.#context = context;
    this.#superSeed = superSeed;
  }

  request(peer: Peer, request: BlockRequest): void {
    const content = this.#context.content;
    if (content === undefined) return;
    if (!content.geometry.isServable(request.piece, request.begin, request.length)) {
      this.#context.disconnect(peer, 'request outside its piece');
    } else if (request.length > LIMITS.blockBytes.value) {
      this.#context.disconnect(peer, 'request of a block that is too long');
    } else if (!this.#mayServe(peer, request.piece)) {
      this.#refuse(peer, request);
      // Requests that crossed our choke are no offence.
      if (this.#context.now - peer.chokedAt > CHOKE_GRACE_MS) this.#context.strike(peer, 'requests in vain');
    } else if (peer.uploads.length >= LIMITS.requestsQueuedByPeer.value) {
      if (peer.capabilities.fast) this.#refuse(peer, request);
      else this.#context.disconnect(peer, 'too many requests');
    } else {
      peer.uploads.push(request);
      this.#turns.wants(peer);
      this.serve();
    }
  }

  cancel(peer: Peer, request: BlockRequest): void {
    // BEP 6: a cancelled request is answered too.
    if (peer.uploads.remove(request)) this.#refuse(peer, request);
  }

  /** The transport took bytes. */
  taken(peer: Peer, bytes: number): void {
    peer.uploads.taken(bytes);
    peer.up.add(bytes, this.#context.now);
    peer.takenAt = this.#context.now;
    this.#context.uploaded += bytes;
    this.#turns.taken(peer, bytes, this.#context.now);
    this.serve();
    this.#superSeed.taken(peer, bytes);
  }

  /** We choke the peer: what it has queued will not be served, but for its allowed fast pieces (BEP 6). */
  choke(peer: Peer): void {
    for (const request of peer.uploads.retain(({ piece }) => isGranted(peer, piece))) {
      this.#refuse(peer, request);
    }
  }

  /** A piece cannot be read: what of it is under way to the peer that needed it, and what anyone has queued. */
  lost(piece: number, reader: PeerKey): void {
    for (const peer of this.#context.peers.values()) {
      const failed = peer.key === reader ? peer.uploads.fail(piece) : [];
      const queued = peer.uploads.retain((request) => request.piece !== piece);
      for (const request of [...failed, ...queued]) this.#refuse(peer, request);
    }
    this.serve();
  }

  left(peer: Peer): void {
    this.#turns.left(peer);
    this.serve();
  }

  /** Hands runs to the driver, by turns, as long as there is room. Also to be called as time passes. */
  serve(): void {
    this.#turns.run(this.#context.now, this.#handOver);
  }

  #mayServe(peer: Peer, piece: number): boolean {
    if (this.#context.paused || this.#context.content?.pieces.has(piece) !== true) return false;
    if (peer.shown?.has(piece) === false) return false;
    return !peer.amChoking || isGranted(peer, piece);
  }

  #refuse(peer: Peer, { piece, begin, length }: BlockRequest): void {
    if (peer.capabilities.fast) this.#context.send(peer, { kind: 'reject', piece, begin, length });
  }

  /**
   * Hands the peer's next run to the driver and returns its bytes. A run that may still grow waits (0) while earlier
   * bytes are under way: their report comes when the transport is ready for more, and by then the run is longer.
   */
  readonly #handOver = (peer: Peer, most: number): number => {
    const queue = peer.uploads;
    const first = queue.at(0);
    if (first === undefined || queue.runs >= MAX_RUNS) return 0;
    const longest = Math.min(MAX_RUN, most);
    let length = first.length;
    let count = 1;
    for (
      let next = queue.at(1);
      next !== undefined && length < longest && follows(first, length, next);
      next = queue.at(count)
    ) {
      length += next.length;
      count++;
      if (next.length < first.length) break;
    }
    if (count === queue.length && queue.inFlight > 0 && this.#mayGrow(first, length)) return 0;
    const { piece, begin, length: blockLength } = first;
    queue.send(count, { piece, begin, length, blockLength });
    this.#superSeed.sent(peer);
    this.#context.sayHaves(peer);
    this.#context.effects.push({ kind: 'upload', peer: peer.key, piece, begin, length, blockLength });
    return length;
  };

  #mayGrow(first: BlockRequest, length: number): boolean {
    const size = this.#context.content?.geometry.pieceSize(first.piece) ?? 0;
    return length < MAX_RUN && first.begin + length < size;
  }
}

function follows(first: BlockRequest, length: number, next: BlockRequest): boolean {
  return next.piece === first.piece && next.begin === first.begin + length && next.length <= first.length;
}
