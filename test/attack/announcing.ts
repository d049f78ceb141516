// One announce to a tracker that is up to no good, and what the user gets to see of it.
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { createTrackerDriver } from '../../src/engine/tracker-driver.ts';
import { systemClock } from '../../src/node/clock.ts';
import { createHttpPort } from '../../src/node/http.ts';
import { silentLog, type Log } from '../../src/ports/log.ts';
import { until } from '../support/processes.ts';

/** The message that is shown after the first announce. */
export async function messageOf(url: string, log: Log = silentLog): Promise<string> {
  const driver = createTrackerDriver(
    {
      tiers: [[url]],
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
      log,
    },
    { onPeers: () => undefined },
  );
  driver.start();
  const message = await until('the first announce', () => driver.snapshot()[0]?.message, { everyMs: 10 });
  await driver.stop(10);
  return message;
}
