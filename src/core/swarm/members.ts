// The peers' coming and going: what we say first, what is undone at the end, who is dismissed.
import { PIECE } from './pieces.ts';
import { grantAllowedFast } from './allowed-fast.ts';
import type { Choker } from './choker.ts';
import type { Connector } from './connect.ts';
import type { Content } from './content.ts';
import type { SwarmContext } from './context.ts';
import type { Extensions } from './extensions.ts';
import type { PeerKey } from './inputs.ts';
import type { Interest } from './interest.ts';
import { Peer } from './peers.ts';
import type { PeerArrival } from './peers.ts';
import type { Requests } from './requests.ts';
import type { SuperSeed } from './superseed.ts';
import type { Uploads } from './uploads.ts';

interface Parts {
  readonly choker: Choker;
  readonly connector: Connector;
  readonly extensions: Extensions;
  readonly interest: Interest;
  readonly requests: Requests;
  readonly superSeed: SuperSeed;
  readonly uploads: Uploads;
}

export class Members {
  readonly #context: SwarmContext;
  readonly #parts: Parts;

  constructor(context: SwarmContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  arrive(arrival: PeerArrival): void {
    const { connector, extensions, interest, requests } = this.#parts;
    const peer = new Peer(arrival, this.#context.now);
    if (peer.isWebSeed) peer.choked = false;
    const content = this.#context.content;
    if (content !== undefined) this.announcePieces(content, peer);
    this.#context.peers.set(peer.key, peer);
    connector.arrived(peer);
    extensions.greet(peer);
    this.#sayDhtPort(peer);
    interest.arrive(peer);
    requests.fill(peer);
  }

  /** BEP 3, BEP 6: the first message says what we have. */
  announcePieces(content: Content, peer: Peer): void {
    const had = this.#parts.superSeed.arrive(peer) ? 0 : content.pieces.count(PIECE.HAVE);
    if (peer.capabilities.fast && had === content.pieces.size) this.#context.send(peer, { kind: 'have-all' });
    else if (peer.capabilities.fast && had === 0) this.#context.send(peer, { kind: 'have-none' });
    else if (had > 0) this.#context.send(peer, { kind: 'bitfield', bits: content.have().toBytes() });
    grantAllowedFast(this.#context, peer);
  }

  leave(key: PeerKey): void {
    const peer = this.#context.peers.get(key);
    if (peer === undefined) return;
    peer.gone = true;
    this.#parts.requests.takeBack(peer);
    this.#parts.interest.leave(peer);
    this.#parts.superSeed.leave(peer);
    this.#context.peers.delete(key);
    this.#parts.uploads.left(peer);
    this.#parts.choker.left(peer);
    this.#parts.connector.left(peer);
    this.#parts.extensions.left(peer);
  }

  /** Strikes fade; peers that neither give nor take are dismissed. */
  tick(): void {
    const isSeeding = this.#context.content?.pieces.lacking === 0;
    for (const peer of this.#context.peers.values()) {
      peer.strikes = Math.max(0, peer.strikes - 1);
      const isSated = peer.isSeed || peer.extended?.uploadOnly === true;
      if (isSeeding && isSated) this.#context.disconnect(peer, 'both have all');
    }
  }

  /** BEP 5: both sides run DHT nodes. Ours is on the port that peers connect to. */
  #sayDhtPort(peer: Peer): void {
    const { port } = this.#context.options;
    if (peer.capabilities.dht && port !== undefined) this.#context.send(peer, { kind: 'port', port });
  }
}
