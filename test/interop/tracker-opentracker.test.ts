// Peers find each other over our tracker and over a stock one, by HTTP and by UDP (BEP 3, 15, 23).
import { describe, expect, it } from 'vitest';
import { aria2 } from '../support/clients/aria2.ts';
import { libtorrent } from '../support/clients/libtorrent.ts';
import type { PeerClient } from '../support/clients/peer.ts';
import { startSwarmpressTracker, swarmpress } from '../support/clients/swarmpress.ts';
import { transmission } from '../support/clients/transmission.ts';
import { exchange } from '../support/exchange.ts';
import { startOpentracker } from '../support/trackers.ts';

const TRACKERS = [
  { name: 'our tracker', startTracker: startSwarmpressTracker },
  { name: 'opentracker', startTracker: startOpentracker },
];

const PAIRS: readonly (readonly [PeerClient, PeerClient])[] = [
  [libtorrent, aria2],
  [aria2, transmission],
  [transmission, libtorrent],
  [swarmpress, swarmpress],
];

describe.concurrent('peers meet', () => {
  for (const { name, startTracker } of TRACKERS) {
    for (const protocol of ['http', 'udp'] as const) {
      for (const [seed, leech] of PAIRS) {
        it(`${seed.name} → ${leech.name} over ${name}, ${protocol}`, async () => {
          const { arrived, expected } = await exchange({
            seed,
            leech,
            kind: 'single',
            startTracker,
            protocol,
          });
          expect(arrived).toEqual(expected);
        });
      }
    }
  }
});
