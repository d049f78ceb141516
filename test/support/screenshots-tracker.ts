// Pictures of a tracker's /stats page while announces come in.
import { setTimeout } from 'node:timers/promises';
import type { BrowserContextOptions } from 'playwright-core';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { UdpClient, WsClient } from '../conformance/tracker-clients.ts';
import { openPage } from './browser.ts';
import type { Camera } from './screenshots-operator.ts';
import { onStage } from './stage.ts';

const PATIENCE_MS = 120_000;

/** A tracker's numbers page under load: a day's course of announces, told in a few seconds. */
export async function shootTracker({ shoot, phone }: Camera): Promise<void> {
  await onStage(async (stage) => {
    const tracker = await createTracker({
      port: 0,
      host: '127.0.0.1',
      minInterval: 1,
      maxPeersPerAddress: 1e6,
    });
    stage.onClose(() => tracker.close());
    const stop = new AbortController();
    const load = Promise.all([announceOn(tracker, stop.signal), announceOn(tracker, stop.signal)]);
    const url = `http://127.0.0.1:${String(tracker.port)}/stats`;
    await setTimeout(60_000);
    const looks: readonly (readonly [string, BrowserContextOptions])[] = [
      ['tracker', { viewport: { width: 1200, height: 860 } }],
      ['tracker-dark', { viewport: { width: 1200, height: 860 }, colorScheme: 'dark' }],
      ['tracker-phone', phone],
    ];
    for (const [name, options] of looks) {
      const page = await openPage(stage, url, options);
      await page.locator('[data-state=good]').waitFor({ timeout: PATIENCE_MS });
      await shoot(page, name);
      await page.close();
    }
    stop.abort();
    await load;
  });
}

/** Peers of all kinds that come and go, in waves. */
async function announceOn(tracker: Tracker, signal: AbortSignal): Promise<void> {
  const client = new UdpClient(tracker);
  const socket = new WsClient(tracker);
  for (let peer = 1; !signal.aborted; peer++) {
    const done = peer % 3 === 0;
    await client.announce({
      ...{ swarm: (peer * 7) % 60, peer: (peer * 13) % 6000, left: done ? 0 : 100 },
      event: peer % 11 === 0 ? 'stopped' : done ? 'completed' : 'started',
    });
    if (peer % 9 === 0) await socket.announce({ swarm: peer % 20, peer: peer % 40, numWant: 0 });
    if (peer % 5 === 0) await client.scrape([peer % 60]);
    await setTimeout(Math.random() * 6 * (1 + Math.sin(performance.now() / 7000)));
  }
  await Promise.all([client.close(), socket.close()]);
}
