// Node's implementation of every port, wired into one environment.
import { resolve } from 'node:path';
import type { Env } from '../engine/env.ts';
import { CLIENT_NAME } from '../engine/client.ts';
import { createNetwork } from '../engine/network.ts';
import { silentLog, type Log } from '../ports/log.ts';
import type { RtcPort } from '../ports/rtc.ts';
import { bootId } from './boot-id.ts';
import { systemClock } from './clock.ts';
import { nodeDigests } from './digests.ts';
import { createFsStoragePort } from './fs-storage.ts';
import { systemGateways } from './gateways.ts';
import { createHashPool } from './hash-pool.ts';
import { pieceMemory } from './piece-memory.ts';
import { createHttpPort } from './http.ts';
import { systemRandom } from './random.ts';
import { createProxyTransport, parseProxy } from './proxy.ts';
import { loadRtcPort } from './rtc.ts';
import { verifySignature } from './signatures.ts';
import { createStateStore, defaultStateFolder } from './state-store.ts';
import { createTcpTransport } from './tcp.ts';
import { udpPort } from './udp.ts';
import { webSocketPort } from './ws.ts';

export interface NodeEnvOptions {
  /** Where resume data is kept; by default among the user's state files. */
  readonly stateFolder?: string | undefined;
  /** Threads that hash; one for each core by default. */
  readonly workers?: number | undefined;
  /** `stun:host:port` servers by which WebRTC peers learn their public address. None by default. */
  readonly iceServers?: readonly string[] | undefined;
  /**
   * `socks5://user:password@host:port` or `http://…`: peers, HTTP trackers and web seeds are reached through it alone.
   * Whatever cannot go that way is off: UDP (DHT, uTP, UDP trackers, local discovery), WebRTC, and taking connections.
   * Throws UsageError PROXY_BAD_URL.
   */
  readonly proxy?: string | undefined;
  /** Silent by default. */
  readonly log?: Log | undefined;
}

/**
 * All ports of a Node process. Close it after the sessions that use it.
 * @example
 * const env = createNodeEnv({ stateFolder: '/var/lib/swarmpress' });
 */
export function createNodeEnv(options: NodeEnvOptions = {}): Env {
  const proxy = options.proxy === undefined ? undefined : parseProxy(options.proxy);
  const userAgent = CLIENT_NAME.replace(' ', '/');
  const hasher = createHashPool({ workers: options.workers });
  let rtc: Promise<RtcPort> | undefined;
  return {
    transports: [proxy === undefined ? createTcpTransport() : createProxyTransport(proxy)],
    datagram: proxy === undefined ? udpPort : undefined,
    gateways: proxy === undefined ? systemGateways : undefined,
    network: createNetwork(verifySignature),
    http: createHttpPort({ userAgent, proxy }),
    ...(proxy === undefined
      ? {
          websocket: webSocketPort,
          rtc: () => (rtc ??= loadRtcPort({ iceServers: options.iceServers })),
        }
      : {}),
    storage: createFsStoragePort(),
    state: createStateStore(options.stateFolder ?? defaultStateFolder()),
    hasher,
    memory: pieceMemory,
    digests: nodeDigests,
    clock: systemClock,
    random: systemRandom,
    log: options.log ?? silentLog,
    bootId: bootId(),
    resolveFolder: (folder) => resolve(folder),
    close: async () => {
      await rtc?.then(
        (port) => {
          port.close();
        },
        () => undefined,
      );
      await hasher.close();
    },
  };
}
