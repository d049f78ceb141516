// What each message of a peer does: one line for each kind.
import { assertNever } from '../invariant.ts';
import { LIMITS } from '../limits.ts';
import type { Message } from '../wire/messages.ts';
import type { Choker } from './choker.ts';
import type { SwarmContext } from './context.ts';
import type { Downloads } from './downloads.ts';
import type { Extensions } from './extensions.ts';
import type { HashLayers } from './hash-layers.ts';
import type { Interest } from './interest.ts';
import type { Peer } from './peers.ts';
import type { Requests } from './requests.ts';
import type { SuperSeed } from './superseed.ts';
import type { Uploads } from './uploads.ts';

export interface MessageParts {
  readonly choker: Choker;
  readonly downloads: Downloads;
  readonly extensions: Extensions;
  readonly interest: Interest;
  readonly layers: HashLayers;
  readonly requests: Requests;
  readonly superSeed: SuperSeed;
  readonly uploads: Uploads;
}

export class Messages {
  readonly #context: SwarmContext;
  readonly #parts: MessageParts;

  constructor(context: SwarmContext, parts: MessageParts) {
    this.#context = context;
    this.#parts = parts;
  }

  handle(peer: Peer, message: Message): void {
    const { downloads, extensions, interest, layers, requests, superSeed, uploads } = this.#parts;
    switch (message.kind) {
      case 'piece':
        return downloads.block(peer, message);
      case 'request':
        return uploads.request(peer, message);
      case 'have':
        interest.have(peer, message.piece);
        return requests.fill(peer);
      case 'choke':
        return this.#choked(peer);
      case 'unchoke':
        peer.choked = false;
        peer.revive();
        return requests.fill(peer);
      case 'interested':
      case 'not-interested':
        return this.#interested(peer, message.kind === 'interested');
      case 'bitfield':
        interest.bitfield(peer, message.bits);
        superSeed.tick();
        return requests.fill(peer);
      case 'cancel':
        return uploads.cancel(peer, message);
      case 'have-all':
      case 'have-none':
      case 'suggest':
      case 'reject':
      case 'allowed-fast':
        return this.#fast(peer, message);
      case 'extended':
        return extensions.message(peer, message.id, message.payload);
      case 'hash-request':
      case 'hashes':
      case 'hash-reject':
        return layers.message(peer, message);
      case 'port':
        return this.#dhtNode(peer, message.port);
      case 'keep-alive':
      case 'unknown':
        return;
      default:
        assertNever(message);
    }
  }

  #dhtNode(peer: Peer, port: number): void {
    if (!peer.capabilities.dht || peer.address === undefined || port === 0) return;
    this.#context.effects.push({ kind: 'dht-node', address: { ip: peer.address.ip, port } });
  }

  #interested(peer: Peer, interested: boolean): void {
    this.#context.strike(peer, 'interest to and fro');
    peer.peerInterested = interested;
    this.#parts.choker.interestChanged(peer);
  }

  #choked(peer: Peer): void {
    peer.choked = true;
    // BEP 6: with the fast extension each request is rejected by name, or served yet.
    if (!peer.capabilities.fast) this.#parts.requests.takeBack(peer);
    else {
      peer.current = undefined;
      this.#parts.requests.dropExclusive(peer);
    }
  }

  #fast(
    peer: Peer,
    message: Extract<Message, { kind: 'have-all' | 'have-none' | 'suggest' | 'reject' | 'allowed-fast' }>,
  ): void {
    const { interest, requests, superSeed } = this.#parts;
    if (!peer.capabilities.fast) {
      this.#context.disconnect(peer, `${message.kind} without the fast extension`);
      return;
    }
    switch (message.kind) {
      case 'have-all':
        interest.haveAll(peer);
        superSeed.tick();
        break;
      case 'have-none':
        interest.haveNone(peer);
        superSeed.showMore();
        break;
      case 'suggest':
        this.#remember(peer.suggested, message.piece);
        break;
      case 'allowed-fast':
        this.#remember(peer.allowedFast, message.piece);
        peer.revive();
        break;
      case 'reject':
        if (!requests.reject(peer, message.piece, message.begin)) {
          this.#context.strike(peer, 'rejects of what nobody asked for');
        }
        break;
      default:
        assertNever(message);
    }
    requests.fill(peer);
  }

  #remember(set: Set<number>, piece: number): void {
    const size = this.#context.content?.pieces.size;
    if (size !== undefined && piece >= size) return;
    if (set.size < LIMITS.fastPieces.value) set.add(piece);
  }
}
