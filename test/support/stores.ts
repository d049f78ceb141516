// Stores of swarms for tests: small, in memory, on the clock of this process.
import { storeWords, Swarms } from '../../src/core/tracker/swarms.ts';

export interface MemoryStore {
  readonly store: Swarms;
  readonly lifetimeMs: number;
  readonly now: () => number;
}

export function createMemoryStore(): MemoryStore {
  const lifetimeMs = 3_600_000;
  const options = {
    maxSwarms: 10_000,
    arenaBytes: 4 * 1024 * 1024,
    peerLifetimeMs: lifetimeMs,
    minIntervalMs: 0,
    maxPeersPerSwarm: 10_000,
    maxPeersPerAddress: 10_000,
    key: [1, 2],
    seed: 3,
  } as const;
  return {
    store: new Swarms(new Int32Array(storeWords(options)), options),
    lifetimeMs,
    now: () => performance.timeOrigin + performance.now(),
  };
}
