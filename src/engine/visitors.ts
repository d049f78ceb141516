// Connections that others open: blocked addresses are shut out, encrypted ones deciphered, and each finds its torrent
// by the hash of its handshake.
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

export class Visitors {
  readonly #options: VisitorOptions;
  readonly #context: SessionContext;
  readonly #visitors = new Set<{ close(): void }>();
  #isClosed = false;

  constructor(options: VisitorOptions, context: SessionContext) {
    this.#options = options;
    this.#context = context;
  }

  accept(stream: Stream): void {
    const { network } = this.#context.env;
    const ip = stream.remote?.ip;
    const isBlocked = ip !== undefined && this.#context.isBlocked(ip);
    if (this.#isClosed || isBlocked || this.#visitors.size >= this.#context.maxPeers) stream.close();
    else if (network === undefined || this.#options.encryption === 'off') this.#meet(stream);
    else void this.#decipher(stream, network);
  }

  close(): void {
    this.#isClosed = true;
    for (const visitor of this.#visitors) visitor.close();
  }

  async #decipher(stream: Stream, { openMse }: Network): Promise<void> {
    const { encryption, find } = this.#options;
    const policy = encryption === 'require' ? 'require' : 'prefer';
    this.#visitors.add(stream);
    try {
      const opened = await openMse(stream, { role: 'responder', policy, find }, this.#context.env);
      this.#visitors.delete(stream);
      if (this.#isClosed) opened.stream.close();
      else this.#meet(opened.stream);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.env.log.debug('visitor refused', { reason: error.message });
      this.#visitors.delete(stream);
      stream.close();
    }
  }

  #meet(stream: Stream): void {
    const { clock, log } = this.#context.env;
    const peer = new PeerDriver(stream, undefined, {
      clock,
      log,
      incoming: {
        route: this.#options.route,
        onClosed: (closed) => this.#visitors.delete(closed),
      },
    });
    this.#visitors.add(peer);
  }
}
