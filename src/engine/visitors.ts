// Connections that others open: blocked addresses are shut out, encrypted ones deciphered, and each finds its torrent
// by the hash of its handshake.
// Threat: a crowd that connects and says nothing, so that nobody else finds a place. Strangers, who have not introduced
// themselves, have places of their own, half of them for one address; when all are taken, who waited longest gives way.
import { ProtocolError } from '../core/errors.ts';
import type { InfoHash } from '../core/ids.ts';
import type { HandshakeStart } from '../core/wire/handshake.ts';
import type { Stream } from '../ports/transport.ts';
import type { Encryption } from './api.ts';
import type { SessionContext } from './context.ts';
import type { Network } from './network.ts';
import { PeerDriver, type PeerHome } from './peer-driver.ts';

export interface VisitorOptions {
  readonly encryption: Encryption;
  /** The torrent of a handshake. */
  readonly route: (start: HandshakeStart) => PeerHome | undefined;
  /** The torrent of an encrypted connection, by its disguised hash (see MSE). */
  readonly find: (torrentHash: Uint8Array) => InfoHash | undefined;
}

/** The part of the places that strangers of one address may hold; many people may share it, but not take all. */
const SHARE_OF_ADDRESS = 0.5;

interface Visitor {
  close(): void;
}

export class Visitors {
  readonly #options: VisitorOptions;
  readonly #context: SessionContext;
  /** Who has not introduced himself yet, longest waiting first, by address. */
  readonly #strangers = new Map<Visitor, string | undefined>();
  readonly #known = new Set<Visitor>();
  #isClosed = false;

  constructor(options: VisitorOptions, context: SessionContext) {
    this.#options = options;
    this.#context = context;
  }

  accept(stream: Stream): void {
    const { network } = this.#context.env;
    const ip = stream.remote?.ip;
    const isBlocked = ip !== undefined && this.#context.isBlocked(ip);
    if (this.#isClosed || isBlocked || this.#isCrowded(ip)) stream.close();
    else if (network === undefined || this.#options.encryption === 'off') this.#meet(stream);
    else void this.#decipher(stream, network);
  }

  close(): void {
    this.#isClosed = true;
    for (const visitor of [...this.#strangers.keys(), ...this.#known]) visitor.close();
  }

  /** Makes room for one more stranger, unless its address has too many already. */
  #isCrowded(ip: string | undefined): boolean {
    const { maxPeers } = this.#context;
    let same = 0;
    for (const other of this.#strangers.values()) if (other !== undefined && other === ip) same++;
    if (same >= Math.ceil(maxPeers * SHARE_OF_ADDRESS)) return true;
    const longest = this.#strangers.keys().next();
    if (this.#strangers.size >= maxPeers && longest.done !== true) {
      this.#strangers.delete(longest.value);
      longest.value.close();
    }
    return this.#known.size >= maxPeers;
  }

  async #decipher(stream: Stream, { openMse }: Network): Promise<void> {
    const { encryption, find } = this.#options;
    this.#strangers.set(stream, stream.remote?.ip);
    try {
      const opened = await openMse(
        stream,
        { role: 'responder', policy: encryption, find },
        this.#context.env,
      );
      this.#strangers.delete(stream);
      if (this.#isClosed) opened.stream.close();
      else this.#meet(opened.stream);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.env.log.debug('visitor refused', { reason: error.message });
      this.#strangers.delete(stream);
      stream.close();
    }
  }

  #meet(stream: Stream): void {
    const { clock, log } = this.#context.env;
    // What came with the first bytes may have been said, and the connection be over, before the driver is returned.
    let stage: 'stranger' | 'known' | 'gone' = 'stranger';
    const peer = new PeerDriver(stream, undefined, {
      clock,
      log,
      incoming: {
        route: this.#options.route,
        onAdmitted: (admitted) => {
          stage = 'known';
          this.#strangers.delete(admitted);
          this.#known.add(admitted);
        },
        onClosed: (closed) => {
          stage = 'gone';
          this.#strangers.delete(closed);
          this.#known.delete(closed);
        },
      },
    });
    const isStranger = (): boolean => stage === 'stranger';
    if (isStranger()) this.#strangers.set(peer, stream.remote?.ip);
  }
}
