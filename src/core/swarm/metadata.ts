// The info dictionary between peers (BEP 9): asked for while we have only hashes, given out once we have it. Which
// piece to ask of whom, and who is to blame for a wrong hash, is the assembler's business.
import type { Millis } from '../time.ts';
import {
  encodeMetadata,
  METADATA_PIECE_BYTES,
  parseMetadata,
  type MetadataMessage,
} from '../wire/metadata.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import { MetadataAssembler, type MetadataOutcome } from './metadata-assembler.ts';
import type { Peer } from './peers.ts';

/** A peer may ask for the whole dictionary this often; more is a flood. */
const SERVINGS = 4;

export class Metadata {
  readonly #context: SwarmContext;
  readonly #onWhole: (infoBytes: Uint8Array) => void;
  readonly #served = new Map<PeerKey, number>();
  /** Undefined once the dictionary is here. */
  #assembler: MetadataAssembler | undefined;

  constructor(context: SwarmContext, onWhole: (infoBytes: Uint8Array) => void) {
    this.#context = context;
    this.#onWhole = onWhole;
    this.#assembler = new MetadataAssembler(context.options, context.options.digests);
  }

  /** The peer said in its extended handshake what it can do. */
  greeted(peer: Peer): void {
    const size = peer.extended?.metadataSize;
    if (this.#context.content !== undefined) this.#assembler = undefined;
    if (peer.extended?.extensions.ut_metadata === undefined || size === undefined) return;
    this.#assembler?.offer(peer.key, size);
    this.#ask(peer);
  }

  /** A message under our ut_metadata id. Throws ProtocolError for one that makes no sense. */
  message(peer: Peer, payload: Uint8Array): void {
    const message = parseMetadata(payload);
    if (message.kind === 'request') this.#serve(peer, message.piece);
    else if (message.kind === 'data') this.#receive(peer, message);
    else if (message.kind === 'reject') {
      this.#assembler?.reject(peer.key, message.piece, this.#now);
      this.fill();
    }
  }

  /** Asks whoever can be asked: time has passed, or a piece is free again. */
  fill(): void {
    if (this.#context.content !== undefined) this.#assembler = undefined;
    if (this.#assembler === undefined) return;
    for (const peer of this.#context.peers.values()) this.#ask(peer);
  }

  left(peer: Peer): void {
    this.#served.delete(peer.key);
    this.#assembler?.remove(peer.key);
  }

  get #now(): Millis {
    return this.#context.now;
  }

  #ask(peer: Peer): void {
    const id = peer.extended?.extensions.ut_metadata;
    const assembler = this.#assembler;
    if (id === undefined || assembler === undefined || peer.gone) return;
    for (
      let piece = assembler.request(peer.key, this.#now);
      piece !== undefined;
      piece = assembler.request(peer.key, this.#now)
    ) {
      this.#send(peer, id, encodeMetadata({ kind: 'request', piece }));
    }
  }

  #receive(peer: Peer, message: Extract<MetadataMessage, { kind: 'data' }>): void {
    const outcome = this.#assembler?.data(peer.key, message);
    if (outcome === undefined) return;
    if (outcome.kind === 'accepted') this.#ask(peer);
    else if (outcome.kind === 'failed') this.#blame(outcome);
    else if (outcome.kind === 'complete') {
      this.#assembler = undefined;
      this.#onWhole(outcome.infoBytes);
    }
  }

  #blame({ peers }: Extract<MetadataOutcome, { kind: 'failed' }>): void {
    for (const key of peers) {
      const liar = this.#context.peers.get(key);
      if (liar !== undefined) this.#context.disconnect(liar, 'wrong metadata', true);
    }
    this.fill();
  }

  #serve(peer: Peer, piece: number): void {
    const id = peer.extended?.extensions.ut_metadata;
    const bytes = this.#context.content?.metainfo.infoBytes;
    if (id === undefined) return;
    const at = piece * METADATA_PIECE_BYTES;
    const count = (this.#served.get(peer.key) ?? 0) + 1;
    this.#served.set(peer.key, count);
    const total = bytes?.length ?? 0;
    if (bytes === undefined || at >= total || count > SERVINGS * Math.ceil(total / METADATA_PIECE_BYTES)) {
      this.#send(peer, id, encodeMetadata({ kind: 'reject', piece }));
      return;
    }
    const data = bytes.subarray(at, at + METADATA_PIECE_BYTES);
    this.#send(peer, id, encodeMetadata({ kind: 'data', piece, totalSize: total, data }));
  }

  #send(peer: Peer, id: number, payload: Uint8Array): void {
    this.#context.send(peer, { kind: 'extended', id, payload });
  }
}
