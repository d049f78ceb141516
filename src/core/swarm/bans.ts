// Who is to blame for a piece that fails its hash. One sender alone is the liar. Of several, nobody is blamed yet:
// the digests of their blocks are kept, the piece is fetched again from one peer, and when its hash is right, whoever
// sent other bytes has lied. An honest peer is never banned: its blocks are those of the right piece.
import { equalBytes } from '../bytes/bytes.ts';
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import type { ActivePiece } from './active-piece.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';

interface Evidence {
  readonly sender: PeerKey;
  readonly block: number;
  readonly digest: Uint8Array;
}

/** Pieces with evidence kept at a time: each costs a digest for every block. */
const MAX_SUSPECT_PIECES = 64;

export class Bans {
  readonly #context: SwarmContext;
  readonly #evidence = new Map<number, Evidence[]>();

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** The piece's hash is right: its blocks convict whoever sent others. */
  good(content: Content, active: ActivePiece): void {
    const evidence = this.#evidence.get(active.index);
    if (evidence === undefined) return;
    this.#evidence.delete(active.index);
    content.suspects.delete(active.index);
    for (const { sender, block, digest } of evidence) {
      if (!equalBytes(digest, this.#digest(active, block))) this.#ban(sender);
    }
  }

  /** The piece's hash is wrong. */
  bad(content: Content, active: ActivePiece): void {
    const senders = active.senders();
    const [only] = senders;
    if (senders.length === 1 && only !== undefined) {
      this.#ban(only);
      return;
    }
    content.suspects.add(active.index);
    if (this.#evidence.size >= MAX_SUSPECT_PIECES && !this.#evidence.has(active.index)) return;
    const evidence = this.#evidence.get(active.index) ?? [];
    for (let block = 0; block < active.blockCount; block++) {
      const sender = active.sender(block);
      if (senders.includes(sender)) evidence.push({ sender, block, digest: this.#digest(active, block) });
    }
    this.#evidence.set(active.index, evidence);
  }

  #digest(active: ActivePiece, block: number): Uint8Array {
    const begin = block * BLOCK_LENGTH;
    // Copied: hash functions of the system refuse shared memory.
    return this.#context.options.digests.sha1(active.buffer.slice(begin, begin + BLOCK_LENGTH));
  }

  #ban(key: PeerKey): void {
    const peer = this.#context.peers.get(key);
    if (peer !== undefined) this.#context.disconnect(peer, 'sent bytes that fail the hash', true);
  }
}
