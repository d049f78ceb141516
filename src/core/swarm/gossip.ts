// Peer exchange (BEP 11): once a minute each peer hears which peers we have met and lost since. Never in a private
// torrent (BEP 27).
import { formatAddress, type PeerAddress } from '../address.ts';
import type { Millis } from '../time.ts';
import { encodePex, parsePex, PEX_FLAGS, PEX_PEERS_PER_MESSAGE, type PexPeer } from '../wire/pex.ts';
import type { Connector } from './connect.ts';
import type { SwarmContext } from './context.ts';
import { dialAddress } from './dial-address.ts';
import type { Holepunch } from './holepunch.ts';
import type { PeerKey } from './inputs.ts';
import type { Peer } from './peers.ts';

const ROUND_MS = 60_000;
/** A new peer hears soon whom we know: that is when it needs it most. */
const FIRST_MS = 2_000;
/** BEP 11: a message a minute; a peer that sends clearly more often is not listened to. */
const MIN_GAP_MS = 20_000;

/** Whom we are connected to, where others can reach them, by the address in text. */
type Live = ReadonlyMap<string, { readonly peer: Peer; readonly entry: PexPeer }>;

interface Told {
  readonly known: Map<string, PeerAddress>;
  nextAt: Millis;
  heardAt: Millis;
}

export class Gossip {
  readonly #context: SwarmContext;
  readonly #connector: Connector;
  readonly #holepunch: Holepunch;
  readonly #told = new Map<PeerKey, Told>();

  constructor(context: SwarmContext, connector: Connector, holepunch: Holepunch) {
    this.#context = context;
    this.#connector = connector;
    this.#holepunch = holepunch;
  }

  /** False in a private torrent: then the extension is not even offered. */
  get isAllowed(): boolean {
    return this.#context.content?.metainfo.private !== true;
  }

  /** A message under our ut_pex id. Throws ProtocolError for one that makes no sense. */
  message(peer: Peer, payload: Uint8Array): void {
    if (!this.isAllowed) return;
    const told = this.#toldOf(peer);
    const { added } = parsePex(payload);
    if (this.#context.now - told.heardAt < MIN_GAP_MS) {
      this.#context.strike(peer, 'peer exchange too often');
      return;
    }
    told.heardAt = this.#context.now;
    const taken = added.slice(0, PEX_PEERS_PER_MESSAGE * 2);
    this.#holepunch.introduced(peer, taken);
    // Of two that have all, neither has any use for the other.
    const isSeed = this.#context.content?.pieces.lacking === 0;
    const useful = taken.filter(({ flags }) => !isSeed || (flags & PEX_FLAGS.uploadOnly) === 0);
    this.#connector.add(
      'pex',
      useful.map(({ address }) => address),
    );
  }

  left(peer: Peer): void {
    this.#told.delete(peer.key);
  }

  tick(): void {
    if (!this.isAllowed) return;
    let live: Live | undefined;
    for (const peer of this.#context.peers.values()) {
      const id = peer.extended?.extensions.ut_pex;
      if (id === undefined || peer.gone) continue;
      const told = this.#toldOf(peer);
      if (told.nextAt > this.#context.now) continue;
      told.nextAt = this.#context.now + ROUND_MS;
      live ??= this.#live();
      const payload = newsFor(peer, live, told.known);
      if (payload !== undefined) this.#context.send(peer, { kind: 'extended', id, payload });
    }
  }

  #live(): Live {
    const live = new Map<string, { readonly peer: Peer; readonly entry: PexPeer }>();
    for (const peer of this.#context.peers.values()) {
      const address = peer.isWebSeed ? undefined : dialAddress(peer);
      if (address === undefined) continue;
      live.set(formatAddress(address), { peer, entry: { address, flags: flagsOf(peer) } });
    }
    return live;
  }

  #toldOf(peer: Peer): Told {
    const known = this.#told.get(peer.key);
    if (known !== undefined) return known;
    const { now } = this.#context;
    const told: Told = { known: new Map(), nextAt: now + FIRST_MS, heardAt: Number.NEGATIVE_INFINITY };
    this.#told.set(peer.key, told);
    return told;
  }
}

/** What has changed since the peer was told last; remembers it as told. Nobody is told of itself. */
function newsFor(to: Peer, live: Live, known: Map<string, PeerAddress>): Uint8Array | undefined {
  const added: PexPeer[] = [];
  for (const [key, { peer, entry }] of live) {
    if (added.length === PEX_PEERS_PER_MESSAGE) break;
    if (peer === to || known.has(key)) continue;
    added.push(entry);
    known.set(key, entry.address);
  }
  const dropped: PeerAddress[] = [];
  for (const [key, address] of known) {
    if (dropped.length === PEX_PEERS_PER_MESSAGE) break;
    if (live.has(key)) continue;
    dropped.push(address);
    known.delete(key);
  }
  return added.length + dropped.length === 0 ? undefined : encodePex({ added, dropped });
}

function flagsOf(peer: Peer): number {
  return (
    (peer.isSeed || peer.extended?.uploadOnly === true ? PEX_FLAGS.uploadOnly : 0) |
    (peer.transport === 'utp' ? PEX_FLAGS.utp : 0) |
    (peer.extended?.extensions.ut_holepunch === undefined ? 0 : PEX_FLAGS.holepunch) |
    (peer.outgoing ? PEX_FLAGS.reachable : 0)
  );
}
