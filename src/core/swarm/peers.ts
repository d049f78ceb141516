// One peer as the swarm sees it. Parts of the engine own the fields that their comments name.
import { networkOf, type PeerAddress } from '../address.ts';
import type { Bitfield } from '../bytes/bitfield.ts';
import type { PeerId } from '../ids.ts';
import type { Millis } from '../time.ts';
import type { ExtendedHandshake } from '../wire/extended.ts';
import type { Capabilities, Message } from '../wire/messages.ts';
import type { ActivePiece } from './active-piece.ts';
import type { PeerKey, PeerTransport, SwarmInput } from './inputs.ts';
import { PEER_PACE, Pipeline, WEB_SEED_PACE } from './pipeline.ts';
import { RateMeter } from './rate.ts';
import { UploadQueue } from './upload-queue.ts';

/** What `peer-connected` says. */
export type PeerArrival = Extract<SwarmInput, { kind: 'peer-connected' }>;

/** Pieces announced before the metadata is known (BEP 9): kept as said, checked later. */
export interface EarlyPieces {
  all: boolean;
  bits: Uint8Array | undefined;
  readonly haves: number[];
}

const RATE_BUCKET_MS = 1000;
const RATE_BUCKETS = 20;

export class Peer {
  readonly key: PeerKey;
  readonly transport: PeerTransport;
  readonly address: PeerAddress | undefined;
  readonly outgoing: boolean;
  readonly encrypted: boolean;
  readonly peerId: PeerId;
  readonly capabilities: Capabilities;
  readonly connectedAt: Millis;

  /** We have disconnected it. */
  gone = false;

  /** Choke and interest: the first two are ours, the last two the peer's. */
  amChoking = true;
  amInterested = false;
  choked = true;
  peerInterested = false;

  /** What the peer has; undefined until the metadata is known. Owned by interest.ts, as the next four. */
  has: Bitfield | undefined;
  early: EarlyPieces | undefined;
  /** Counted as a full peer in Availability. */
  countedFull = false;
  /** How many pieces it has that we lack. */
  offers = 0;
  /** A have, bitfield, have-all or have-none came. */
  saidPieces = false;

  /** Pieces that we have got and it is yet to be told of; owned by haves.ts. */
  readonly unsaid: Message[] = [];

  /** Block ids asked for, oldest first, and when; owned by requests.ts, as the next five. */
  readonly outstanding: Map<number, Millis> = new Map();
  /** Block ids asked for and given up: they may still come. */
  readonly abandoned: Set<number> = new Set();
  readonly pipeline: Pipeline;
  lastBlockAt: Millis;
  snubbed = false;
  /** Nothing that others were asked for was worth asking of it too. */
  searchedAt: Millis = Number.NEGATIVE_INFINITY;
  /** Nothing was found to ask for, and nothing has changed since. */
  dry = false;
  /** It has no piece to begin but perhaps those in its news. */
  barren = false;
  /** Pieces it reported that we lacked then, oldest first, from `newsAt` on: with few of them it is soon searched. */
  news: number[] = [];
  newsAt = 0;
  /** The piece it goes on with. Owned by picker.ts, as the next two. */
  current: ActivePiece | undefined;
  /** BEP 6: pieces the peer gives while it chokes us, and pieces it recommends. */
  readonly allowedFast: Set<number> = new Set();
  readonly suggested: Set<number> = new Set();

  /** Requests of the peer; owned by uploads.ts. */
  readonly uploads: UploadQueue = new UploadQueue();
  /** BEP 6: pieces we give it though it is choked. */
  readonly grantedFast: Set<number> = new Set();
  /** The transport took payload. */
  takenAt: Millis = Number.NEGATIVE_INFINITY;
  /** Whom turns are shared among: its address, or the network that it certainly has all of. */
  readonly network: string;
  /** Owned by choker.ts, as the next three: since when it waits for a turn. */
  queuedAt: Millis = 0;
  /** Turns in a row in which it took nothing. */
  idleTurns = 0;
  unchokedAt: Millis = Number.NEGATIVE_INFINITY;
  chokedAt: Millis = Number.NEGATIVE_INFINITY;

  /** BEP 16; owned by superseed.ts. */
  shown: Set<number> | undefined;
  readonly pending: Set<number> = new Set();
  backlog = 0;
  /** Bytes of what it was shown that no transport has taken. */
  owed = 0;
  tookAt: Millis = 0;
  shownAt: Millis = 0;
  /** It took a piece that it was shown, and reported it. */
  isProven = false;
  /** It asked for nothing of what it was shown. */
  isIndifferent = false;
  /** What it was shown was taken back: it is shown nothing more for a moment. */
  exhausted = false;

  /** Payload rates over some 20 s, and totals. */
  readonly down: RateMeter;
  readonly up: RateMeter;

  /** BEP 10: what the peer said of itself; owned by extensions.ts. */
  extended: ExtendedHandshake | undefined;
  /** What we said of ourselves (BEP 21). */
  toldUploadOnly = false;

  /** Broken rules that a slip can explain; see SwarmContext.strike. */
  strikes = 0;

  constructor(arrival: PeerArrival, now: Millis) {
    this.key = arrival.peer;
    this.transport = arrival.transport;
    this.address = arrival.address;
    this.network = arrival.address === undefined ? String(arrival.peer) : networkOf(arrival.address.ip);
    this.outgoing = arrival.outgoing;
    this.encrypted = arrival.encrypted === true;
    this.peerId = arrival.peerId;
    this.capabilities = arrival.capabilities;
    this.connectedAt = now;
    this.lastBlockAt = now;
    this.pipeline = new Pipeline(now, this.isWebSeed ? WEB_SEED_PACE : PEER_PACE);
    this.down = new RateMeter(now, RATE_BUCKET_MS, RATE_BUCKETS);
    this.up = new RateMeter(now, RATE_BUCKET_MS, RATE_BUCKETS);
  }

  /** There may be something to ask for again. */
  revive(): void {
    this.dry = false;
    this.barren = false;
  }

  /** A web seed is spoken to in requests and cancels only. */
  get isWebSeed(): boolean {
    return this.transport === 'webseed';
  }

  get isSeed(): boolean {
    return this.has?.isFull ?? false;
  }
}
