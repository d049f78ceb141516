// One peer on a byte stream: drives a WireConnection, does the handshake both ways (BEP 3, hybrid upgrade of BEP 52),
// then carries messages between the stream and the torrent's engine.
import type { PeerAddress } from '../core/address.ts';
import type { InfoHash } from '../core/ids.ts';
import { invariant } from '../core/invariant.ts';
import type { PeerKey, SwarmInput } from '../core/swarm/inputs.ts';
import { WireConnection, type WireEvent } from '../core/wire/connection.ts';
import { encodeHandshake, type Handshake, type HandshakeStart } from '../core/wire/handshake.ts';
import type { Capabilities, Message } from '../core/wire/messages.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Stream, TransportKind } from '../ports/transport.ts';
import { Deadline } from './deadline.ts';
import { Outbox } from './outbox.ts';
import type { PeerLink } from './peer-link.ts';
import type { BlockRun, PieceCache, PieceSource } from './piece-cache.ts';
import { firstBusy, type RateLimiter } from './rate-limiter.ts';
import { UploadLane } from './upload-lane.ts';

/** A peer that has shaken hands. */
export interface Introduction {
  readonly transport: TransportKind;
  readonly address: PeerAddress | undefined;
  readonly outgoing: boolean;
  readonly encrypted: boolean;
  readonly handshake: Handshake;
  /** What both sides can do; `v2` if they have agreed on the v2 hash (BEP 52). */
  readonly capabilities: Capabilities;
}

/** What a peer's driver needs of the torrent it belongs to. */
export interface PeerHome {
  readonly uploadLimiters: readonly RateLimiter[];
  readonly downloadLimiters: readonly RateLimiter[];
  readonly pieceCache: PieceCache;
  /** Undefined until there is content. */
  readonly pieceSource: PieceSource | undefined;
  /** Our handshake: the opening one, or the answer to `asked`. */
  greeting(asked: HandshakeStart | undefined): Handshake;
  /** Whether a hash names this torrent, and in which form. */
  hashKind(infoHash: InfoHash): 'v1' | 'v2' | undefined;
  /** Undefined when the peer is not welcome. */
  admit(link: PeerLink, introduction: Introduction): PeerKey | undefined;
  push(input: SwarmInput): void;
  /** Several pushes that settle once. */
  batch(work: () => void): void;
  /** The link has something to flush when the engine comes to rest. */
  needsFlush(link: PeerLink): void;
  /** The link is closed; `key` is undefined when it was never admitted. */
  gone(link: PeerLink, key: PeerKey | undefined): void;
}

export interface PeerDriverDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For connections that others opened. */
  readonly incoming?: {
    /** Finds the torrent of a handshake. */
    readonly route: (start: HandshakeStart) => PeerHome | undefined;
    /** It has introduced itself and is welcome. */
    readonly onAdmitted?: (peer: PeerDriver) => void;
    /** Called once, whatever became of the connection. */
    readonly onClosed: (peer: PeerDriver) => void;
  };
}

export class PeerDriver implements PeerLink {
  readonly #stream: Stream;
  readonly #deps: PeerDriverDeps;
  readonly #wire: WireConnection;
  readonly #deadline: Deadline;
  readonly #outbox = new Outbox();
  readonly #outgoing: boolean;
  #home: PeerHome | undefined;
  #ours: Handshake | undefined;
  #uploads: UploadLane | undefined;
  #key: PeerKey | undefined;
  #pausedByEngine = false;
  #pausedByLimit = false;
  #closed = false;
  readonly #onAllowance = (): void => {
    this.#limitReading();
  };

  /** `home` is the torrent of a connection that we opened. Starts the stream. */
  constructor(stream: Stream, home: PeerHome | undefined, deps: PeerDriverDeps) {
    this.#stream = stream;
    this.#home = home;
    this.#deps = deps;
    this.#outgoing = home !== undefined;
    this.#wire = new WireConnection(deps.clock.now());
    this.#deadline = new Deadline(deps.clock, () => {
      this.#tick();
    });
    this.#deadline.set(this.#wire.nextTimeout());
    stream.start({
      onData: (chunk) => {
        this.#receive(chunk);
      },
      onSent: (bytes) => {
        this.#sent(bytes);
      },
      onClose: () => {
        this.#finish();
      },
    });
    if (home !== undefined) this.#greet(home, undefined);
  }

  send(message: Message): void {
    if (this.#closed) return;
    this.#outbox.message(message);
    this.#home?.needsFlush(this);
  }

  upload(piece: number, run: BlockRun): void {
    if (this.#closed) return;
    this.#uploads ??= this.#uploadLane();
    this.#uploads.upload(piece, run);
    this.#home?.needsFlush(this);
  }

  pauseRead(): void {
    this.#pausedByEngine = true;
    this.#stream.pause();
  }

  resumeRead(): void {
    this.#pausedByEngine = false;
    if (!this.#pausedByLimit) this.#stream.resume();
  }

  flush(): void {
    if (this.#closed) return;
    const chunks = this.#outbox.take();
    if (chunks.length === 0) return;
    this.#wire.sent(this.#deps.clock.now());
    this.#stream.write(chunks);
  }

  close(): void {
    if (this.#closed) return;
    this.#stop();
    this.#stream.close();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    for (const limiter of this.#home?.downloadLimiters ?? []) limiter.take(chunk.length);
    this.#wire.receive(chunk, this.#deps.clock.now());
    if (this.#key === undefined) this.#takeEvents();
    else this.#batch(this.#home);
    this.#limitReading();
  }

  #batch(home: PeerHome | undefined): void {
    home?.batch(() => {
      this.#takeEvents();
    });
  }

  #takeEvents(): void {
    for (let event = this.#wire.poll(); event !== undefined; event = this.#wire.poll()) {
      this.#take(event);
      if (this.#closed) return;
    }
  }

  #take(event: WireEvent): void {
    if (event.kind === 'message') {
      if (this.#key === undefined || this.#home === undefined) return;
      this.#home.push({ kind: 'message', peer: this.#key, message: event.message });
    } else if (event.kind === 'handshake-start') this.#onHandshakeStart(event.start);
    else if (event.kind === 'handshake') this.#onHandshake(event.handshake);
    else if (event.kind === 'keep-alive-due') {
      this.#outbox.message({ kind: 'keep-alive' });
      this.flush();
    } else {
      this.#deps.log.debug('peer dropped', { reason: event.error.message, code: event.error.code });
      this.close();
    }
  }

  #onHandshakeStart(start: HandshakeStart): void {
    if (this.#outgoing) return;
    this.#home = this.#deps.incoming?.route(start);
    if (this.#home === undefined) this.close();
    else this.#greet(this.#home, start);
  }

  #onHandshake(handshake: Handshake): void {
    const home = this.#home;
    const ours = this.#ours;
    invariant(home !== undefined && ours !== undefined, 'we greet before the peer has introduced itself');
    // BEP 52: the answer decides; to a v1 hash it may be the v2 hash of the same torrent.
    const agreed = home.hashKind(this.#outgoing ? handshake.infoHash : ours.infoHash);
    if (agreed === undefined) {
      this.close();
      return;
    }
    const key = home.admit(this, {
      transport: this.#stream.kind,
      address: this.#stream.remote,
      outgoing: this.#outgoing,
      encrypted: this.#stream.isEncrypted === true,
      handshake,
      capabilities: { ...common(ours.capabilities, handshake.capabilities), v2: agreed === 'v2' },
    });
    if (key === undefined) this.close();
    else if (!this.#closed) {
      this.#key = key;
      this.#deps.incoming?.onAdmitted?.(this);
    }
  }

  #greet(home: PeerHome, asked: HandshakeStart | undefined): void {
    this.#ours = home.greeting(asked);
    this.#outbox.bytes(encodeHandshake(this.#ours));
    this.flush();
  }

  #uploadLane(): UploadLane {
    const home = this.#home;
    const source = home?.pieceSource;
    invariant(home !== undefined && source !== undefined, 'uploads come after the metainfo');
    return new UploadLane({
      source,
      cache: home.pieceCache,
      limiters: home.uploadLimiters,
      outbox: this.#outbox,
      flush: () => {
        this.flush();
      },
      onFailed: (piece) => {
        if (this.#key !== undefined) home.push({ kind: 'read-failed', peer: this.#key, piece });
      },
    });
  }

  #sent(bytes: number): void {
    const payload = this.#outbox.onTaken(bytes);
    if (payload > 0 && this.#key !== undefined) {
      this.#home?.push({ kind: 'uploaded', peer: this.#key, bytes: payload });
    }
  }

  /** Stops reading while a limit is in debt, and starts again when it is this peer's turn. */
  #limitReading(): void {
    if (this.#closed) return;
    const busy = firstBusy(this.#home?.downloadLimiters ?? []);
    if (busy !== undefined) {
      this.#pausedByLimit = true;
      this.#stream.pause();
      busy.wait(this.#onAllowance);
    } else if (this.#pausedByLimit) {
      this.#pausedByLimit = false;
      if (!this.#pausedByEngine) this.#stream.resume();
    }
  }

  #tick(): void {
    this.#wire.tick(this.#deps.clock.now());
    this.#takeEvents();
    if (!this.#closed) this.#deadline.set(this.#wire.nextTimeout());
  }

  /** The stream has ended, by either side. */
  #finish(): void {
    this.#stop();
    this.#outbox.clear();
    this.#home?.gone(this, this.#key);
    this.#deps.incoming?.onClosed(this);
  }

  #stop(): void {
    this.#closed = true;
    this.#deadline.clear();
    this.#uploads?.close();
    for (const limiter of this.#home?.downloadLimiters ?? []) limiter.forget(this.#onAllowance);
  }
}

function common(ours: Capabilities, theirs: Capabilities): Omit<Capabilities, 'v2'> {
  return {
    extended: ours.extended && theirs.extended,
    fast: ours.fast && theirs.fast,
    dht: ours.dht && theirs.dht,
  };
}
