// The state of every piece.
// Invariant: a piece is in exactly one state, and states change only along LEGAL. `count(state)` is exact.
//   MISSING    wanted, nothing requested             IN_FLIGHT  has a buffer; blocks are open, requested or received
//   VERIFYING  whole in memory, being hashed         WRITING    hash is right, on its way to disk
//   HAVE       on disk                               UNWANTED   not on disk and of no selected file
import { invariant } from '../invariant.ts';

export const PIECE = { MISSING: 0, IN_FLIGHT: 1, VERIFYING: 2, WRITING: 3, HAVE: 4, UNWANTED: 5 } as const;
export type PieceState = (typeof PIECE)[keyof typeof PIECE];

const LEGAL: Readonly<Record<PieceState, readonly PieceState[]>> = {
  [PIECE.MISSING]: [PIECE.IN_FLIGHT, PIECE.UNWANTED],
  [PIECE.IN_FLIGHT]: [PIECE.VERIFYING, PIECE.MISSING, PIECE.UNWANTED],
  [PIECE.VERIFYING]: [PIECE.WRITING, PIECE.MISSING, PIECE.UNWANTED],
  [PIECE.WRITING]: [PIECE.HAVE, PIECE.MISSING, PIECE.UNWANTED],
  [PIECE.HAVE]: [PIECE.MISSING, PIECE.UNWANTED],
  [PIECE.UNWANTED]: [PIECE.MISSING],
};

export class PieceTable {
  readonly size: number;
  readonly #states: PieceState[];
  readonly #counts: number[] = [0, 0, 0, 0, 0, 0];

  constructor(size: number, initial: (piece: number) => PieceState) {
    this.size = size;
    this.#states = Array.from({ length: size }, (_, piece) => initial(piece));
    for (const state of this.#states) this.#counts[state] = this.count(state) + 1;
  }

  state(piece: number): PieceState {
    const state = this.#states[piece];
    invariant(state !== undefined, 'piece index in range');
    return state;
  }

  has(piece: number): boolean {
    return this.#states[piece] === PIECE.HAVE;
  }

  /** True while the piece is still to be had: neither on disk nor unwanted. */
  isLacking(piece: number): boolean {
    const state = this.#states[piece];
    return state !== undefined && state < PIECE.HAVE;
  }

  /** How many pieces are in a state. */
  count(state: PieceState): number {
    return this.#counts[state] ?? 0;
  }

  /** Wanted pieces that are not on disk yet. */
  get lacking(): number {
    return this.size - this.count(PIECE.HAVE) - this.count(PIECE.UNWANTED);
  }

  /** Moves a piece on; throws InvariantError unless it is in `from` and the step is legal. */
  move(piece: number, from: PieceState, to: PieceState): void {
    invariant(this.#states[piece] === from, 'a piece moves from the state it is in');
    invariant(LEGAL[from].includes(to), 'a piece moves along the legal steps');
    this.#states[piece] = to;
    this.#counts[from] = this.count(from) - 1;
    this.#counts[to] = this.count(to) + 1;
  }
}
