// The extension protocol (BEP 10): our handshake, the peer's, and the messages under our ids.
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { EXTENSION_IDS, encodeExtendedHandshake, parseExtendedHandshake } from '../wire/extended.ts';
import type { SwarmContext } from './context.ts';
import type { Peer } from './peers.ts';

export class Extensions {
  readonly #context: SwarmContext;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** Says what we take and who we are. */
  greet(peer: Peer): void {
    if (!peer.capabilities.extended) return;
    const { options, content } = this.#context;
    const payload = encodeExtendedHandshake({
      extensions: { lt_donthave: EXTENSION_IDS.lt_donthave },
      client: options.client,
      port: peer.outgoing ? options.port : undefined,
      requestQueue: LIMITS.requestsQueuedByPeer.value,
      metadataSize: content?.metainfo.infoBytes.length,
      yourIp: peer.address?.ip,
      // BEP 21. Not while super-seeding: a peer that sees no piece of an upload-only one hangs up.
      uploadOnly: content?.pieces.lacking === 0 && peer.shown === undefined,
    });
    this.#context.send(peer, { kind: 'extended', id: 0, payload });
  }

  message(peer: Peer, id: number, payload: Uint8Array): void {
    try {
      if (id === 0) peer.extended = parseExtendedHandshake(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.disconnect(peer, error.message);
    }
  }
}
