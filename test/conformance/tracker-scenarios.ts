// One table of what is announced and what must be heard, for every frontend, number of threads and runtime.
import { expect } from 'vitest';
import type { Said, TrackerClient } from './tracker-clients.ts';

interface Step extends Said {
  /** What the reply must contain; peers are checked where the protocol names them. */
  readonly expect?: {
    readonly seeders?: number;
    readonly leechers?: number;
    readonly peers?: readonly number[];
  };
}

export interface Scenario {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly counts?: readonly [swarm: number, seeders: number, leechers: number, downloads: number];
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a first peer is counted and alone',
    steps: [{ swarm: 1, peer: 1, event: 'started', expect: { seeders: 0, leechers: 1, peers: [] } }],
    counts: [1, 0, 1, 0],
  },
  {
    name: 'a second peer hears of the first, and the first of the second',
    steps: [
      { swarm: 1, peer: 1, event: 'started' },
      { swarm: 1, peer: 2, event: 'started', expect: { leechers: 2, peers: [1] } },
      { swarm: 1, peer: 1, expect: { leechers: 2, peers: [2] } },
    ],
  },
  {
    name: 'seeds are not told of seeds',
    steps: [
      { swarm: 1, peer: 1, left: 0, event: 'started' },
      { swarm: 1, peer: 2, left: 0, event: 'started', expect: { seeders: 2, leechers: 0, peers: [] } },
      { swarm: 1, peer: 3, event: 'started', expect: { seeders: 2, leechers: 1, peers: [1, 2] } },
    ],
  },
  {
    name: 'completed makes a seeder and counts a download',
    steps: [
      { swarm: 1, peer: 1, event: 'started' },
      { swarm: 1, peer: 1, left: 0, event: 'completed', expect: { seeders: 1, leechers: 0 } },
    ],
    counts: [1, 1, 0, 1],
  },
  {
    name: 'stopped takes the peer out',
    steps: [
      { swarm: 1, peer: 1, event: 'started' },
      { swarm: 1, peer: 2, event: 'started' },
      { swarm: 1, peer: 1, event: 'stopped', expect: { leechers: 1 } },
      { swarm: 1, peer: 2, expect: { leechers: 1, peers: [] } },
    ],
    counts: [1, 0, 1, 0],
  },
  {
    name: 'swarms do not mix',
    steps: [
      { swarm: 1, peer: 1, event: 'started' },
      { swarm: 2, peer: 2, event: 'started', expect: { leechers: 1, peers: [] } },
    ],
    counts: [2, 0, 1, 0],
  },
  {
    name: 'a partial seed counts as incomplete',
    steps: [
      { swarm: 1, peer: 1, left: 50, event: 'paused', expect: { seeders: 0, leechers: 1 } },
      { swarm: 1, peer: 2, left: 0, event: 'started', expect: { seeders: 1, leechers: 1, peers: [] } },
    ],
  },
  {
    name: 'no peers are sent to who wants none',
    steps: [
      { swarm: 1, peer: 1, event: 'started' },
      { swarm: 1, peer: 2, event: 'started', numWant: 0, expect: { leechers: 2, peers: [] } },
    ],
  },
  { name: 'what nobody announced is zero', steps: [], counts: [9, 0, 0, 0] },
];

/** The tracker must know none of the swarms yet. */
export async function play(client: TrackerClient, { steps, counts }: Scenario): Promise<void> {
  for (const { expect: wanted, ...said } of steps) {
    const heard = await client.announce(said);
    const { peers, ...numbers } = wanted ?? {};
    expect(heard).toMatchObject(numbers);
    if (heard.peers !== undefined && peers !== undefined) expect(heard.peers).toEqual(peers);
  }
  if (counts === undefined) return;
  const [swarm, seeders, leechers, downloads] = counts;
  expect(await client.scrape([swarm])).toMatchObject([{ seeders, leechers, downloads }]);
}
