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
/** An address is asked for once in so long. */
const ASK_EVERY_MS = 60_000;
const MINUTE_MS = 60_000;

interface Introduction {
  readonly address: PeerAddress;
  readonly by: Set<PeerKey>;
  askedAt: Millis;
}

export class Holepunch {
  readonly #context: SwarmContext;
  readonly #connector: Connector;
  readonly #introductions = new Map<string, Introduction>();
  /** Messages that a peer may yet send, refilled with time. */
  readonly #budgets = new Map<PeerKey, { left: number; at: Millis }>();

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
      const introduction = known ?? { address, by: new Set(), askedAt: Number.NEGATIVE_INFINITY };
      if (introduction.by.size < MAX_INTRODUCERS) introduction.by.add(by.key);
      this.#introductions.set(key, introduction);
      if (this.#connector.hasFailed(address)) this.#ask(introduction);
    }
  }

  /** A dial came to nothing: the peer may be behind a router that lets nobody in. */
  failed(address: PeerAddress): void {
    const introduction = this.#introductions.get(formatAddress(address));
    if (introduction !== undefined && this.isAllowed) this.#ask(introduction);
  }

  left(peer: Peer): void {
    this.#budgets.delete(peer.key);
    for (const [key, { by }] of this.#introductions) {
      if (by.delete(peer.key) && by.size === 0) this.#introductions.delete(key);
    }
  }

  /** A message under our ut_holepunch id. Throws ProtocolError for one that makes no sense. */
  message(peer: Peer, payload: Uint8Array): void {
    // BEP 55: whoever does not offer the extension itself is not listened to.
    if (!this.isAllowed || peer.extended?.extensions.ut_holepunch === undefined) return;
    const message = parseHolepunch(payload);
    if (message.kind === 'error' || !this.#spend(peer)) return;
    if (message.kind === 'connect') this.#connect(message.address);
    else this.#relay(peer, message.address);
  }

  #ask(introduction: Introduction): void {
    const { now, peers } = this.#context;
    const { address, by, askedAt } = introduction;
    if (now - askedAt < ASK_EVERY_MS) return;
    for (const key of by) {
      const relay = peers.get(key);
      if (relay === undefined || relay.gone) continue;
      introduction.askedAt = now;
      this.#send(relay, { kind: 'rendezvous', address, error: 0 });
      return;
    }
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
    const { now } = this.#context;
    const most = LIMITS.holepunchPerMinute.value;
    const budget = this.#budgets.get(peer.key) ?? { left: most, at: now };
    budget.left = Math.min(most, budget.left + ((now - budget.at) / MINUTE_MS) * most);
    budget.at = now;
    this.#budgets.set(peer.key, budget);
    if (budget.left < 1) {
      this.#context.strike(peer, 'holepunch messages too often');
      return false;
    }
    budget.left--;
    return true;
  }
}
