// The info dictionary between peers (BEP 9): asked for while we have only hashes, given out once we have it.
// Invariant: at most one piece is on request from a peer at a time; an assembled dictionary is believed only when its
// hash is right, and who alone sent a wrong one is banned.
import { equalBytes } from '../bytes/bytes.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import {
  encodeMetadata,
  METADATA_PIECE_BYTES,
  parseMetadata,
  type MetadataMessage,
} from '../wire/metadata.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';

const REQUEST_TIMEOUT_MS = 8_000;
/** After a refusal or silence a peer is left alone for so long. */
const REST_MS = 15_000;
/** A peer may ask for the whole dictionary this often; more is a flood. */
const SERVINGS = 4;

interface Asked {
  readonly piece: number;
  readonly at: Millis;
}

/** One attempt at a dictionary of one size. */
interface Assembly {
  readonly bytes: Uint8Array;
  /** Who sent each piece. */
  readonly senders: (PeerKey | undefined)[];
}

export class Metadata {
  readonly #context: SwarmContext;
  readonly #onWhole: (infoBytes: Uint8Array) => void;
  /** By size: liars about the size spoil only their own attempt. */
  readonly #assemblies = new Map<number, Assembly>();
  readonly #asked = new Map<PeerKey, Asked>();
  readonly #restingUntil = new Map<PeerKey, Millis>();
  readonly #served = new Map<PeerKey, number>();
  /** After a wrong dictionary of several senders, one peer must send all of it. */
  #soloists = false;
  #isWhole = false;

  constructor(context: SwarmContext, onWhole: (infoBytes: Uint8Array) => void) {
    this.#context = context;
    this.#onWhole = onWhole;
  }

  /** A message under our ut_metadata id. Throws ProtocolError for one that makes no sense. */
  message(peer: Peer, payload: Uint8Array): void {
    const message = parseMetadata(payload);
    if (message.kind === 'request') this.#serve(peer, message.piece);
    else if (message.kind === 'data') this.#receive(peer, message);
    else if (message.kind === 'reject') this.#rest(peer);
  }

  /** The peer said what it has, or time has passed. */
  fill(): void {
    if (this.#isWhole || this.#context.content !== undefined) return;
    const { now } = this.#context;
    for (const [key, asked] of this.#asked) {
      if (now - asked.at < REQUEST_TIMEOUT_MS) continue;
      this.#asked.delete(key);
      this.#restingUntil.set(key, now + REST_MS);
    }
    for (const peer of this.#context.peers.values()) this.#ask(peer);
  }

  left(peer: Peer): void {
    this.#asked.delete(peer.key);
    this.#restingUntil.delete(peer.key);
    this.#served.delete(peer.key);
  }

  #ask(peer: Peer): void {
    const id = peer.extended?.extensions.ut_metadata;
    const size = peer.extended?.metadataSize;
    if (id === undefined || size === undefined || size > LIMITS.metadataBytes.value || peer.gone) return;
    if (this.#asked.has(peer.key) || (this.#restingUntil.get(peer.key) ?? 0) > this.#context.now) return;
    const assembly = this.#assembly(size);
    const piece = this.#nextPiece(assembly, peer);
    if (piece === undefined) return;
    this.#asked.set(peer.key, { piece, at: this.#context.now });
    this.#send(peer, id, encodeMetadata({ kind: 'request', piece }));
  }

  #assembly(size: number): Assembly {
    const known = this.#assemblies.get(size);
    if (known !== undefined) return known;
    const pieces = Math.ceil(size / METADATA_PIECE_BYTES);
    const made: Assembly = {
      bytes: new Uint8Array(size),
      senders: new Array<undefined>(pieces).fill(undefined),
    };
    // Few sizes are ever claimed by honest peers; a crowd of liars must not fill the memory.
    if (this.#assemblies.size >= MAX_SIZES) this.#assemblies.clear();
    this.#assemblies.set(size, made);
    return made;
  }

  #nextPiece(assembly: Assembly, peer: Peer): number | undefined {
    if (this.#soloists && assembly.senders.some((sender) => sender !== undefined && sender !== peer.key)) {
      return undefined;
    }
    const onRequest = new Set([...this.#asked.values()].map((asked) => asked.piece));
    const missing = assembly.senders.findIndex((sender, i) => sender === undefined && !onRequest.has(i));
    return missing < 0 ? undefined : missing;
  }

  #receive(peer: Peer, message: Extract<MetadataMessage, { kind: 'data' }>): void {
    const asked = this.#asked.get(peer.key);
    const size = peer.extended?.metadataSize;
    if (asked?.piece !== message.piece || size === undefined || this.#isWhole) return;
    this.#asked.delete(peer.key);
    const assembly = this.#assembly(size);
    const at = message.piece * METADATA_PIECE_BYTES;
    if (message.data.length !== Math.min(METADATA_PIECE_BYTES, size - at)) {
      this.#context.disconnect(peer, 'metadata piece of a wrong length');
      return;
    }
    assembly.bytes.set(message.data, at);
    assembly.senders[message.piece] = peer.key;
    if (assembly.senders.every((sender) => sender !== undefined)) this.#check(assembly);
    this.fill();
  }

  #check(assembly: Assembly): void {
    const { infoHash, infoHashV2, digests } = this.#context.options;
    const { bytes } = assembly;
    const isRight =
      (infoHash === undefined || equalBytes(digests.sha1(bytes), infoHash)) &&
      (infoHashV2 === undefined || equalBytes(digests.sha256(bytes), infoHashV2));
    this.#assemblies.delete(bytes.length);
    if (isRight) {
      this.#isWhole = true;
      this.#onWhole(bytes);
      return;
    }
    const senders = new Set(assembly.senders);
    const only = senders.size === 1 ? [...senders][0] : undefined;
    const liar = only === undefined ? undefined : this.#context.peers.get(only);
    if (liar !== undefined) this.#context.disconnect(liar, 'metadata with a wrong hash', true);
    else this.#soloists = true;
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

  #rest(peer: Peer): void {
    if (!this.#asked.delete(peer.key)) return;
    this.#restingUntil.set(peer.key, this.#context.now + REST_MS);
    this.fill();
  }

  #send(peer: Peer, id: number, payload: Uint8Array): void {
    this.#context.send(peer, { kind: 'extended', id, payload });
  }
}

const MAX_SIZES = 4;
