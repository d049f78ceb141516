// One swarm engine and peers that are a test's own: what it is told, and all that it does about it.
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { toPeerId } from '../../src/core/ids.ts';
import { createBufferPool } from '../../src/core/swarm/buffers.ts';
import type { SwarmEffect } from '../../src/core/swarm/effects.ts';
import { SwarmEngine } from '../../src/core/swarm/engine.ts';
import { EXTENSION_IDS, encodeExtendedHandshake } from '../../src/core/wire/extended.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import { nodeDigests } from '../../src/node/digests.ts';
import { parseTorrent } from '../../src/node/parse-torrent.ts';
import { v1Torrent } from './torrents.ts';

/** The peer that is there from the start. */
export const FIRST_PEER = 1;

export class EngineBench {
  readonly engine: SwarmEngine;
  now = 1000;

  /** A seed, a leecher that knows the metainfo and has nothing, or one that has only the hash. */
  constructor(role: 'seed' | 'leecher' | 'stranger' = 'seed') {
    const metainfo = parseTorrent(v1Torrent());
    this.engine = new SwarmEngine({
      infoHash: metainfo.infoHash,
      infoHashV2: undefined,
      peerId: toPeerId(new Uint8Array(20)),
      maxPeers: 50,
      seed: 1,
      buffers: createBufferPool(),
      digests: nodeDigests,
    });
    if (role !== 'stranger') {
      const { pieceCount } = metainfo;
      const have = role === 'seed' ? Bitfield.full(pieceCount) : new Bitfield(pieceCount);
      this.engine.handle({ kind: 'metainfo', metainfo, have }, this.now);
    }
    this.connect(FIRST_PEER);
  }

  connect(peer: number): SwarmEffect[] {
    const address = { ip: `203.0.113.${String(peer)}`, port: 6881 };
    const peerId = toPeerId(new Uint8Array(20).fill(peer));
    const capabilities = { extended: true, fast: true, dht: false, v2: false };
    const arrival = { peer, transport: 'tcp', address, outgoing: false, peerId, capabilities } as const;
    this.engine.handle({ kind: 'peer-connected', ...arrival }, this.now);
    return this.effects();
  }

  effects(): SwarmEffect[] {
    const effects: SwarmEffect[] = [];
    for (let effect = this.engine.poll(); effect !== undefined; effect = this.engine.poll())
      effects.push(effect);
    return effects;
  }

  say(message: Message, peer = FIRST_PEER): SwarmEffect[] {
    this.engine.handle({ kind: 'message', peer, message }, this.now);
    return this.effects();
  }

  /** Says what it can do (BEP 10). */
  greet(metadataSize?: number, peer = FIRST_PEER): SwarmEffect[] {
    const payload = encodeExtendedHandshake({ extensions: EXTENSION_IDS, uploadOnly: false, metadataSize });
    return this.say({ kind: 'extended', id: 0, payload }, peer);
  }
}
