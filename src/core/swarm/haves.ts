// Telling peers of pieces that we have got. Most haves go along with the next message to the peer: sent by themselves,
// they were half of all packets in a crowd. None waits for more than a moment, counted by how long the download takes.
import type { Millis } from '../time.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import { RateMeter } from './rate.ts';

/** A have waits for this share of the time that what is lacking takes at the present rate, and for no longer than this. */
const SHARE = 0.01;
const MOST_MS = 100;
const BUCKET_MS = 100;
const BUCKETS = 20;

export class Haves {
  readonly #context: SwarmContext;
  readonly #rate: RateMeter = new RateMeter(0, BUCKET_MS, BUCKETS);
  #due: Millis = Number.POSITIVE_INFINITY;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** When the first that waits must go; infinite if none waits. */
  get due(): Millis {
    return this.#due;
  }

  /** The piece is on disk. Who sent it hears at once: it may show us the next one only then (BEP 16). */
  tell(content: Content, piece: number, senders: readonly PeerKey[]): void {
    const { now, peers } = this.#context;
    this.#rate.add(content.geometry.pieceSize(piece), now);
    const have = { kind: 'have', piece } as const;
    const mayWait = this.#mayWait(content);
    for (const peer of peers.values()) {
      // A peer that has everything has no use for it; others may count copies even of pieces they have.
      if (peer.has === undefined || peer.isSeed) continue;
      if (senders.includes(peer.key)) this.#context.send(peer, have);
      else {
        peer.unsaid.push(have);
        this.#due = Math.min(this.#due, now + mayWait);
      }
    }
  }

  /** Sends those whose time has come. */
  sayIfDue(): void {
    if (this.#context.now < this.#due) return;
    this.#due = Number.POSITIVE_INFINITY;
    for (const peer of this.#context.peers.values()) this.#context.sayHaves(peer);
  }

  #mayWait(content: Content): Millis {
    const left = content.pieces.lacking * content.metainfo.pieceLength;
    return Math.min(MOST_MS, (SHARE * 1000 * left) / this.#rate.perSecond(this.#context.now));
  }
}
