// The DHT as a library user meets it: a node with a socket of its own, closed with it.
import { DhtClient, type Dht as EngineDht } from '../engine/dht-client.ts';
import { openDht } from '../engine/dht-node.ts';
import type { DhtOptions } from '../engine/api.ts';
import { silentLog, type Log } from '../ports/log.ts';
import { systemClock } from './clock.ts';
import { nodeDigests } from './digests.ts';
import { systemRandom } from './random.ts';
import { verifySignature } from './signatures.ts';
import { createStateStore, defaultStateFolder } from './state-store.ts';
import { udpPort } from './udp.ts';

export interface NodeDhtOptions extends DhtOptions {
  /** UDP port; 0, the default, picks a free one. */
  readonly port?: number | undefined;
  /** Address to bind; all by default. */
  readonly host?: string | undefined;
  /** Where the nodes of the last run are kept; by default among the user's state files. */
  readonly stateFolder?: string | undefined;
  /** Seconds that nodes have to answer at all before a search fails. Default 20. */
  readonly timeoutSeconds?: number | undefined;
  /** Silent by default. */
  readonly log?: Log | undefined;
}

/** Items and samples of the DHT (BEP 44, BEP 51); see `Dht.open`. */
export type Dht = EngineDht;

const PATIENCE_SECONDS = 20;

export const Dht: {
  /**
   * Opens a node. Rejects with SystemError LISTEN_* when the port cannot be had.
   * @example
   * const dht = await Dht.open();
   * const { target } = await dht.putImmutable('Hello World!');
   * await dht.getImmutable(target);
   * await dht.putMutable(await loadSigningKey('me.pem'), { latest: 'magnet:?…' });
   * await dht.close();
   */
  open(options?: NodeDhtOptions): Promise<Dht>;
} = { open: openNode };

async function openNode(options: NodeDhtOptions = {}): Promise<Dht> {
  const { port = 0, host, timeoutSeconds = PATIENCE_SECONDS } = options;
  const socket = await udpPort.bind({ port, host });
  const shared = { clock: systemClock, random: systemRandom, digests: nodeDigests };
  const node = openDht(options, {
    ...shared,
    socket,
    verify: verifySignature,
    log: options.log ?? silentLog,
    state: createStateStore(options.stateFolder ?? defaultStateFolder()),
    resolve: (name, signal) => udpPort.resolve(name, signal),
  });
  const client = new DhtClient({ patienceMs: timeoutSeconds * 1000 }, { ...shared, node });
  let closing: Promise<void> | undefined;
  return {
    port: socket.port,
    nodes: () => client.nodes(),
    getImmutable: (target) => client.getImmutable(target),
    getMutable: (key, name) => client.getMutable(key, name),
    putImmutable: (value) => client.putImmutable(value),
    putMutable: (signer, value, more) => client.putMutable(signer, value, more),
    sample: (target) => client.sample(target),
    close: () => {
      client.close();
      closing ??= node.close().finally(() => socket.close());
      return closing;
    },
  };
}
