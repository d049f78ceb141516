// From us to stock clients and from them to us, by .torrent, over a stock tracker: every file arrives as it left.
import { describe, expect, it } from 'vitest';
import { aria2 } from '../support/clients/aria2.ts';
import { libtorrent } from '../support/clients/libtorrent.ts';
import type { PeerClient } from '../support/clients/peer.ts';
import { qbittorrent } from '../support/clients/qbittorrent.ts';
import { rtorrent } from '../support/clients/rtorrent.ts';
import { createWithSwarmpress, swarmpress } from '../support/clients/swarmpress.ts';
import { transmission } from '../support/clients/transmission.ts';
import { exchange } from '../support/exchange.ts';

const STOCK: readonly PeerClient[] = [transmission, qbittorrent, aria2, rtorrent, libtorrent];

describe.concurrent('v1, a folder', () => {
  it.for(STOCK.map((client) => ({ client, name: client.name })))(
    '$name downloads from us',
    async ({ client }) => {
      const seed = swarmpress;
      const { arrived, expected } = await exchange({
        ...{ seed, leech: client, kind: 'folder', createTorrent: createWithSwarmpress },
      });
      expect(arrived).toEqual(expected);
    },
  );

  it.for(STOCK.map((client) => ({ client, name: client.name })))(
    'we download from $name',
    async ({ client }) => {
      const { arrived, expected } = await exchange({ seed: client, leech: swarmpress, kind: 'folder' });
      expect(arrived).toEqual(expected);
    },
  );
});

describe.concurrent('v2 and hybrid with libtorrent', () => {
  for (const mode of ['v2', 'hybrid'] as const) {
    for (const kind of ['single', 'folder', 'crossing'] as const) {
      it(`${mode} ${kind}: libtorrent downloads what we made`, async () => {
        const { arrived, expected } = await exchange({
          ...{ seed: swarmpress, leech: libtorrent, kind, mode, createTorrent: createWithSwarmpress },
        });
        expect(arrived).toEqual(expected);
      });

      it(`${mode} ${kind}: we download what libtorrent made`, async () => {
        const { arrived, expected } = await exchange({ seed: libtorrent, leech: swarmpress, kind, mode });
        expect(arrived).toEqual(expected);
      });
    }
  }
});

describe.concurrent('v1 of every shape', () => {
  for (const kind of ['single', 'crossing', 'many'] as const) {
    it(`${kind}: libtorrent downloads from us`, async () => {
      const { arrived, expected } = await exchange({ seed: swarmpress, leech: libtorrent, kind });
      expect(arrived).toEqual(expected);
    });

    it(`${kind}: we download from libtorrent`, async () => {
      const { arrived, expected } = await exchange({
        ...{ seed: libtorrent, leech: swarmpress, kind, createTorrent: createWithSwarmpress },
      });
      expect(arrived).toEqual(expected);
    });
  }

  it('we download from ourselves, hybrid', async () => {
    const { arrived, expected } = await exchange({
      ...{
        seed: swarmpress,
        leech: swarmpress,
        kind: 'folder',
        mode: 'hybrid',
        createTorrent: createWithSwarmpress,
      },
    });
    expect(arrived).toEqual(expected);
  });
});
