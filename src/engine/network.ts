// What only a host with sockets has use for. A session gets it through its environment, so that a page, which can open
// no socket, does not carry it along.
import type { VerifySignature } from '../core/dht/items.ts';
import { openDht } from './dht-node.ts';
import { openLsd } from './lsd-driver.ts';
import { openMse } from './mse-stream.ts';
import { openPortMapping } from './port-mapping.ts';
import { createUtpTransport } from './utp-transport.ts';

export interface Network {
  readonly openMse: typeof openMse;
  readonly openDht: typeof openDht;
  readonly openLsd: typeof openLsd;
  readonly openPortMapping: typeof openPortMapping;
  readonly createUtpTransport: typeof createUtpTransport;
  readonly verifySignature: VerifySignature;
}

export function createNetwork(verifySignature: VerifySignature): Network {
  return { openMse, openDht, openLsd, openPortMapping, createUtpTransport, verifySignature };
}
