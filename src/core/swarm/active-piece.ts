// A piece in memory, from its first request until it is on disk: its buffer and the fate of each block.
// Invariant: a block is open (nobody was asked), requested (`requester` was asked) or received (`requester` sent it);
// `open` and `received` count them. Blocks of pure padding (BEP 47) are received from the start.
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { Geometry } from '../metainfo/geometry.ts';
import type { PieceMemory } from './buffers.ts';
import type { PeerKey } from './inputs.ts';

const OPEN = 0;
const REQUESTED = 1;
const RECEIVED = 2;

/** Sender of blocks that nobody had to send: padding. */
const NOBODY: PeerKey = -1;

export interface ActivePieceOptions {
  readonly buffer: Uint8Array;
  readonly memory: PieceMemory;
  readonly opener: PeerKey;
  readonly isExclusive: boolean;
}

export class ActivePiece {
  readonly index: number;
  readonly blockCount: number;
  readonly buffer: Uint8Array;
  /** The peer that was first asked for the piece; it goes on with it as long as it is quick. */
  opener: PeerKey;
  /** Only this peer is asked: the search for a liar (see bans.ts). */
  readonly exclusive: PeerKey | undefined;
  readonly #memory: PieceMemory;
  readonly #states: Uint8Array;
  readonly #requesters: Float64Array;
  #more: Map<number, PeerKey[]> | undefined;
  #open: number;
  #received = 0;
  #hint = 0;

  constructor(geometry: Geometry, index: number, options: ActivePieceOptions) {
    this.index = index;
    this.buffer = options.buffer;
    this.#memory = options.memory;
    this.opener = options.opener;
    this.exclusive = options.isExclusive ? options.opener : undefined;
    this.blockCount = geometry.blockCount(index);
    this.#states = new Uint8Array(this.blockCount);
    this.#requesters = new Float64Array(this.blockCount).fill(NOBODY);
    this.#open = this.blockCount;
    this.#fillPadding(geometry);
  }

  get open(): number {
    return this.#open;
  }

  get received(): number {
    return this.#received;
  }

  get isWhole(): boolean {
    return this.#received === this.blockCount;
  }

  isReceived(block: number): boolean {
    return this.#states[block] === RECEIVED;
  }

  isRequested(block: number): boolean {
    return this.#states[block] === REQUESTED;
  }

  /** Takes the first open block for a peer: it is now requested. -1 if none is open. */
  take(peer: PeerKey): number {
    if (this.#open === 0) return -1;
    let block = this.#hint;
    while (this.#states[block] !== OPEN) block++;
    this.#hint = block + 1;
    this.#states[block] = REQUESTED;
    this.#requesters[block] = peer;
    this.#open--;
    return block;
  }

  /** Asks one more peer for a requested block (endgame). */
  addRequester(block: number, peer: PeerKey): void {
    this.#more ??= new Map();
    const list = this.#more.get(block);
    if (list === undefined) this.#more.set(block, [peer]);
    else list.push(peer);
  }

  /** The block is requested, of this peer alone. */
  isAskedOfNoOther(block: number, peer: PeerKey): boolean {
    if (this.#states[block] !== REQUESTED || this.#requesters[block] !== peer) return false;
    return this.#more?.has(block) !== true;
  }

  /** All peers that were asked for a requested block. */
  requesters(block: number): readonly PeerKey[] {
    const first = this.#requesters[block] ?? NOBODY;
    return [first, ...(this.#more?.get(block) ?? [])];
  }

  /** A peer will not send the block: others asked for it stay, else it opens again. Returns true if it opened. */
  giveUp(block: number, peer: PeerKey): boolean {
    if (this.#states[block] !== REQUESTED) return false;
    const others = this.requesters(block).filter((key) => key !== peer);
    const next = others.shift();
    this.#more?.delete(block);
    if (next === undefined) {
      this.#states[block] = OPEN;
      this.#requesters[block] = NOBODY;
      this.#open++;
      if (block < this.#hint) this.#hint = block;
      return true;
    }
    this.#requesters[block] = next;
    if (others.length > 0) this.#more?.set(block, others);
    return false;
  }

  /**
   * Copies a block in, open or requested before. Returns the other peers that were asked for it, undefined if none;
   * most blocks have none, so nothing is made for them.
   */
  receive(block: number, data: Uint8Array, peer: PeerKey): readonly PeerKey[] | undefined {
    const state = this.#states[block];
    let others: readonly PeerKey[] | undefined;
    if (state === OPEN) this.#open--;
    else if (this.#requesters[block] !== peer || this.#more?.has(block) === true) {
      others = this.requesters(block).filter((key) => key !== peer);
      this.#more?.delete(block);
    }
    this.#memory.copy(this.buffer, block * BLOCK_LENGTH, data);
    this.#states[block] = RECEIVED;
    this.#requesters[block] = peer;
    this.#received++;
    return others;
  }

  /** Who sent a received block. */
  sender(block: number): PeerKey {
    return this.#requesters[block] ?? NOBODY;
  }

  /** The distinct peers that sent blocks. */
  senders(): PeerKey[] {
    return [...new Set(this.#requesters)].filter((key) => key !== NOBODY);
  }

  #fillPadding(geometry: Geometry): void {
    for (let block = 0; block < this.blockCount; block++) {
      if (!geometry.isPadding(this.index, block)) continue;
      const begin = block * BLOCK_LENGTH;
      this.buffer.fill(0, begin, begin + geometry.blockSize(this.index, block));
      this.#states[block] = RECEIVED;
      this.#received++;
      this.#open--;
    }
  }
}
