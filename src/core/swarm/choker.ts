// Whom to upload to. Free slots are given at once; every ten seconds the regular slots go to the best peers, and
// every thirty seconds one optimistic slot goes round (BEP 3).
import type { Millis } from '../time.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import type { Uploads } from './uploads.ts';

const ROUND_MS = 10_000;
const OPTIMISTIC_ROUNDS = 3;
const DEFAULT_SLOTS = 20;

export class Choker {
  readonly #context: SwarmContext;
  readonly #uploads: Uploads;
  #nextRound: Millis = 0;
  #round = 0;
  #optimistic: Peer | undefined;

  constructor(context: SwarmContext, uploads: Uploads) {
    this.#context = context;
    this.#uploads = uploads;
  }

  get #slots(): number {
    return this.#context.options.unchokeSlots ?? DEFAULT_SLOTS;
  }

  /** The peer's interest changed. */
  interestChanged(peer: Peer): void {
    if (peer.peerInterested && peer.amChoking) this.#fillFree();
  }

  /** A peer left: its slot is free. */
  left(peer: Peer): void {
    if (this.#optimistic === peer) this.#optimistic = undefined;
    if (!peer.amChoking) this.#fillFree();
  }

  chokeAll(): void {
    for (const peer of this.#context.peers.values()) this.#choke(peer);
  }

  tick(): void {
    if (this.#context.now < this.#nextRound) return;
    this.#nextRound = this.#context.now + ROUND_MS;
    if (this.#round++ % OPTIMISTIC_ROUNDS === 0) this.#optimistic = undefined;
    const wanting = [...this.#context.peers.values()].filter((peer) => peer.peerInterested);
    wanting.sort((a, b) => this.#worth(b) - this.#worth(a));
    const chosen = new Set(wanting.slice(0, this.#slots));
    const rest = wanting.filter((peer) => !chosen.has(peer));
    this.#optimistic ??= this.#context.rng.pick(rest);
    if (this.#optimistic !== undefined) chosen.add(this.#optimistic);
    for (const peer of this.#context.peers.values()) if (!chosen.has(peer)) this.#choke(peer);
    for (const peer of chosen) this.#unchoke(peer);
  }

  /** While we download: what the peer gives us. While we seed: what it takes. */
  #worth(peer: Peer): number {
    if (peer.snubbed) return -1;
    const now = this.#context.now;
    const lacking = this.#context.content?.pieces.lacking ?? 0;
    return lacking > 0 ? peer.down.perSecond(now) : peer.up.perSecond(now);
  }

  #fillFree(): void {
    if (this.#context.paused) return;
    let unchoked = 0;
    for (const peer of this.#context.peers.values()) if (!peer.amChoking) unchoked++;
    for (const peer of this.#context.peers.values()) {
      if (unchoked >= this.#slots) return;
      if (!peer.peerInterested || !peer.amChoking) continue;
      this.#unchoke(peer);
      unchoked++;
    }
  }

  #unchoke(peer: Peer): void {
    if (!peer.amChoking) return;
    peer.amChoking = false;
    peer.lastUnchokedAt = this.#context.now;
    this.#context.send(peer, { kind: 'unchoke' });
  }

  #choke(peer: Peer): void {
    if (peer.amChoking) return;
    peer.amChoking = true;
    this.#context.send(peer, { kind: 'choke' });
    this.#uploads.choke(peer);
  }
}
