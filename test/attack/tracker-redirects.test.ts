// A tracker that sends its clients round in circles, away from encryption, or onto others.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { createTrackerDriver } from '../../src/engine/tracker-driver.ts';
import { createHttpPort } from '../../src/node/http.ts';
import { systemClock } from '../../src/node/clock.ts';
import { silentLog } from '../../src/ports/log.ts';
import { EvilServer } from './http-server.ts';

describe('tracker redirect loops', () => {
  let tracker: EvilServer;
  let target: (path: string) => string;

  beforeEach(async () => {
    target = () => tracker.url('/announce');
    tracker = await EvilServer.start((request, response) => {
      response.writeHead(302, { location: target(request.url ?? '') });
      response.end();
    });
  });

  afterEach(() => tracker.close());

  /** What the user sees of the tracker after its first announce. */
  async function announce(): Promise<{ status: string; message: string | undefined }> {
    const driver = createTrackerDriver(
      {
        tiers: [[tracker.url('/announce')]],
        infoHashes: [toInfoHash(new Uint8Array(20).fill(1))],
        peerId: toPeerId(new Uint8Array(20)),
        port: () => 6881,
        getStats: () => ({ uploaded: 0, downloaded: 0, left: 1 }),
      },
      {
        http: createHttpPort({ userAgent: 'test/1' }),
        datagram: undefined,
        socket: () => Promise.reject(new Error('no UDP here')),
        clock: systemClock,
        random: { uint32: () => 7, bytes: (length: number) => new Uint8Array(length) },
        log: silentLog,
      },
      { onPeers: () => undefined },
    );
    driver.start();
    await vi.waitFor(
      () => {
        expect(driver.snapshot()[0]?.message).toBeDefined();
      },
      { timeout: 10_000, interval: 10 },
    );
    const [shown] = driver.snapshot();
    await driver.stop(10);
    return { status: shown?.status ?? '', message: shown?.message };
  }

  it('end after five hops, with a message and a pause before the next try', async () => {
    const { message } = await announce();
    expect(message).toMatch(/redirects/);
    const { length } = tracker.asked;
    expect(length).toBe(6);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(tracker.asked).toHaveLength(length);
  });

  it('that lengthen the URL with each hop end as soon', async () => {
    target = (path) => `${path}&${'x'.repeat(1000)}`;
    expect((await announce()).message).toMatch(/redirects/);
    expect(tracker.asked).toHaveLength(6);
  });
});
