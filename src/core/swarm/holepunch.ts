// Holepunching (BEP 55): a peer that we cannot dial is asked, through a peer that knows us both, to dial us while we
// dial it, so that both routers see traffic going out before it comes in. We are initiator, target and relay alike.
// Never in a private torrent: there, peers come from its trackers alone (BEP 27).
import { formatAddress, type PeerAddress } from '../address.ts';
import { LIMITS } from '../limits.ts';
import type { Millis } from '../time.ts';
import {
  encodeHolepunch,
  HOLEPUNCH_ERRORS,
  parseHolepunch,
  type HolepunchMessage,
} from '../wire/holepunch.ts';
import { PEX_FLAGS, type PexPeer } from '../wire/pex.ts';
import type { Connector } from './connect.ts';
import type { SwarmContext } from './context.ts';
import { dialAddress } from './dial-address.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';

/** Peers that are remembered to have told us of an address: one of them has to be connected yet. */
const MAX_INTRODUCERS = 4;
const MAX_INTRODUCTIONS = 2_000;
/** A punch that missed is tried again, after twice the pause each time, so often in a row. */
const PAUSE_FIRST_MS = 2_000;
const MAX_ASKS = 6;
/** A relay that has not brought about a punch by then will not. */
const ANSWER_MS = 15_000;
/** After so long without asking it all begins anew. */
const FORGET_MS = 10 * 60_000;
/** Of what a relay takes of us in a minute, by our own measure; the rest is for what it asks of us. */
const ASKS_PER_MINUTE = LIMITS.holepunchPerMinute.value / 2;
const MINUTE_MS = 60_000;

interface Introduction {
  readonly address: PeerAddress;
  /** The relay to ask next comes first. */
  readonly by: Set<PeerKey>;
  /** Times in a row that we asked, and when last. */
  asks: number;
  askedAt: Millis;
  /** Ask then, unless a dial is under way. */
  nextAt: Millis;
}

interface Budget {
  left: number;
  at: Millis;
}

export class Holepunch {
  readonly #context: SwarmContext;
  readonly #connector: Connector;
  readonly #introductions = new Map<string, Introduction>();
  /** Those that a rendezvous is due for, now or later. */
  readonly #wanted = new Set<Introduction>();
  /** Messages that a peer may yet send, and that we may yet send to it. */
  readonly #budgets = new Map<PeerKey, Budget>();
  readonly #asking = new Map<PeerKey, Budget>();

  constructor(context: SwarmContext, connector: Connector) {
    this.#context = context;
    this.#connector = connector;
  }

  /** Whether we take part; else the extension is not even offered. */
  get isAllowed(): boolean {
    const { options, content } = this.#context;
    return options.holepunch === true && content?.metainfo.private !== true;
  }

  /** A peer told of others by peer exchange: those that can be punched through to are noted. */
  introduced(by: Peer, others: readonly PexPeer[]): void {
    if (!this.isAllowed || by.extended?.extensions.ut_holepunch === undefined) return;
    for (const { address, flags } of others) {
      if ((flags & PEX_FLAGS.holepunch) === 0) continue;
      const key = formatAddress(address);
      const known = this.#introductions.get(key);
      if (known === undefined && this.#introductions.size >= MAX_INTRODUCTIONS) continue;
      const never = Number.NEGATIVE_INFINITY;
      const introduction = known ?? { address, by: new Set(), asks: 0, askedAt: never, nextAt: never };
      if (introduction.by.size < MAX_INTRODUCERS) introduction.by.add(by.key);
      this.#introductions.set(key, introduction);
      if (this.#connector.hasFailed(address)) this.#want(introduction);
    }
  }

  /** A dial or a punch came to nothing: the peer may be behind a router that lets nobody in. */
  failed(address: PeerAddress): void {
    const introduction = this.#introductions.get(formatAddress(address));
    if (introduction !== undefined && this.isAllowed) this.#want(introduction);
  }

  left(peer: Peer): void {
    this.#budgets.delete(peer.key);
    this.#asking.delete(peer.key);
    for (const introduction of this.#introductions.values()) this.#forget(introduction, peer);
  }

  /** Asks again where the last punch missed and its pause is over. */
  tick(): void {
    for (const introduction of this.#wanted) this.#askIfDue(introduction);
  }

  /** A message under our ut_holepunch id. Throws ProtocolError for one that makes no sense. */
  message(peer: Peer, payload: Uint8Array): void {
    // BEP 55: whoever does not offer the extension itself is not listened to.
    if (!this.isAllowed || peer.extended?.extensions.ut_holepunch === undefined) return;
    const message = parseHolepunch(payload);
    if (message.kind === 'error') {
      this.#refused(peer, message.address);
      return;
    }
    if (!this.#spend(peer)) return;
    if (message.kind === 'connect') this.#connect(message.address);
    else this.#relay(peer, message.address);
  }

  #want(introduction: Introduction): void {
    const { now, rng } = this.#context;
    if (now - introduction.askedAt >= FORGET_MS) introduction.asks = 0;
    const { asks } = introduction;
    if (asks >= MAX_ASKS) return;
    // Both sides see a punch miss at the same moment: each pause is a little different.
    const pause = asks === 0 ? 0 : PAUSE_FIRST_MS * 2 ** (asks - 1) * (0.75 + rng.below(1000) / 2000);
    const nextAt = now + pause;
    introduction.nextAt = this.#wanted.has(introduction) ? Math.min(introduction.nextAt, nextAt) : nextAt;
    this.#wanted.add(introduction);
    this.#askIfDue(introduction);
  }

  #askIfDue(introduction: Introduction): void {
    const { address, nextAt } = introduction;
    if (nextAt > this.#context.now || this.#connector.isDialling(address)) return;
    if (this.#connector.hasFailed(address) && this.#find(address) === undefined) {
      this.#ask(introduction);
    } else {
      this.#wanted.delete(introduction);
      introduction.asks = 0;
    }
  }

  #ask(introduction: Introduction): void {
    const { now, peers } = this.#context;
    const { address, by } = introduction;
    for (const key of by) {
      const relay = peers.get(key);
      if (relay === undefined || relay.gone || !this.#take(this.#asking, key, ASKS_PER_MINUTE)) continue;
      introduction.asks++;
      introduction.askedAt = now;
      introduction.nextAt = now + ANSWER_MS + PAUSE_FIRST_MS * 2 ** (introduction.asks - 1);
      if (introduction.asks >= MAX_ASKS) this.#wanted.delete(introduction);
      // Another relay the next time, where there are several.
      by.delete(key);
      by.add(key);
      this.#send(relay, { kind: 'rendezvous', address, error: 0 });
      return;
    }
    introduction.nextAt = now + PAUSE_FIRST_MS;
  }

  /** The relay cannot: another may, at the next tick. */
  #refused(relay: Peer, address: PeerAddress): void {
    const introduction = this.#introductions.get(formatAddress(address));
    if (introduction === undefined || !this.#forget(introduction, relay)) return;
    introduction.nextAt = this.#context.now;
  }

  /** Whether the peer had told of the address. */
  #forget(introduction: Introduction, by: Peer): boolean {
    if (!introduction.by.delete(by.key)) return false;
    if (introduction.by.size === 0) {
      this.#introductions.delete(formatAddress(introduction.address));
      this.#wanted.delete(introduction);
    }
    return true;
  }

  /** We are the initiator or the target: dial now, as the other does. */
  #connect(address: PeerAddress): void {
    if (address.port === 0 || this.#find(address) !== undefined) return;
    this.#connector.punch(address);
  }

  #relay(initiator: Peer, address: PeerAddress): void {
    const refuse = (error: number): void => {
      this.#send(initiator, { kind: 'error', address, error });
    };
    const target = this.#find(address);
    const from = dialAddress(initiator);
    if (address.port === 0) refuse(HOLEPUNCH_ERRORS.noSuchPeer);
    else if (this.#isOurs(initiator, address)) refuse(HOLEPUNCH_ERRORS.noSelf);
    else if (target === undefined || target === initiator || from === undefined)
      refuse(HOLEPUNCH_ERRORS.notConnected);
    else if (target.extended?.extensions.ut_holepunch === undefined) refuse(HOLEPUNCH_ERRORS.noSupport);
    else {
      this.#send(target, { kind: 'connect', address: from, error: 0 });
      this.#send(initiator, { kind: 'connect', address, error: 0 });
    }
  }

  /** The peer that we are connected to at an address, by what we see of it or by what it says. */
  #find(address: PeerAddress): Peer | undefined {
    const wanted = formatAddress(address);
    for (const peer of this.#context.peers.values()) {
      if (peer.gone || peer.address === undefined) continue;
      if (formatAddress(peer.address) === wanted) return peer;
      const dialled = dialAddress(peer);
      if (dialled !== undefined && formatAddress(dialled) === wanted) return peer;
    }
    return undefined;
  }

  #isOurs(witness: Peer, address: PeerAddress): boolean {
    return address.port === this.#context.options.port && address.ip === witness.extended?.yourIp;
  }

  #send(peer: Peer, message: HolepunchMessage): void {
    const id = peer.extended?.extensions.ut_holepunch;
    if (id !== undefined)
      this.#context.send(peer, { kind: 'extended', id, payload: encodeHolepunch(message) });
  }

  /** Every message makes us or another send to an address of the peer's choice: that is rationed. */
  #spend(peer: Peer): boolean {
    if (this.#take(this.#budgets, peer.key, LIMITS.holepunchPerMinute.value)) return true;
    this.#context.strike(peer, 'holepunch messages too often');
    return false;
  }

  /** One message off what is left of so many a minute. */
  #take(budgets: Map<PeerKey, Budget>, key: PeerKey, most: number): boolean {
    const { now } = this.#context;
    const budget = budgets.get(key) ?? { left: most, at: now };
    budget.left = Math.min(most, budget.left + ((now - budget.at) / MINUTE_MS) * most);
    budget.at = now;
    budgets.set(key, budget);
    if (budget.left < 1) return false;
    budget.left--;
    return true;
  }
}
