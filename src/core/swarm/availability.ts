// How many peers have each piece, and the missing pieces in order of rarity.
// Peers that had everything when they came are one counter, as they change no order. A `have` costs O(1).
import type { Rng } from './rng.ts';
import { RarityOrder } from './rarity-order.ts';

export class Availability {
  readonly #counts: Uint16Array;
  readonly #priorities: Uint8Array;
  readonly #rng: Rng;
  /** One order for each priority in use, highest first. */
  readonly #levels: { readonly priority: number; readonly order: RarityOrder }[] = [];
  #fullPeers = 0;

  constructor(pieceCount: number, rng: Rng) {
    this.#counts = new Uint16Array(pieceCount);
    this.#priorities = new Uint8Array(pieceCount);
    this.#rng = rng;
  }

  get fullPeers(): number {
    return this.#fullPeers;
  }

  /** Peers known to have the piece. */
  copies(piece: number): number {
    return this.#fullPeers + (this.#counts[piece] ?? 0);
  }

  /** Copies of the rarest piece. */
  minimum(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const count of this.#counts) if (count < least) least = count;
    return this.#fullPeers + (Number.isFinite(least) ? least : 0);
  }

  fullPeerCame(): void {
    this.#fullPeers++;
  }

  fullPeerWent(): void {
    this.#fullPeers--;
  }

  /** A peer that is not counted as full got a piece. */
  add(piece: number): void {
    const count = this.#counts[piece] ?? 0;
    this.#counts[piece] = count + 1;
    this.#orderOf(piece)?.increase(piece, count);
  }

  /** A peer that is not counted as full lost a piece, or went. */
  remove(piece: number): void {
    const count = this.#counts[piece] ?? 0;
    this.#counts[piece] = count - 1;
    this.#orderOf(piece)?.decrease(piece, count);
  }

  /** The piece may be picked, at a priority of 1 to 255. */
  offer(piece: number, priority: number): void {
    this.#priorities[piece] = priority;
    let at = this.#levels.findIndex((level) => level.priority <= priority);
    if (at < 0) at = this.#levels.length;
    if (this.#levels[at]?.priority !== priority) {
      this.#levels.splice(at, 0, { priority, order: new RarityOrder(this.#counts.length, this.#rng) });
    }
    this.#levels[at]?.order.insert(piece, this.#counts[piece] ?? 0);
  }

  /** The piece may not be picked any more. */
  withdraw(piece: number): void {
    this.#orderOf(piece)?.remove(piece, this.#counts[piece] ?? 0);
    this.#priorities[piece] = 0;
  }

  /**
   * The first piece on offer that passes: highest priority, then rarest, ties at random. -1 if none does of the first
   * `most` of each priority.
   */
  find(test: (piece: number) => boolean, most: number = Number.POSITIVE_INFINITY): number {
    for (const { order } of this.#levels) {
      const piece = order.find(test, most);
      if (piece >= 0) return piece;
    }
    return -1;
  }

  /** A piece on offer at random that passes, out of the highest priority that has one. -1 if none does. */
  findRandom(test: (piece: number) => boolean): number {
    for (const { order } of this.#levels) {
      const piece = order.findFrom(this.#rng.below(order.length), test);
      if (piece >= 0) return piece;
    }
    return -1;
  }

  #orderOf(piece: number): RarityOrder | undefined {
    const priority = this.#priorities[piece] ?? 0;
    if (priority === 0) return undefined;
    for (const level of this.#levels) if (level.priority === priority) return level.order;
    return undefined;
  }
}
