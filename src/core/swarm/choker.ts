// Whom to upload to. Free slots are given at once, so that a small swarm never waits. With more peers than slots, rounds
// of ten seconds choose: while we download those that give most, while we seed those whose turn it is; one optimistic
// slot goes round every thirty seconds (BEP 3). A seed takes slots back from peers that do nothing with them.
// Invariant: at most `slots` interested peers are unchoked, or one more while an optimistic one is among them.
import type { Millis } from '../time.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';
import type { Uploads } from './uploads.ts';
import { nextInLine } from './waiting-line.ts';

const ROUND_MS = 10_000;
const OPTIMISTIC_ROUNDS = 3;
/** A peer that is new gets the optimistic slot this many times as likely (BEP 3). */
const NEW_WEIGHT = 3;
const NEW_MS = 60_000;
/** Slots move in these bounds, starting high: to open a slot costs nothing until the uplink is full. */
const MIN_SLOTS = 4;
const FIRST_SLOTS = 24;
const MAX_SLOTS = 100;
const MORE_SLOTS = 4;
/** Bytes a second that a slot should carry: thinner ones are no use to those who get them. */
const THIN_SLOT = 16 * 1024;
/** A seed lets a peer go on for so long before it counts as having had its turn. */
const TURN_MS = 30_000;
/** Others wait: who asks for nothing this long has had its turn, and who reads nothing of what it asked for. */
const IDLE_MS = 1500;
const STUCK_MS = 5000;
/** Who took nothing for so long is not what the uplink is busy with. */
const SLOW_MS = 1000;

export class Choker {
  readonly #context: SwarmContext;
  readonly #uploads: Uploads;
  #nextRound: Millis = 0;
  #round = 0;
  #optimistic: Peer | undefined;

  constructor(context: SwarmContext, uploads: Uploads) {
    this.#context = context;
    this.#uploads = uploads;
    context.slots = context.options.unchokeSlots ?? FIRST_SLOTS;
  }

  /** The peer's interest changed. */
  interestChanged(peer: Peer): void {
    if (peer.peerInterested) peer.queuedAt = this.#context.now;
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
    if (this.#context.paused) return;
    const wanting = this.#wanting();
    if (wanting.some((peer) => peer.amChoking)) {
      this.#openSlots(wanting);
      if (this.#isSeeding) this.#takeBack(wanting);
      this.fillFree();
    }
    if (this.#context.now < this.#nextRound) return;
    this.#nextRound = this.#context.now + ROUND_MS;
    this.#adaptSlots(wanting);
    const chosen = this.#choose(wanting);
    for (const peer of wanting) if (!chosen.has(peer)) this.#choke(peer);
    for (const peer of chosen) this.#unchoke(peer);
  }

  /** Gives free slots to whoever wants one, by their place in the line. */
  fillFree(): void {
    if (this.#context.paused) return;
    const wanting = this.#wanting();
    const free = this.#context.slots - wanting.filter((peer) => !peer.amChoking).length;
    for (const peer of nextInLine(wanting, free)) this.#unchoke(peer);
  }

  #wanting(): Peer[] {
    return [...this.#context.peers.values()].filter((peer) => peer.peerInterested && !peer.gone);
  }

  #choose(wanting: Peer[]): Set<Peer> {
    const { slots } = this.#context;
    if (wanting.length <= slots) return new Set(wanting);
    if (this.#round++ % OPTIMISTIC_ROUNDS === 0 || this.#optimistic?.peerInterested !== true) {
      this.#optimistic = this.#drawOptimistic(wanting);
    }
    const order = this.#isSeeding ? this.#byTurn(wanting) : wanting.sort(this.#byGiving.bind(this));
    const chosen = new Set(order.slice(0, slots));
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

  /** Those whose turn is on, the quicker first; then those that wait; then those whose turn is over. */
  #byTurn(wanting: readonly Peer[]): Peer[] {
    const { now, slots } = this.#context;
    const served = wanting.filter((peer) => !peer.amChoking);
    const isOn = (peer: Peer): boolean => now - peer.unchokedAt < TURN_MS;
    const on = served.filter(isOn).sort((a, b) => b.up.perSecond(now) - a.up.perSecond(now));
    const over = served.filter((peer) => !isOn(peer)).sort((a, b) => a.unchokedAt - b.unchokedAt);
    const others = wanting.filter((peer) => peer.amChoking || isOn(peer));
    return [...on, ...nextInLine(others, slots - on.length), ...over];
  }

  /** Ends the turns of those that take nothing, though it is theirs to take. */
  #takeBack(wanting: readonly Peer[]): void {
    for (const peer of wanting) {
      if (peer.amChoking || !this.#isIdle(peer)) continue;
      peer.idleTurns = peer.takenAt < peer.unchokedAt ? peer.idleTurns + 1 : 0;
      this.#choke(peer);
    }
  }

  #isIdle(peer: Peer): boolean {
    const { inFlight, length } = peer.uploads;
    // It has all that it was shown (BEP 16), or what it asked for has not had its turn.
    const isContent = peer.shown !== undefined && peer.backlog === 0 && !peer.isIndifferent;
    if (isContent || (inFlight === 0 && length > 0)) return false;
    const since = Math.max(peer.unchokedAt, peer.takenAt, peer.shown === undefined ? 0 : peer.shownAt);
    return this.#context.now - since > (inFlight > 0 ? STUCK_MS : IDLE_MS);
  }

  #drawOptimistic(wanting: readonly Peer[]): Peer | undefined {
    const { now, rng } = this.#context;
    const choked = wanting.filter((peer) => peer.amChoking);
    const tickets = choked.flatMap((peer) =>
      new Array<Peer>(now - peer.connectedAt < NEW_MS ? NEW_WEIGHT : 1).fill(peer),
    );
    return rng.pick(tickets);
  }

  /** Some wait, and those that have a slot leave the uplink idle: others may have one too. */
  #openSlots(wanting: readonly Peer[]): void {
    const { now, options, slots } = this.#context;
    if (options.unchokeSlots !== undefined) return;
    const isBusy = (peer: Peer): boolean =>
      peer.uploads.inFlight + peer.uploads.length > 0 &&
      now - Math.max(peer.unchokedAt, peer.takenAt) < SLOW_MS;
    const served = wanting.filter((peer) => !peer.amChoking);
    if (served.length < slots || served.some(isBusy)) return;
    this.#context.slots = Math.min(MAX_SLOTS, slots + MORE_SLOTS);
  }

  /** Slots follow the uplink: more while each carries much, fewer while each gets but a trickle. */
  #adaptSlots(wanting: readonly Peer[]): void {
    const { now, options, slots } = this.#context;
    if (options.unchokeSlots !== undefined) return;
    const served = wanting.filter((peer) => !peer.amChoking);
    if (served.length < slots) return;
    const rate = served.reduce((sum, peer) => sum + peer.up.perSecond(now), 0);
    if (rate > slots * THIN_SLOT * 4) this.#context.slots = Math.min(MAX_SLOTS, slots + MORE_SLOTS);
    else if (rate < slots * THIN_SLOT) this.#context.slots = Math.max(MIN_SLOTS, slots - 2);
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
    peer.queuedAt = this.#context.now;
    this.#context.send(peer, { kind: 'choke' });
    this.#uploads.choke(peer);
  }
}
