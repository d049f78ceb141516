// Fetching the info dictionary from peers (BEP 9): which piece to ask of whom, and whom to blame for a wrong hash.
// Sizes are claims of strangers: one size is tried at a time, memory grows only with what came in, and once a dictionary
// of several senders was wrong, it is fetched from one peer alone, so that the liar is known for sure.
import { concatBytes, equalBytes } from '../bytes/bytes.ts';
import type { Digests } from '../digests.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import { METADATA_PIECE_BYTES } from '../wire/metadata.ts';

/** What the finished dictionary must hash to; at least one of the two. */
export interface MetadataHashes {
  readonly infoHash?: Uint8Array | undefined;
  readonly infoHashV2?: Uint8Array | undefined;
}

export type MetadataOutcome =
  /** Ask the peer for more. */
  | { readonly kind: 'accepted' }
  /** Not asked for, or late. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'complete'; readonly infoBytes: Uint8Array }
  /** These peers are proven liars and forgotten; with none, the senders were several and are being told apart. */
  | { readonly kind: 'failed'; readonly peers: readonly number[] };

interface Source {
  readonly size: number;
  /** Nothing is asked before this: the peer refused or let a request lapse. */
  restsUntil: Millis;
  /** Piece to the time it was asked for. */
  readonly asked: Map<number, Millis>;
  /** Pieces whose answers did not come in time: they are taken all the same, as the peer answers so often only. */
  readonly late: Set<number>;
}

interface Part {
  readonly data: Uint8Array;
  readonly peer: number;
}

const REQUESTS_PER_PEER = 4;
const REQUEST_TIMEOUT_MS = 10_000;
const REST_MS = 15_000;

/** `offer` peers as they say their size, `request` until undefined after each change, hand in answers. Peers are numbers. */
export class MetadataAssembler {
  readonly #hashes: MetadataHashes;
  readonly #digests: Digests;
  readonly #sources = new Map<number, Source>();
  #size = 0;
  #parts: (Part | undefined)[] = [];
  #received = 0;
  /** Once senders disagreed: the one peer that is asked. */
  #alone: number | undefined;
  #suspicious = false;

  constructor(hashes: MetadataHashes, digests: Digests) {
    this.#hashes = hashes;
    this.#digests = digests;
  }

  /** A peer said in its extended handshake that it has a dictionary of this size. */
  offer(peer: number, size: number): void {
    if (size < 1 || size > LIMITS.metadataBytes.value || this.#sources.has(peer)) return;
    this.#sources.set(peer, { size, restsUntil: -Infinity, asked: new Map(), late: new Set() });
  }

  remove(peer: number): void {
    this.#sources.delete(peer);
  }

  /** The next piece to ask of a peer; call until undefined. Each one given out counts as asked at `now`. */
  request(peer: number, now: Millis): number | undefined {
    this.#expire(now);
    const source = this.#sources.get(peer);
    if (source === undefined || source.restsUntil > now || source.asked.size >= REQUESTS_PER_PEER) {
      return undefined;
    }
    if (!this.#follow(peer, source, now)) return undefined;
    const asked = new Set([...this.#sources.values()].flatMap((other) => [...other.asked.keys()]));
    const piece = this.#parts.findIndex((part, i) => part === undefined && !asked.has(i));
    if (piece < 0) return undefined;
    source.asked.set(piece, now);
    return piece;
  }

  /** A data message; `totalSize` as it came. `data` is copied. */
  data(
    peer: number,
    message: { readonly piece: number; readonly totalSize: number | undefined; readonly data: Uint8Array },
  ): MetadataOutcome {
    const source = this.#sources.get(peer);
    const wasAsked = source?.asked.delete(message.piece) === true || source?.late.has(message.piece) === true;
    if (source === undefined || !wasAsked || this.#parts[message.piece] !== undefined) {
      return { kind: 'ignored' };
    }
    source.late.delete(message.piece);
    const expected = Math.min(METADATA_PIECE_BYTES, this.#size - message.piece * METADATA_PIECE_BYTES);
    if (message.data.length !== expected || (message.totalSize ?? this.#size) !== this.#size) {
      this.remove(peer);
      return { kind: 'failed', peers: [peer] };
    }
    this.#parts[message.piece] = { data: new Uint8Array(message.data), peer };
    this.#received++;
    return this.#received === this.#parts.length ? this.#finish() : { kind: 'accepted' };
  }

  /** A reject message: the peer gets a rest. */
  reject(peer: number, piece: number, now: Millis): void {
    const source = this.#sources.get(peer);
    if (source?.asked.delete(piece) === true) source.restsUntil = now + REST_MS;
  }

  /** Whether this peer's dictionary is the one being fetched; switches to it when no other peer can go on. */
  #follow(peer: number, source: Source, now: Millis): boolean {
    if (this.#suspicious) {
      if (this.#alone === peer) return true;
      if (this.#alone !== undefined && this.#isUsable(this.#alone, now)) return false;
      this.#alone = peer;
      this.#restart(source.size);
      return true;
    }
    if (source.size === this.#size) return true;
    for (const [other, { size }] of this.#sources) {
      if (size === this.#size && this.#isUsable(other, now)) return false;
    }
    this.#restart(source.size);
    return true;
  }

  #isUsable(peer: number, now: Millis): boolean {
    const source = this.#sources.get(peer);
    return source !== undefined && source.restsUntil <= now;
  }

  #expire(now: Millis): void {
    for (const source of this.#sources.values()) {
      if (source.restsUntil <= now) source.restsUntil = -Infinity;
      for (const [piece, at] of source.asked) {
        if (now - at < REQUEST_TIMEOUT_MS) continue;
        source.asked.delete(piece);
        source.late.add(piece);
        source.restsUntil = now + REST_MS;
      }
    }
  }

  #restart(size: number): void {
    this.#size = size;
    this.#parts = Array.from({ length: Math.ceil(size / METADATA_PIECE_BYTES) }, () => undefined);
    this.#received = 0;
    for (const source of this.#sources.values()) {
      source.asked.clear();
      source.late.clear();
    }
  }

  #finish(): MetadataOutcome {
    const parts = this.#parts.filter((part) => part !== undefined);
    const infoBytes = concatBytes(parts.map((part) => part.data));
    if (this.#isRight(infoBytes)) return { kind: 'complete', infoBytes };
    const senders = [...new Set(parts.map((part) => part.peer))];
    this.#suspicious = true;
    this.#alone = undefined;
    this.#restart(0);
    if (senders.length > 1) return { kind: 'failed', peers: [] };
    for (const liar of senders) this.remove(liar);
    return { kind: 'failed', peers: senders };
  }

  /** A hybrid's dictionary must fit both of its hashes. */
  #isRight(infoBytes: Uint8Array): boolean {
    const { infoHash, infoHashV2 } = this.#hashes;
    return (
      (infoHash === undefined || equalBytes(this.#digests.sha1(infoBytes), infoHash)) &&
      (infoHashV2 === undefined || equalBytes(this.#digests.sha256(infoBytes), infoHashV2))
    );
  }
}
