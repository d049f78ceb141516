// The swarm engine: one torrent's peers, pieces and decisions, without I/O. The one dispatch; parts own the rest.
import type { Bitfield } from '../bytes/bitfield.ts';
import { assertNever } from '../invariant.ts';
import type { Millis } from '../time.ts';
import { Bans } from './bans.ts';
import { Choker } from './choker.ts';
import { Connector } from './connect.ts';
import { Content } from './content.ts';
import { SwarmContext } from './context.ts';
import { Downloads } from './downloads.ts';
import type { SwarmEffect } from './effects.ts';
import { Extensions } from './extensions.ts';
import type { FilePriority, PeerKey, SwarmInput } from './inputs.ts';
import { Gossip } from './gossip.ts';
import { Haves } from './haves.ts';
import { HashLayers } from './hash-layers.ts';
import { Holepunch } from './holepunch.ts';
import { Interest } from './interest.ts';
import { Members } from './members.ts';
import { Messages } from './messages.ts';
import type { SwarmOptions } from './options.ts';
import type { Peer } from './peers.ts';
import { Picker } from './picker.ts';
import { Requests } from './requests.ts';
import { pieceMap, pieceSpread, takeSnapshot, type PieceSpread } from './snapshot.ts';
import type { SwarmSnapshot } from './snapshot.ts';
import { SuperSeed } from './superseed.ts';
import { Uploads } from './uploads.ts';

const TICK_MS = 500;

/**
 * Contract: one `handle`, then `poll` until it gives undefined, then the next `handle`. When `nextTimeout` is due,
 * handle a `tick`. Inputs of peers that are gone are ignored, so a driver need not race with `disconnect` effects.
 */
export class SwarmEngine {
  readonly #context: SwarmContext;
  readonly #interest: Interest;
  readonly #picker: Picker;
  readonly #requests: Requests;
  readonly #haves: Haves;
  readonly #downloads: Downloads;
  readonly #superSeed: SuperSeed;
  readonly #uploads: Uploads;
  readonly #choker: Choker;
  readonly #connector: Connector;
  readonly #holepunch: Holepunch;
  readonly #extensions: Extensions;
  readonly #members: Members;
  readonly #messages: Messages;
  #nextTick: Millis | undefined;

  constructor(options: SwarmOptions) {
    const context = new SwarmContext(options);
    this.#context = context;
    this.#superSeed = new SuperSeed(context);
    this.#interest = new Interest(context, this.#superSeed);
    this.#picker = new Picker(context);
    this.#requests = new Requests(context, this.#picker);
    this.#uploads = new Uploads(context, this.#superSeed);
    this.#choker = new Choker(context, this.#uploads);
    this.#connector = new Connector(context);
    this.#holepunch = new Holepunch(context, this.#connector);
    const layers = new HashLayers(context);
    this.#extensions = new Extensions(context, {
      gossip: new Gossip(context, this.#connector, this.#holepunch),
      holepunch: this.#holepunch,
      layers,
      interest: this.#interest,
    });
    this.#haves = new Haves(context);
    this.#downloads = new Downloads(context, {
      picker: this.#picker,
      requests: this.#requests,
      interest: this.#interest,
      haves: this.#haves,
      bans: new Bans(context),
    });
    this.#members = new Members(context, {
      choker: this.#choker,
      connector: this.#connector,
      extensions: this.#extensions,
      interest: this.#interest,
      requests: this.#requests,
      superSeed: this.#superSeed,
      uploads: this.#uploads,
    });
    this.#messages = new Messages(context, {
      choker: this.#choker,
      downloads: this.#downloads,
      extensions: this.#extensions,
      interest: this.#interest,
      layers,
      requests: this.#requests,
      superSeed: this.#superSeed,
      uploads: this.#uploads,
    });
  }

  /** Takes one input. Throws InvariantError on a bug of ours, never for what a peer did. */
  handle(input: SwarmInput, now: Millis): void {
    this.#context.now = now;
    this.#nextTick ??= now + TICK_MS;
    this.#dispatch(input);
    this.#tickIfDue();
    this.#haves.sayIfDue();
    for (let peer = this.#context.leaving.pop(); peer !== undefined; peer = this.#context.leaving.pop()) {
      this.#members.leave(peer.key);
    }
    this.#requests.refillIfDue();
  }

  /** The next effect, or undefined when all is said. */
  poll(): SwarmEffect | undefined {
    return this.#context.effects.shift();
  }

  /** When to handle a `tick`, if nothing happens before. */
  nextTimeout(): Millis | undefined {
    const idle = this.#context.peers.size === 0 && !this.#connector.isWaiting;
    if (idle || this.#nextTick === undefined) return undefined;
    return Math.min(this.#nextTick, this.#haves.due);
  }

  snapshot(now: Millis): SwarmSnapshot {
    return takeSnapshot(this.#context, now);
  }

  /** One byte a piece: 0 missing, 1 in memory, 2 have. Empty before the metainfo is known. */
  pieces(): Uint8Array {
    return pieceMap(this.#context);
  }

  /** Who has what, in at most `cells` parts; walks every piece of every peer. */
  spread(cells: number): PieceSpread {
    return pieceSpread(this.#context, cells);
  }

  /** What is on disk, for resume data; undefined before the metainfo is known. */
  have(): Bitfield | undefined {
    return this.#context.content?.have();
  }

  #dispatch(input: SwarmInput): void {
    switch (input.kind) {
      case 'message':
        return this.#message(input);
      case 'uploaded':
        return this.#withPeer(input.peer, (peer) => this.#uploads.taken(peer, input.bytes));
      case 'piece-verified':
        return this.#downloads.verified(input.piece, input.ok);
      case 'piece-written':
        return this.#downloads.written(input.piece);
      case 'write-failed':
        return this.#downloads.writeFailed(input.piece, input.error);
      case 'read-failed':
        this.#uploads.lost(input.piece, input.peer);
        this.#extensions.lost(input.piece);
        return this.#downloads.lost(input.piece);
      case 'metainfo':
        return this.#start(input);
      case 'peer-connected':
        return this.#members.arrive(input);
      case 'peer-closed':
        return this.#members.leave(input.peer);
      case 'candidates':
        return this.#connector.add(input.source, input.addresses);
      case 'dial-failed':
        this.#connector.failed(input.address);
        return this.#holepunch.failed(input.address);
      case 'priorities':
        return this.#prioritise(input.files);
      case 'deadlines':
        this.#picker.deadlines.set(input.pieces);
        return this.#requests.refillSoon();
      case 'pause':
        return this.#pause();
      case 'resume':
        return this.#resume();
      case 'tick':
        return;
      default:
        assertNever(input);
    }
  }

  #message(input: Extract<SwarmInput, { kind: 'message' }>): void {
    const peer = this.#context.peers.get(input.peer);
    if (peer !== undefined && !peer.gone) this.#messages.handle(peer, input.message);
  }

  #withPeer(key: PeerKey, act: (peer: Peer) => void): void {
    const peer = this.#context.peers.get(key);
    if (peer !== undefined) act(peer);
  }

  #start(input: Extract<SwarmInput, { kind: 'metainfo' }>): void {
    const { options, rng } = this.#context;
    const content = new Content(input.metainfo, input.have, { buffers: options.buffers, rng });
    this.#context.content = content;
    this.#downloads.start(content);
    for (const peer of this.#context.peers.values()) {
      this.#members.announcePieces(content, peer);
      this.#interest.arrive(peer);
      this.#extensions.greet(peer);
    }
    this.#requests.refillSoon();
  }

  #prioritise(files: readonly FilePriority[]): void {
    const content = this.#context.content;
    if (content === undefined) return;
    for (const active of content.prioritise(files)) this.#requests.abandon(content, active);
    this.#interest.recountAll();
    this.#downloads.checkComplete(content);
    this.#requests.refillSoon();
  }

  #pause(): void {
    this.#context.paused = true;
    if (this.#context.content !== undefined) this.#downloads.stop(this.#context.content);
    this.#context.downloadStopped = true;
    this.#choker.chokeAll();
  }

  #resume(): void {
    this.#context.paused = false;
    this.#context.downloadStopped = false;
    this.#connector.fill();
    this.#choker.fillFree();
    for (const peer of this.#context.peers.values()) this.#interest.update(peer);
    this.#requests.refillSoon();
  }

  #tickIfDue(): void {
    if (this.#nextTick === undefined || this.#context.now < this.#nextTick) return;
    this.#nextTick = this.#context.now + TICK_MS;
    this.#members.tick();
    this.#requests.tick();
    this.#choker.tick();
    this.#uploads.serve();
    this.#superSeed.tick();
    this.#connector.fill();
    this.#extensions.tick();
  }
}
