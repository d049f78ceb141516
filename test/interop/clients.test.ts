// The harness itself: stock clients exchange content among themselves, so that later a failure is ours.
import { describe, expect, it } from 'vitest';
import { aria2 } from '../support/clients/aria2.ts';
import { libtorrent } from '../support/clients/libtorrent.ts';
import type { PeerClient } from '../support/clients/peer.ts';
import { qbittorrent } from '../support/clients/qbittorrent.ts';
import { rtorrent } from '../support/clients/rtorrent.ts';
import { transmission } from '../support/clients/transmission.ts';
import { exchange } from '../support/exchange.ts';

const PAIRS: readonly (readonly [PeerClient, PeerClient])[] = [
  [libtorrent, aria2],
  [aria2, transmission],
  [transmission, qbittorrent],
  [qbittorrent, rtorrent],
  [rtorrent, libtorrent],
];

describe.concurrent('stock clients among themselves', () => {
  it.for(PAIRS.map(([seed, leech]) => ({ seed, leech, name: `${seed.name} → ${leech.name}` })))(
    '$name, found through opentracker',
    async ({ seed, leech }) => {
      const { arrived, expected } = await exchange({ seed, leech, kind: 'folder' });
      expect(arrived).toEqual(expected);
    },
  );
});
