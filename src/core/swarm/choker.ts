// Whom to upload to. Free slots are given at once, so that a small swarm never waits; when more want than there are
// slots, rounds of ten seconds choose: while we download those that give most, while we seed those that waited
// longest, and one optimistic slot goes round every thirty seconds (BEP 3).
// Invariant: at most `slots` interested peers are unchoked, or one more while an optimistic one is among them.
import type { Millis } from '../time.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import type { Uploads } from './uploads.ts';

const ROUND_MS = 10_000;
const OPTIMISTIC_ROUNDS = 3;
/** A peer that is new gets the optimistic slot this many times as likely (BEP 3). */
const NEW_WEIGHT = 3;
const NEW_MS = 60_000;
/** Slots move in these bounds, starting high: to open a slot costs nothing until the uplink is full. */
const MIN_SLOTS = 4;
const FIRST_SLOTS = 24;
const MAX_SLOTS = 100;
/** Bytes a second that a slot should carry: thinner ones are no use to those who get them. */
const THIN_SLOT = 16 * 1024;
/** A seed lets a peer go on for so long before it counts as having had its turn. */
const TURN_MS = 30_000;

export class Choker {
  readonly #context: SwarmContext;
  readonly #uploads: Uploads;
  #slots = FIRST_SLOTS;
  #nextRound: Millis = 0;
  #round = 0;
  #optimistic: Peer | undefined;

  constructor(context: SwarmContext, uploads: Uploads) {
    this.#context = context;
    this.#uploads = uploads;
    this.#slots = context.options.unchokeSlots ?? FIRST_SLOTS;
  }

  /** The peer's interest changed. */
  interestChanged(peer: Peer): void {
    if (peer.peerInterested === peer.amChoking) this.fillFree();
  }

  /** A peer left: its slot is free. */
  left(peer: Peer): void {
    if (this.#optimistic === peer) this.#optimistic = undefined;
    if (!peer.amChoking) this.fillFree();
  }

  chokeAll(): void {
    for (const peer of this.#context.peers.values()) this.#choke(peer);
  }

  tick(): void {
    if (this.#context.paused || this.#context.now < this.#nextRound) return;
    this.#nextRound = this.#context.now + ROUND_MS;
    this.#adaptSlots();
    const wanting = [...this.#context.peers.values()].filter((peer) => peer.peerInterested && !peer.gone);
    const chosen = this.#choose(wanting);
    for (const peer of wanting) if (!chosen.has(peer)) this.#choke(peer);
    for (const peer of chosen) this.#unchoke(peer);
  }

  /** Gives free slots to whoever wants one, longest waiting first. */
  fillFree(): void {
    if (this.#context.paused) return;
    const wanting = [...this.#context.peers.values()].filter((peer) => peer.peerInterested && !peer.gone);
    let free = this.#slots - wanting.filter((peer) => !peer.amChoking).length;
    if (free <= 0) return;
    const waiting = wanting.filter((peer) => peer.amChoking);
    for (const peer of waiting.sort((a, b) => a.unchokedAt - b.unchokedAt)) {
      if (free-- <= 0) return;
      this.#unchoke(peer);
    }
  }

  #choose(wanting: Peer[]): Set<Peer> {
    if (wanting.length <= this.#slots) return new Set(wanting);
    if (this.#round++ % OPTIMISTIC_ROUNDS === 0 || this.#optimistic?.peerInterested !== true) {
      this.#optimistic = this.#drawOptimistic(wanting);
    }
    const order = this.#isSeeding ? this.#byTurn : this.#byGiving;
    const chosen = new Set(wanting.sort(order.bind(this)).slice(0, this.#slots));
    if (this.#optimistic !== undefined) chosen.add(this.#optimistic);
    return chosen;
  }

  get #isSeeding(): boolean {
    return this.#context.content?.pieces.lacking === 0;
  }

  /** Tit for tat. A peer that leaves our requests unanswered gets no regular slot (anti-snubbing). */
  #byGiving(a: Peer, b: Peer): number {
    const { now } = this.#context;
    const given = (peer: Peer): number => (peer.snubbed ? -1 : peer.down.perSecond(now));
    return given(b) - given(a) || b.up.perSecond(now) - a.up.perSecond(now);
  }

  /** Those whose turn is on, the quicker first; then those that waited longest. */
  #byTurn(a: Peer, b: Peer): number {
    const { now } = this.#context;
    const isOn = (peer: Peer): boolean => !peer.amChoking && now - peer.unchokedAt < TURN_MS;
    if (isOn(a) !== isOn(b)) return isOn(a) ? -1 : 1;
    return isOn(a) ? b.up.perSecond(now) - a.up.perSecond(now) : a.unchokedAt - b.unchokedAt;
  }

  #drawOptimistic(wanting: readonly Peer[]): Peer | undefined {
    const { now, rng } = this.#context;
    const choked = wanting.filter((peer) => peer.amChoking);
    const tickets = choked.flatMap((peer) =>
      new Array<Peer>(now - peer.connectedAt < NEW_MS ? NEW_WEIGHT : 1).fill(peer),
    );
    return rng.pick(tickets);
  }

  /** Slots follow the uplink: more while those that have one leave it idle, fewer while each gets but a trickle. */
  #adaptSlots(): void {
    if (this.#context.options.unchokeSlots !== undefined) return;
    const { now } = this.#context;
    const served = [...this.#context.peers.values()].filter((peer) => !peer.amChoking && peer.peerInterested);
    if (served.length < this.#slots) return;
    const rate = served.reduce((sum, peer) => sum + peer.up.perSecond(now), 0);
    const isIdle = served.every((peer) => peer.uploads.length === 0);
    if (isIdle || rate > this.#slots * THIN_SLOT * 4) this.#slots = Math.min(MAX_SLOTS, this.#slots + 4);
    else if (rate < this.#slots * THIN_SLOT) this.#slots = Math.max(MIN_SLOTS, this.#slots - 2);
  }

  #unchoke(peer: Peer): void {
    if (!peer.amChoking) return;
    peer.amChoking = false;
    peer.unchokedAt = this.#context.now;
    this.#context.send(peer, { kind: 'unchoke' });
  }

  #choke(peer: Peer): void {
    if (peer.amChoking) return;
    peer.amChoking = true;
    peer.chokedAt = this.#context.now;
    this.#context.send(peer, { kind: 'choke' });
    this.#uploads.choke(peer);
  }
}
