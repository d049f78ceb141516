// Whom to connect to: addresses by source, one entry each, with back-off after failures and caps on dials under way.
// Invariant: an address is dialled at most once at a time, and never while a connection that we opened to it lives.
import { formatAddress, needsZone, type PeerAddress } from '../address.ts';
import type { Millis } from '../time.ts';
import { peerPriority } from '../wire/priority.ts';
import type { SwarmContext } from './context.ts';
import type { CandidateSource } from './inputs.ts';
import type { Peer } from './peers.ts';

interface Candidate {
  readonly address: PeerAddress;
  state: 'idle' | 'dialling' | 'punching' | 'connected';
  failures: number;
  /** Not to be dialled before. */
  retryAt: Millis;
  /** It had everything when we last met. */
  isSeed: boolean;
}

/** Addresses remembered; a flood of peer exchange pushes out nothing that is in use. */
const MAX_CANDIDATES = 2000;
/** Dials under way: more only fill the tables of home routers. */
const MAX_DIALLING = 30;
const RETRY_FIRST_MS = 15_000;
const RETRY_LAST_MS = 30 * 60_000;
const MAX_FAILURES = 6;
/** After a connection ended: the peer may have had enough of us. */
const RECONNECT_MS = 30_000;

export class Connector {
  readonly #context: SwarmContext;
  readonly #candidates = new Map<string, Candidate>();
  #dialling = 0;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** True while a tick may have something to dial. */
  get isWaiting(): boolean {
    return this.#candidates.size > 0;
  }

  add(source: CandidateSource, addresses: readonly PeerAddress[]): void {
    if (this.#isForbidden(source)) return;
    for (const address of addresses) {
      const key = formatAddress(address);
      const known = this.#candidates.get(key);
      if (known !== undefined) {
        if (source === 'user' || source === 'tracker') this.#forgive(known);
        continue;
      }
      if (address.port === 0 || needsZone(address.ip) || this.#candidates.size >= MAX_CANDIDATES) continue;
      this.#candidates.set(key, { address, state: 'idle', failures: 0, retryAt: 0, isSeed: false });
    }
    this.fill();
  }

  failed(address: PeerAddress): void {
    const key = formatAddress(address);
    const candidate = this.#candidates.get(key);
    if (candidate?.state !== 'dialling' && candidate?.state !== 'punching') return;
    this.#dialling--;
    // A punch that missed says nothing new of the address.
    candidate.failures =
      candidate.state === 'punching' ? Math.max(1, candidate.failures) : candidate.failures + 1;
    candidate.state = 'idle';
    if (candidate.failures >= MAX_FAILURES) this.#candidates.delete(key);
    const delay = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** (candidate.failures - 1));
    candidate.retryAt = this.#context.now + delay * (0.75 + this.#context.rng.below(1000) / 2000);
    this.fill();
  }

  /** Whether the last dial came to nothing, and nothing is under way. */
  hasFailed(address: PeerAddress): boolean {
    const candidate = this.#candidates.get(formatAddress(address));
    return candidate?.state === 'idle' && candidate.failures > 0;
  }

  /** Whether a dial or a punch is under way. */
  isDialling(address: PeerAddress): boolean {
    const state = this.#candidates.get(formatAddress(address))?.state;
    return state === 'dialling' || state === 'punching';
  }

  /** Dials at once, over uTP alone: the peer does the same (BEP 55). */
  punch(address: PeerAddress): void {
    const { peers, options, paused } = this.#context;
    const isFull = this.#dialling >= MAX_DIALLING || peers.size + this.#dialling >= options.maxPeers;
    const key = formatAddress(address);
    const known = this.#candidates.get(key);
    if (paused || isFull || (known !== undefined && known.state !== 'idle')) return;
    if (known === undefined && this.#candidates.size >= MAX_CANDIDATES) return;
    const fresh: Candidate = { address, state: 'idle', failures: 0, retryAt: 0, isSeed: false };
    const candidate = known ?? fresh;
    this.#candidates.set(key, candidate);
    candidate.state = 'punching';
    this.#dialling++;
    this.#context.effects.push({ kind: 'dial', address, punch: true });
  }

  arrived(peer: Peer): void {
    const candidate = this.#candidateOf(peer);
    if (candidate === undefined) return;
    if (candidate.state === 'dialling' || candidate.state === 'punching') this.#dialling--;
    candidate.state = 'connected';
    candidate.failures = 0;
  }

  left(peer: Peer): void {
    const candidate = this.#candidateOf(peer);
    if (candidate === undefined) return;
    candidate.state = 'idle';
    candidate.retryAt = this.#context.now + RECONNECT_MS;
    candidate.isSeed = peer.isSeed;
    this.fill();
  }

  /** Dials while there are free places. */
  fill(): void {
    const { peers, options, now } = this.#context;
    let places = Math.min(options.maxPeers - peers.size - this.#dialling, MAX_DIALLING - this.#dialling);
    if (this.#context.paused || places <= 0) return;
    const isSeed = this.#context.content?.pieces.lacking === 0;
    for (const candidate of this.#inOrder()) {
      if (places === 0) return;
      if (candidate.state !== 'idle' || candidate.retryAt > now) continue;
      if (candidate.isSeed && isSeed) continue;
      candidate.state = 'dialling';
      this.#dialling++;
      places--;
      this.#context.effects.push({ kind: 'dial', address: candidate.address });
    }
  }

  /** Somebody whom we trust to know says that it is there again: it is dialled as after its first failure. */
  #forgive(candidate: Candidate): void {
    candidate.failures = Math.min(candidate.failures, 1);
    candidate.retryAt = Math.min(candidate.retryAt, this.#context.now + RETRY_FIRST_MS);
  }

  /** BEP 27: a private torrent takes peers from its tracker and its user only. */
  #isForbidden(source: CandidateSource): boolean {
    const isPrivate = this.#context.content?.metainfo.private ?? false;
    return isPrivate && (source === 'pex' || source === 'dht' || source === 'lsd');
  }

  #candidateOf(peer: Peer): Candidate | undefined {
    if (!peer.outgoing || peer.address === undefined) return undefined;
    return this.#candidates.get(formatAddress(peer.address));
  }

  /** As they came, or by BEP 40 where there are more than places and our own address is known. */
  #inOrder(): Iterable<Candidate> {
    const { ownAddress, maxPeers } = this.#context.options;
    if (ownAddress === undefined || this.#candidates.size <= maxPeers) return this.#candidates.values();
    const sameFamily = (c: Candidate): boolean => c.address.ip.includes(':') === ownAddress.ip.includes(':');
    const worth = (c: Candidate): number => (sameFamily(c) ? peerPriority(ownAddress, c.address) : 0);
    return [...this.#candidates.values()].sort((a, b) => worth(b) - worth(a));
  }
}
