// BEP 11 in the engine: whom we dial of those that a peer names.
import { expect, it } from 'vitest';
import { formatAddress } from '../../src/core/address.ts';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { toPeerId } from '../../src/core/ids.ts';
import { createBufferPool } from '../../src/core/swarm/buffers.ts';
import { SwarmEngine } from '../../src/core/swarm/engine.ts';
import { EXTENSION_IDS } from '../../src/core/wire/extended.ts';
import { encodePex, PEX_FLAGS } from '../../src/core/wire/pex.ts';
import { nodeDigests } from '../../src/node/digests.ts';
import { parseTorrent } from '../../src/node/parse-torrent.ts';
import { v1Torrent } from '../support/torrents.ts';

const NAMED = [
  { address: { ip: '203.0.113.8', port: 6881 }, flags: PEX_FLAGS.uploadOnly },
  { address: { ip: '203.0.113.9', port: 6881 }, flags: 0 },
];

/** The addresses that are dialled. */
function dialled(have: (pieces: number) => Bitfield): string[] {
  const metainfo = parseTorrent(v1Torrent());
  const engine = new SwarmEngine({
    infoHash: metainfo.infoHash,
    infoHashV2: undefined,
    peerId: toPeerId(new Uint8Array(20)),
    maxPeers: 50,
    seed: 1,
    buffers: createBufferPool(),
    digests: nodeDigests,
  });
  engine.handle({ kind: 'metainfo', metainfo, have: have(metainfo.pieceCount) }, 1000);
  const capabilities = { extended: true, fast: true, dht: false, v2: false };
  const peerId = toPeerId(new Uint8Array(20).fill(1));
  const address = { ip: '203.0.113.7', port: 6881 };
  const arrival = { transport: 'tcp', address, outgoing: false, peerId, capabilities } as const;
  engine.handle({ kind: 'peer-connected', peer: 1, ...arrival }, 1000);
  const payload = encodePex({ added: NAMED, dropped: [] });
  const message = { kind: 'extended', id: EXTENSION_IDS.ut_pex, payload } as const;
  engine.handle({ kind: 'message', peer: 1, message }, 30_000);
  const addresses: string[] = [];
  for (let effect = engine.poll(); effect !== undefined; effect = engine.poll())
    if (effect.kind === 'dial') addresses.push(formatAddress(effect.address));
  return addresses;
}

it('a leecher dials all that a peer names, a seed those that lack something', () => {
  expect(dialled((pieces) => new Bitfield(pieces))).toEqual(['203.0.113.8:6881', '203.0.113.9:6881']);
  expect(dialled((pieces) => Bitfield.full(pieces))).toEqual(['203.0.113.9:6881']);
});
