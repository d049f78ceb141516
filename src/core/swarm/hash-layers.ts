// Piece layers between peers (BEP 52): given out from the metainfo, asked for where only the info dictionary is known.
// Invariant: a hash is kept only if its proof leads to the file's root.
import { equalBytes, toHex } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { BLOCK_LENGTH } from '../metainfo/geometry.ts';
import { HASH_LENGTH, heightOf, proveSpan, rootOfSpan } from '../metainfo/merkle.ts';
import type { Metainfo } from '../metainfo/metainfo.ts';
import type { Millis } from '../time.ts';
import type { HashRange, Message } from '../wire/messages.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';

/** Hashes in one request: what deployed clients take (BEP 52). */
const MAX_RUN = 512;
const REQUEST_TIMEOUT_MS = 8_000;
const REST_MS = 15_000;
/** Requests on their way to one peer. */
const PER_PEER = 4;
/** A hybrid torrent can do without its layers: v1 hashes check the pieces. It waits no longer than this for them. */
const OPTIONAL_MS = 5_000;

interface Run {
  readonly range: HashRange;
  readonly height: number;
  /** Where the hashes go. */
  readonly layer: Uint8Array;
  asked: { readonly peer: PeerKey; readonly at: Millis } | undefined;
  isDone: boolean;
}

/** What is fetched before a download from a magnet link can start. */
interface Fetch {
  readonly infoBytes: Uint8Array;
  readonly layers: ReadonlyMap<string, Uint8Array>;
  readonly runs: readonly Run[];
  readonly isOptional: boolean;
  readonly since: Millis;
}

export class HashLayers {
  readonly #context: SwarmContext;
  readonly #resting = new Map<PeerKey, Millis>();
  #fetch: Fetch | undefined;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** The info dictionary is known: gets the layers it needs, then says `metadata-complete`. */
  start(metainfo: Metainfo, infoBytes: Uint8Array): void {
    const layers = new Map<string, Uint8Array>();
    const runs: Run[] = [];
    for (const file of metainfo.files) {
      if (file.piecesRoot === undefined || file.length <= metainfo.pieceLength) continue;
      const key = toHex(file.piecesRoot);
      if (layers.has(key)) continue;
      const count = Math.ceil(file.length / metainfo.pieceLength);
      const layer = new Uint8Array(count * HASH_LENGTH);
      layers.set(key, layer);
      runs.push(...runsOf(file.piecesRoot, layer, levelOf(metainfo.pieceLength)));
    }
    const isOptional = metainfo.version === 'hybrid';
    this.#fetch = { infoBytes, layers, runs, isOptional, since: this.#context.now };
    this.fill();
  }

  fill(): void {
    const fetch = this.#fetch;
    if (fetch === undefined) return;
    const { now } = this.#context;
    for (const run of fetch.runs) {
      if (run.asked === undefined || now - run.asked.at < REQUEST_TIMEOUT_MS) continue;
      this.#resting.set(run.asked.peer, now + REST_MS);
      run.asked = undefined;
    }
    for (const peer of this.#context.peers.values()) this.#ask(peer, fetch);
    this.#finishIfDone(fetch);
  }

  left(peer: Peer): void {
    this.#resting.delete(peer.key);
    for (const run of this.#fetch?.runs ?? []) if (run.asked?.peer === peer.key) run.asked = undefined;
  }

  message(peer: Peer, message: Extract<Message, { kind: 'hash-request' | 'hashes' | 'hash-reject' }>): void {
    if (message.kind === 'hash-request') this.#serve(peer, message.range);
    else if (message.kind === 'hashes') this.#receive(peer, message.range, message.hashes);
    else this.#rejected(peer, message.range);
  }

  #ask(peer: Peer, fetch: Fetch): void {
    if (!peer.capabilities.v2 || peer.gone || (this.#resting.get(peer.key) ?? 0) > this.#context.now) return;
    let free = PER_PEER - fetch.runs.filter((run) => run.asked?.peer === peer.key).length;
    for (const run of fetch.runs) {
      if (free <= 0) return;
      if (run.isDone || run.asked !== undefined) continue;
      run.asked = { peer: peer.key, at: this.#context.now };
      free--;
      this.#context.send(peer, { kind: 'hash-request', range: run.range });
    }
  }

  #receive(peer: Peer, range: HashRange, hashes: Uint8Array): void {
    const run = this.#runOf(peer, range);
    if (run === undefined) return;
    run.asked = undefined;
    const { sha256 } = this.#context.options.digests;
    if (!leadsTo(range, hashes, { height: run.height, sha256 })) {
      this.#context.disconnect(peer, 'hashes that do not lead to the root', true);
      return;
    }
    const at = range.index * HASH_LENGTH;
    run.layer.set(hashes.subarray(0, Math.min(range.length * HASH_LENGTH, run.layer.length - at)), at);
    run.isDone = true;
    this.fill();
  }

  #rejected(peer: Peer, range: HashRange): void {
    const run = this.#runOf(peer, range);
    if (run === undefined) return;
    run.asked = undefined;
    this.#resting.set(peer.key, this.#context.now + REST_MS);
    this.fill();
  }

  #finishIfDone(fetch: Fetch): void {
    const isWhole = fetch.runs.every((run) => run.isDone);
    const isLate = fetch.isOptional && this.#context.now - fetch.since >= OPTIONAL_MS;
    const hasNobody =
      fetch.isOptional && ![...this.#context.peers.values()].some((peer) => peer.capabilities.v2);
    if (!isWhole && !isLate && !hasNobody) return;
    this.#fetch = undefined;
    this.#context.effects.push({
      kind: 'metadata-complete',
      infoBytes: fetch.infoBytes,
      pieceLayers: isWhole ? fetch.layers : new Map<string, Uint8Array>(),
    });
  }

  #runOf(peer: Peer, range: HashRange): Run | undefined {
    return this.#fetch?.runs.find(
      (run) =>
        run.asked?.peer === peer.key &&
        run.range.index === range.index &&
        run.range.length === range.length &&
        run.range.baseLayer === range.baseLayer &&
        run.range.proofLayers === range.proofLayers &&
        equalBytes(run.range.piecesRoot, range.piecesRoot),
    );
  }

  #serve(peer: Peer, range: HashRange): void {
    const hashes = this.#prove(range);
    this.#context.send(
      peer,
      hashes === undefined ? { kind: 'hash-reject', range } : { kind: 'hashes', range, hashes },
    );
  }

  /** Undefined where we have no such hashes: only piece layers are kept. */
  #prove(range: HashRange): Uint8Array | undefined {
    const metainfo = this.#context.content?.metainfo;
    const layer = metainfo?.pieceLayers.get(toHex(range.piecesRoot));
    if (metainfo === undefined || layer === undefined || range.length > MAX_RUN) return undefined;
    if (range.baseLayer !== levelOf(metainfo.pieceLength)) return undefined;
    try {
      const tree = { layer, height: heightOf(layer.length / HASH_LENGTH) };
      return proveSpan(tree, range, this.#context.options.digests.sha256);
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}

/** Levels from the leaves to the piece layer. */
function levelOf(pieceLength: number): number {
  return Math.log2(pieceLength / BLOCK_LENGTH);
}

function runsOf(piecesRoot: Uint8Array, layer: Uint8Array, baseLayer: number): Run[] {
  const height = heightOf(layer.length / HASH_LENGTH);
  const length = Math.min(MAX_RUN, 2 ** height);
  const runs: Run[] = [];
  for (let index = 0; index * HASH_LENGTH < layer.length; index += length) {
    // BEP 52 counts proof layers from the one above the base; all of them are wanted.
    const range: HashRange = { piecesRoot, baseLayer, index, length, proofLayers: Math.max(0, height - 1) };
    runs.push({ range, height, layer, asked: undefined, isDone: false });
  }
  return runs;
}

function leadsTo(
  range: HashRange,
  hashes: Uint8Array,
  tree: { readonly height: number; readonly sha256: (data: Uint8Array) => Uint8Array },
): boolean {
  try {
    return equalBytes(rootOfSpan({ hashes, height: tree.height }, range, tree.sha256), range.piecesRoot);
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
