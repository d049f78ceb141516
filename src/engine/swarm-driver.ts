// One torrent's SwarmEngine with its surroundings: links to peers, dials, the disk. Carries out every effect.
import { formatAddress, type PeerAddress } from '../core/address.ts';
import type { Bitfield } from '../core/bytes/bitfield.ts';
import { equalBytes } from '../core/bytes/bytes.ts';
import { SystemError } from '../core/errors.ts';
import type { InfoHash, PeerId } from '../core/ids.ts';
import { assertNever } from '../core/invariant.ts';
import type { Metainfo } from '../core/metainfo/metainfo.ts';
import type { SwarmEffect } from '../core/swarm/effects.ts';
import { SwarmEngine } from '../core/swarm/engine.ts';
import type { FilePriority, PeerKey, PeerTransport, SwarmInput } from '../core/swarm/inputs.ts';
import type { Handshake, HandshakeStart } from '../core/wire/handshake.ts';
import type { Stream } from '../ports/transport.ts';
import type { SessionContext } from './context.ts';
import { isDialFailure } from './dialler.ts';
import type { DiskDriver } from './disk-driver.ts';
import { Drain } from './drain.ts';
import { PeerDriver, type Introduction, type PeerHome } from './peer-driver.ts';
import type { PeerLink } from './peer-link.ts';
import type { PieceCache, PieceSource } from './piece-cache.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { SwarmIdentity, type SwarmNames } from './swarm-identity.ts';

export interface SwarmDriverOptions extends SwarmNames {
  readonly maxPeers: number;
  readonly sequential: boolean;
  /** The torrent's own limits. */
  readonly uploadLimiter: RateLimiter;
  readonly downloadLimiter: RateLimiter;
}

/** What the engine tells the torrent rather than its surroundings. */
export type TorrentEffect = Extract<
  SwarmEffect,
  { kind: 'metadata-complete' | 'piece-complete' | 'piece-lost' | 'file-complete' | 'complete' | 'stopped' }
>;

interface Member {
  readonly link: PeerLink;
  readonly transport: PeerTransport;
  readonly outgoing: boolean;
  readonly peerId: PeerId;
  readonly address: PeerAddress | undefined;
}

/** Where the torrent's content is. */
export interface SwarmContent {
  readonly metainfo: Metainfo;
  readonly have: Bitfield;
  readonly source: PieceSource;
  readonly disk: DiskDriver;
  readonly priorities: readonly FilePriority[];
}

interface Dialled {
  readonly address: PeerAddress;
  /** It is of no use to dial another way: that was done, or the peer is known and not wanted. */
  readonly isLast: boolean;
  /** Over uTP alone (BEP 55). */
  readonly punch: boolean;
}

export class SwarmDriver implements PeerHome {
  readonly engine: SwarmEngine;
  readonly uploadLimiters: readonly RateLimiter[];
  readonly downloadLimiters: readonly RateLimiter[];
  readonly pieceCache: PieceCache;
  readonly #options: SwarmDriverOptions;
  readonly #context: SessionContext;
  readonly #onEffect: (effect: TorrentEffect) => void;
  readonly #drain: Drain<SwarmInput, SwarmEffect>;
  readonly #members = new Map<PeerKey, Member>();
  /** Streams whose handshake is not done, with the dial that they come from. */
  readonly #strangers = new Map<PeerLink, Dialled | undefined>();
  readonly #flushing = new Set<PeerLink>();
  readonly #abort = new AbortController();
  /** One for each dial under way: many listeners on one signal would look like a leak to the host. */
  readonly #dials = new Set<AbortController>();
  readonly #identity: SwarmIdentity;
  #content: SwarmContent | undefined;

  constructor(
    options: SwarmDriverOptions,
    context: SessionContext,
    onEffect: (effect: TorrentEffect) => void,
  ) {
    this.#options = options;
    this.#context = context;
    this.#onEffect = onEffect;
    this.pieceCache = context.pieceCache;
    this.uploadLimiters = [context.uploadLimiter, options.uploadLimiter];
    this.downloadLimiters = [context.downloadLimiter, options.downloadLimiter];
    this.#identity = new SwarmIdentity(options);
    this.engine = new SwarmEngine({
      infoHash: options.infoHash,
      infoHashV2: options.infoHashV2,
      peerId: options.peerId,
      maxPeers: options.maxPeers,
      sequential: options.sequential,
      seed: context.env.random.uint32(),
      buffers: context.buffers,
      digests: context.env.digests,
      client: context.client,
      port: context.port,
      holepunch: context.dialler.canPunch,
    });
    this.#drain = new Drain(this.engine, {
      clock: context.env.clock,
      tick: { kind: 'tick' },
      apply: (effect) => {
        this.#apply(effect);
      },
      settle: () => {
        this.#flush();
      },
    });
  }

  get pieceSource(): PieceSource | undefined {
    return this.#content?.source;
  }

  /** How many more peers there is room for, those that are still introducing themselves included. */
  get room(): number {
    if (this.#abort.signal.aborted) return 0;
    const here = this.#options.maxPeers - this.#members.size - this.#strangers.size;
    return Math.max(0, Math.min(here, this.#context.maxPeers - this.#context.peers.count));
  }

  /** The metainfo and what is on disk are known: pieces can flow. */
  open(content: SwarmContent): void {
    const { metainfo, have, priorities } = content;
    this.#content = content;
    this.batch(() => {
      this.push({ kind: 'metainfo', metainfo, have });
      if (priorities.some((priority) => priority !== 1)) this.push({ kind: 'priorities', files: priorities });
    });
  }

  push(input: SwarmInput): void {
    this.#drain.push(input);
  }

  batch(work: () => void): void {
    this.#drain.batch(work);
  }

  needsFlush(link: PeerLink): void {
    this.#flushing.add(link);
  }

  /** Takes over a stream to a peer of this torrent. The side that opened it introduces itself first. */
  addStream(stream: Stream, outgoing = true, dialled?: Dialled): void {
    // It was under way when the swarm was closed.
    if (this.#abort.signal.aborted) {
      stream.close();
      return;
    }
    const { clock, log } = this.#context.env;
    const incoming = {
      route: ({ infoHash }: HandshakeStart) => (this.hashKind(infoHash) === undefined ? undefined : this),
      onClosed: (closed: PeerLink) => this.#strangers.delete(closed),
    };
    const peer = outgoing
      ? new PeerDriver(stream, this, { clock, log })
      : new PeerDriver(stream, undefined, { clock, log, incoming });
    this.#strangers.set(peer, dialled);
  }

  /** BEP 27: no DHT in a private torrent. */
  greeting(asked: HandshakeStart | undefined): Handshake {
    const usesDht = this.#context.dht !== undefined && this.#content?.metainfo.private !== true;
    return this.#identity.greeting(asked, usesDht);
  }

  hashKind(infoHash: InfoHash): 'v1' | 'v2' | undefined {
    return this.#identity.hashKind(infoHash);
  }

  admit(link: PeerLink, introduction: Introduction): PeerKey | undefined {
    const { handshake, address, outgoing, encrypted, transport, capabilities } = introduction;
    if (!this.#isWelcome(introduction)) {
      const dialled = this.#strangers.get(link);
      if (dialled !== undefined) this.#strangers.set(link, { ...dialled, isLast: true });
      return undefined;
    }
    this.#strangers.delete(link);
    const { peerId } = handshake;
    return this.join(link, { transport, address, outgoing, encrypted, capabilities, peerId });
  }

  /** Makes a link a peer of the engine. */
  join(
    link: PeerLink,
    arrival: Omit<Extract<SwarmInput, { kind: 'peer-connected' }>, 'kind' | 'peer'>,
  ): PeerKey {
    const peer = this.#context.nextPeerKey();
    const { transport, outgoing, peerId, address } = arrival;
    this.#members.set(peer, { link, transport, outgoing, peerId, address });
    this.#context.peers.count++;
    this.push({ kind: 'peer-connected', peer, ...arrival });
    return peer;
  }

  gone(link: PeerLink, key: PeerKey | undefined): void {
    const dialled = this.#strangers.get(link);
    this.#strangers.delete(link);
    this.#flushing.delete(link);
    if (dialled !== undefined) this.#dialFailed(dialled);
    if (key === undefined || !this.#members.delete(key)) return;
    this.#context.peers.count--;
    this.push({ kind: 'peer-closed', peer: key });
  }

  /** Closes all connections and takes no new ones; answers of the disk are still heard. */
  disconnectAll(): void {
    this.#abort.abort();
    for (const dial of this.#dials) dial.abort();
    for (const link of this.#strangers.keys()) link.close();
    for (const { link } of this.#members.values()) link.close();
  }

  /** Nothing goes on after this. */
  close(): void {
    this.disconnectAll();
    this.#drain.close();
    this.#context.peers.count -= this.#members.size;
    this.#members.clear();
  }

  #apply(effect: SwarmEffect): void {
    switch (effect.kind) {
      case 'send':
        this.#link(effect.peer)?.send(effect.message);
        return;
      case 'upload':
        this.#link(effect.peer)?.upload(effect.piece, effect);
        return;
      case 'verify-piece':
        this.#content?.disk.verify(effect.piece, effect.data);
        return;
      case 'write-piece':
        this.#content?.disk.write(effect.piece, effect.data);
        return;
      case 'pause-read':
        this.#link(effect.peer)?.pauseRead();
        return;
      case 'resume-read':
        this.#link(effect.peer)?.resumeRead();
        return;
      case 'disconnect':
        this.#disconnect(effect);
        return;
      case 'dial':
        void this.#dial({
          address: effect.address,
          isLast: !this.#context.dialler.hasOtherWay,
          punch: effect.punch === true,
        });
        return;
      case 'dht-node':
        this.#context.dht?.addNode(effect.address);
        return;
      case 'piece-complete':
      case 'piece-lost':
      case 'file-complete':
      case 'complete':
      case 'stopped':
      case 'metadata-complete':
        this.#onEffect(effect);
        return;
      default:
        assertNever(effect);
    }
  }

  #link(peer: PeerKey): PeerLink | undefined {
    return this.#members.get(peer)?.link;
  }

  #flush(): void {
    if (this.#flushing.size === 0) return;
    const links = [...this.#flushing];
    this.#flushing.clear();
    for (const link of links) link.flush();
  }

  #disconnect(effect: Extract<SwarmEffect, { kind: 'disconnect' }>): void {
    const member = this.#members.get(effect.peer);
    if (member === undefined) return;
    const { address, link } = member;
    this.#context.env.log.debug('peer disconnected', {
      peer: address === undefined ? undefined : formatAddress(address),
      reason: effect.reason,
    });
    if (effect.ban && address !== undefined) this.#context.banned.add(address.ip);
    link.flush();
    link.close();
  }

  #isWelcome(introduction: Introduction): boolean {
    const { handshake, address } = introduction;
    const { maxPeers } = this.#options;
    if (this.#abort.signal.aborted) return false;
    if (equalBytes(handshake.peerId, this.#identity.peerId)) return false;
    if (address !== undefined && this.#context.isBlocked(address.ip)) return false;
    const twin = [...this.#members.values()].find((member) => equalBytes(member.peerId, handshake.peerId));
    if (twin !== undefined) return this.#replaces(twin, introduction);
    return this.#members.size < maxPeers && this.#context.peers.count < this.#context.maxPeers;
  }

  /** One connection to a peer stays: the better transport, else the one that both sides agree on. */
  #replaces(twin: Member, { transport, outgoing, handshake }: Introduction): boolean {
    if ((twin.transport === 'utp') !== (transport === 'utp')) {
      if (transport === 'utp') return false;
    } else if (twin.outgoing === outgoing || outgoing !== this.#identity.keepsOwn(handshake.peerId))
      return false;
    twin.link.close();
    return true;
  }

  async #dial(dialled: Dialled): Promise<void> {
    const { address, isLast, punch } = dialled;
    const { dialler, isBlocked, env } = this.#context;
    if (isBlocked(address.ip)) {
      this.push({ kind: 'dial-failed', address });
      return;
    }
    const abort = new AbortController();
    this.#dials.add(abort);
    try {
      const again = isLast && dialler.hasOtherWay;
      const stream = await dialler.dial(address, {
        infoHash: this.#identity.infoHash,
        signal: abort.signal,
        again,
        punch,
      });
      this.addStream(stream, true, dialled);
    } catch (error) {
      if (!isDialFailure(error)) throw error;
      if (this.#abort.signal.aborted) return;
      env.log.debug('no connection', { peer: formatAddress(address), reason: String(error) });
      // Where nobody answers, there is no other way.
      this.#dialFailed({ ...dialled, isLast: isLast || error instanceof SystemError });
    } finally {
      this.#dials.delete(abort);
    }
  }

  #dialFailed(dialled: Dialled): void {
    const { address, isLast } = dialled;
    // It refuses a second connection: it has come to us meanwhile.
    const isMet = [...this.#members.values()].some((member) => member.address?.ip === address.ip);
    if (isLast || isMet || this.#abort.signal.aborted) this.push({ kind: 'dial-failed', address });
    else void this.#dial({ ...dialled, isLast: true });
  }
}
