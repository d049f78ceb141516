// The session's DHT node: begins with the nodes of the last run and the bootstrap hosts, and keeps what it learns.
import type { NodeAddress } from '../core/metainfo/metainfo.ts';
import type { StateStore } from '../ports/storage.ts';
import type { DhtOptions } from './api.ts';
import { createDhtDriver, type DhtDriver, type DhtDriverDeps } from './dht-driver.ts';
import { loadNodes, saveNodes } from './dht-state.ts';

export interface DhtNodeDeps extends DhtDriverDeps {
  readonly state: StateStore;
}

export interface SessionDht extends Pick<DhtDriver, 'follow' | 'ask' | 'addNode' | 'addHost' | 'snapshot'> {
  /** Saves what it knows. */
  close(): Promise<void>;
}

/** Hosts that everybody's clients begin with. */
const BOOTSTRAP: readonly NodeAddress[] = [
  { host: 'router.bittorrent.com', port: 6881 },
  { host: 'dht.transmissionbt.com', port: 6881 },
  { host: 'router.utorrent.com', port: 6881 },
  { host: 'dht.libtorrent.org', port: 25401 },
];
const SAVE_EVERY_MS = 10 * 60_000;

/** Runs at once; searches find more as the table fills. */
export function openDht(options: DhtOptions, deps: DhtNodeDeps): SessionDht {
  const { bootstrap = BOOTSTRAP, readOnly } = options;
  const driver = createDhtDriver({ bootstrap, readOnly }, deps);
  let isClosed = false;
  let cancelTimer: (() => void) | undefined;
  const restored = loadNodes(deps).then((nodes) => {
    if (!isClosed) driver.restore(nodes);
  });
  const saveLater = (): void => {
    cancelTimer = deps.clock.schedule(SAVE_EVERY_MS, () => {
      void saveNodes(driver.nodes(), deps);
      saveLater();
    });
  };
  saveLater();
  return {
    follow: (search) => driver.follow(search),
    ask: (question) => driver.ask(question),
    addNode: (address) => {
      driver.addNode(address);
    },
    addHost: (host) => {
      driver.addHost(host);
    },
    snapshot: () => driver.snapshot(),
    close: async () => {
      isClosed = true;
      cancelTimer?.();
      const nodes = driver.nodes();
      driver.close();
      await restored;
      await saveNodes(nodes, deps);
    },
  };
}
