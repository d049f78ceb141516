// Clients of the npm package bittorrent-tracker find each other over our tracker on all three protocols; over WebSocket
// they connect, so offers and answers have come through whole.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join, resolve } from 'node:path';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { run } from '../support/processes.ts';

const PROTOCOLS = ['http', 'udp', 'ws'] as const;
const CLIENTS = resolve(import.meta.dirname, '../support/clients');
let tracker: Tracker;

beforeAll(async () => {
  tracker = await createTracker({ port: 0, host: '127.0.0.1', minInterval: 1 });
});

afterAll(async () => {
  await tracker.close();
});

describe.each(PROTOCOLS)('over %s', (protocol) => {
  const url = (): string => `${protocol}://127.0.0.1:${String(tracker.port)}/announce`;

  it('clients of bittorrent-tracker hear of each other', async () => {
    const output = await run([process.execPath, join(CLIENTS, 'npm-client.mjs'), url()]);
    const heard = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const name = protocol === 'ws' ? 'webrtc -XX0001-00000000000' : '127.0.0.1:700';
    expect(heard).toEqual([2, 1].map((other) => ({ peer: `${name}${String(other)}`, counts: [1, 1] })));
  }, 60_000);
});
