// The extension protocol (BEP 10): our handshake, the peer's, and the messages under our ids.
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { ProtocolError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { parseInfo } from '../metainfo/parse.ts';
import { EXTENSION_IDS, encodeExtendedHandshake, parseExtendedHandshake } from '../wire/extended.ts';
import type { SwarmContext } from './context.ts';
import type { Gossip } from './gossip.ts';
import type { HashLayers } from './hash-layers.ts';
import type { Holepunch } from './holepunch.ts';
import type { Interest } from './interest.ts';
import { Metadata } from './metadata.ts';
import type { Peer } from './peers.ts';

interface Parts {
  readonly gossip: Gossip;
  readonly holepunch: Holepunch;
  readonly layers: HashLayers;
  readonly interest: Interest;
}

export class Extensions {
  readonly #context: SwarmContext;
  readonly #parts: Parts;
  readonly #metadata: Metadata;

  constructor(context: SwarmContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#metadata = new Metadata(context, (infoBytes) => {
      this.#learned(infoBytes);
    });
  }

  /** Says what we take and who we are; said again when the metadata becomes known. */
  greet(peer: Peer): void {
    if (!peer.capabilities.extended) return;
    const { options, content } = this.#context;
    const { ut_metadata, ut_pex, ut_holepunch, upload_only, lt_donthave } = EXTENSION_IDS;
    const payload = encodeExtendedHandshake({
      extensions: {
        ut_metadata,
        upload_only,
        lt_donthave,
        ...(this.#parts.gossip.isAllowed ? { ut_pex } : {}),
        ...(this.#parts.holepunch.isAllowed ? { ut_holepunch } : {}),
      },
      client: options.client,
      port: peer.outgoing ? options.port : undefined,
      requestQueue: LIMITS.requestsQueuedByPeer.value,
      metadataSize: content?.metainfo.infoBytes.length,
      yourIp: peer.address?.ip,
      uploadOnly: this.#isUploadOnly(peer),
    });
    peer.toldUploadOnly = this.#isUploadOnly(peer);
    this.#context.send(peer, { kind: 'extended', id: 0, payload });
  }

  message(peer: Peer, id: number, payload: Uint8Array): void {
    try {
      this.#dispatch(peer, id, payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.disconnect(peer, error.message);
    }
  }

  left(peer: Peer): void {
    this.#metadata.left(peer);
    this.#parts.gossip.left(peer);
    this.#parts.holepunch.left(peer);
    this.#parts.layers.left(peer);
  }

  tick(): void {
    this.#metadata.fill();
    this.#parts.layers.fill();
    this.#parts.gossip.tick();
    this.#parts.holepunch.tick();
    for (const peer of this.#context.peers.values()) this.#sayUploadOnly(peer);
  }

  /** BEP 54: a piece that we had is gone. */
  lost(piece: number): void {
    for (const peer of this.#context.peers.values()) {
      const id = peer.extended?.extensions.lt_donthave;
      if (id === undefined) continue;
      this.#context.send(peer, { kind: 'extended', id, payload: new ByteWriter(4).u32(piece).finish() });
    }
  }

  /** BEP 21. Not while super-seeding: a peer that sees no piece of an upload-only one hangs up. */
  #isUploadOnly(peer: Peer): boolean {
    return this.#context.content?.pieces.lacking === 0 && peer.shown === undefined;
  }

  /** Tells what has changed since the handshake. */
  #sayUploadOnly(peer: Peer): void {
    const uploadOnly = this.#isUploadOnly(peer);
    const id = peer.extended?.extensions.upload_only;
    if (id === undefined || peer.toldUploadOnly === uploadOnly) return;
    peer.toldUploadOnly = uploadOnly;
    this.#context.send(peer, { kind: 'extended', id, payload: Uint8Array.of(uploadOnly ? 1 : 0) });
  }

  #dispatch(peer: Peer, id: number, payload: Uint8Array): void {
    switch (id) {
      case 0:
        peer.extended = parseExtendedHandshake(payload);
        this.#metadata.greeted(peer);
        return;
      case EXTENSION_IDS.ut_metadata:
        this.#metadata.message(peer, payload);
        return;
      case EXTENSION_IDS.ut_pex:
        this.#parts.gossip.message(peer, payload);
        return;
      case EXTENSION_IDS.ut_holepunch:
        this.#parts.holepunch.message(peer, payload);
        return;
      case EXTENSION_IDS.upload_only:
        if (peer.extended !== undefined) {
          peer.extended = { ...peer.extended, uploadOnly: new ByteReader(payload).u8() > 0 };
        }
        return;
      case EXTENSION_IDS.lt_donthave:
        this.#parts.interest.dontHave(peer, new ByteReader(payload).u32());
        return;
      default:
        return;
    }
  }

  /** The info dictionary is here and its hash is right. What is wrong with it now is wrong for everybody. */
  #learned(infoBytes: Uint8Array): void {
    try {
      this.#parts.layers.start(parseInfo(infoBytes, {}, this.#context.options.digests), infoBytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#context.downloadStopped = true;
      this.#context.effects.push({ kind: 'stopped', error });
    }
  }
}
