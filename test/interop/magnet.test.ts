// From a magnet link alone: the metadata comes from the other side, theirs from us and ours from them (BEP 9, BEP 52).
import { describe, expect, it } from 'vitest';
import { aria2 } from '../support/clients/aria2.ts';
import { libtorrent } from '../support/clients/libtorrent.ts';
import type { PeerClient } from '../support/clients/peer.ts';
import { qbittorrent } from '../support/clients/qbittorrent.ts';
import { createWithSwarmpress, swarmpress } from '../support/clients/swarmpress.ts';
import { transmission } from '../support/clients/transmission.ts';
import { exchange } from '../support/exchange.ts';

const STOCK: readonly PeerClient[] = [transmission, qbittorrent, aria2, libtorrent];

describe.concurrent('a v1 magnet', () => {
  it.for(STOCK.map((client) => ({ client, name: client.name })))(
    '$name gets metadata and content from us',
    async ({ client }) => {
      const { arrived, expected } = await exchange({
        ...{
          seed: swarmpress,
          leech: client,
          kind: 'folder',
          magnet: true,
          createTorrent: createWithSwarmpress,
        },
      });
      expect(arrived).toEqual(expected);
    },
  );

  it.for(STOCK.map((client) => ({ client, name: client.name })))(
    'we get metadata and content from $name',
    async ({ client }) => {
      const { arrived, expected } = await exchange({
        seed: client,
        leech: swarmpress,
        kind: 'folder',
        magnet: true,
      });
      expect(arrived).toEqual(expected);
    },
  );
});

describe.concurrent('v2 and hybrid magnets', () => {
  for (const mode of ['v2', 'hybrid'] as const) {
    it(`${mode}: libtorrent gets metadata, piece layers and content from us`, async () => {
      const { arrived, expected } = await exchange({
        ...{ seed: swarmpress, leech: libtorrent, kind: 'single', mode, magnet: true },
      });
      expect(arrived).toEqual(expected);
    });

    it(`${mode}: we get metadata, piece layers and content from libtorrent`, async () => {
      const { arrived, expected } = await exchange({
        ...{ seed: libtorrent, leech: swarmpress, kind: 'single', mode, magnet: true },
      });
      expect(arrived).toEqual(expected);
    });
  }

  it('10,000 files: metadata of many pieces, from libtorrent', async () => {
    const { arrived, expected } = await exchange({
      seed: libtorrent,
      leech: swarmpress,
      kind: 'many',
      magnet: true,
    });
    expect(arrived).toEqual(expected);
  });
});
