// Whose requests are served next. Peers take turns of a piece or so, few at a time: one that has a whole piece passes it
// on, while sixteen that have a sixteenth each all wait. Law: as long as anyone may be served, the uplink has work;
// the bytes ahead of the transports are bounded by what the link takes in a moment.
import type { Millis } from '../time.ts';
import type { Peer } from './peers.ts';
import { RateMeter } from './rate.ts';

/** Handed to a transport ahead of its reports: what all uploads take in this time, for each peer in these bounds. */
const AHEAD_MS = 30;
const LEAST_AHEAD = 128 * 1024;
const MOST_AHEAD = 1024 * 1024;
/** The next peer is served when those before have all but taken theirs: their sockets still hold enough to send. */
const NEXT_MS = 5;
const LEAST_NEXT = 32 * 1024;
/** What a peer has not taken after so long holds nobody else up: its own link is the narrow one. */
const SLOW_MS = 150;
/** A peer that others wait for gives way after so much. */
const TURN_BYTES = 64 * 1024;
const BUCKET_MS = 100;
const BUCKETS = 10;

export class UploadTurns {
  /** Peers with queued requests, in the order of their turns. */
  readonly #ring: Set<Peer> = new Set();
  /** Peers with bytes at their transports, and when they were last handed some. */
  readonly #handed: Map<Peer, Millis> = new Map();
  readonly #rate: RateMeter = new RateMeter(0, BUCKET_MS, BUCKETS);
  /** Bytes of its turn that the first of the ring has had. */
  #used = 0;

  /** The peer has requests queued. */
  wants(peer: Peer): void {
    this.#ring.add(peer);
  }

  /** Serves by turns until nobody can be served. `serve` hands over one run and returns its bytes, 0 if it cannot yet. */
  run(now: Millis, serve: (peer: Peer, most: number) => number): void {
    if (this.#ring.size === 0) return;
    const rate = this.#rate.perSecond(now) / 1000;
    const ahead = Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, rate * AHEAD_MS));
    const next = Math.max(LEAST_NEXT, rate * NEXT_MS);
    let underWay = this.#underWay(now);
    for (const peer of this.#ring) {
      while (underWay < (this.#isAtIt(peer) ? ahead : next) && peer.uploads.inFlight < ahead && !peer.gone) {
        const bytes = serve(peer, ahead);
        if (bytes === 0) break;
        underWay += bytes;
        this.#handed.set(peer, now);
        if (this.#isTurnOver(peer, bytes)) break;
      }
      if (peer.uploads.length === 0 || peer.gone) this.#drop(peer);
      if (underWay >= next) return;
    }
  }

  /** The transport took bytes. */
  taken(peer: Peer, bytes: number, now: Millis): void {
    this.#rate.add(bytes, now);
    if (peer.uploads.inFlight === 0) this.#handed.delete(peer);
  }

  /** The peer is gone. */
  left(peer: Peer): void {
    this.#drop(peer);
    this.#handed.delete(peer);
  }

  /** It is this peer's turn, or nobody else waits. */
  #isAtIt(peer: Peer): boolean {
    return this.#first() === peer && (this.#used > 0 || this.#ring.size === 1);
  }

  #first(): Peer | undefined {
    return this.#ring.values().next().value;
  }

  #drop(peer: Peer): void {
    if (this.#first() === peer) this.#used = 0;
    this.#ring.delete(peer);
  }

  #underWay(now: Millis): number {
    let bytes = 0;
    for (const [peer, at] of this.#handed) if (now - at < SLOW_MS) bytes += peer.uploads.inFlight;
    return bytes;
  }

  /** Counts the turn of the first in the ring, and sends it to the end. */
  #isTurnOver(peer: Peer, bytes: number): boolean {
    if (this.#first() !== peer) return false;
    this.#used += bytes;
    if (this.#used < TURN_BYTES) return false;
    this.#used = 0;
    this.#ring.delete(peer);
    this.#ring.add(peer);
    return true;
  }
}
