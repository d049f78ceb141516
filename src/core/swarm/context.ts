// What all parts of the swarm engine share: options, time, peers, content and the way out for effects.
import type { Millis } from '../time.ts';
import type { Message } from '../wire/messages.ts';
import type { Content } from './content.ts';
import { EffectQueue } from './effect-queue.ts';
import type { PeerKey } from './inputs.ts';
import type { SwarmOptions } from './options.ts';
import type { Peer } from './peers.ts';
import { Rng } from './rng.ts';

/** Struck off one by one with each tick of the engine. */
const MAX_STRIKES = 100;

export class SwarmContext {
  readonly options: SwarmOptions;
  readonly rng: Rng;
  readonly effects: EffectQueue = new EffectQueue();
  readonly peers: Map<PeerKey, Peer> = new Map();
  /** Peers we disconnected while handling the input. */
  readonly leaving: Peer[] = [];
  /** Undefined until the metainfo is known. */
  content: Content | undefined;
  /** Time of the input being handled. */
  now: Millis = 0;
  /** Nothing is asked of peers: paused by the user, or stopped by the disk. */
  downloadStopped = false;
  /** Nothing is given to peers either. */
  paused = false;
  /** Peers that may be unchoked at a time; owned by choker.ts. */
  slots = 0;
  /** Bytes that came twice, unasked or wrong. */
  wasted = 0;
  downloaded = 0;
  uploaded = 0;

  constructor(options: SwarmOptions) {
    this.options = options;
    this.rng = new Rng(options.seed);
  }

  /** Ends a connection. The peer is out of play at once and leaves the tables when the input is handled. */
  disconnect(peer: Peer, reason: string, ban = false): void {
    if (peer.gone) return;
    peer.gone = true;
    this.leaving.push(peer);
    this.effects.push({ kind: 'disconnect', peer: peer.key, reason, ban });
  }

  /** Notes a broken rule that a slip can explain. Many in a short time end the connection. */
  strike(peer: Peer, reason: string): void {
    peer.strikes++;
    if (peer.strikes > MAX_STRIKES) this.disconnect(peer, reason, true);
  }

  /** Queues a message. Web seeds hear only requests and cancels. */
  send(peer: Peer, message: Message): void {
    if (peer.gone) return;
    if (peer.isWebSeed && message.kind !== 'request' && message.kind !== 'cancel') return;
    this.sayHaves(peer);
    this.effects.push({ kind: 'send', peer: peer.key, message });
  }

  /** Sends the haves that waited for company (see haves.ts). */
  sayHaves(peer: Peer): void {
    if (peer.unsaid.length === 0 || peer.gone) return;
    for (const message of peer.unsaid) this.effects.push({ kind: 'send', peer: peer.key, message });
    peer.unsaid.length = 0;
  }
}
