// Trackers on a host: a stock one, and the question to any tracker of how many it knows.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './network.ts';
import { until } from './processes.ts';

const PORT = 6969;

export interface RunningTracker {
  readonly host: Host;
  readonly http: string;
  readonly udp: string;
}

/** opentracker, HTTP and UDP; it serves the listed info hashes (hex) alone. */
export async function startOpentracker(host: Host, infoHashes: readonly string[]): Promise<RunningTracker> {
  const folder = await host.stage.makeFolder('opentracker');
  const whitelist = join(folder, 'whitelist');
  await writeFile(whitelist, infoHashes.map((hash) => `${hash}\n`).join(''));
  const config = join(folder, 'opentracker.conf');
  const lines = [
    `listen.tcp_udp ${host.address}:${String(PORT)}`,
    `access.whitelist ${whitelist}`,
    'tracker.user nobody',
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const process = host.start(['opentracker', '-f', config], { cwd: folder });
  const authority = `${host.address}:${String(PORT)}`;
  await until('opentracker to listen', () =>
    host.run(['curl', '--silent', '--max-time', '1', `http://${authority}/stats`]).catch(() => undefined),
  ).catch((error: unknown) => {
    throw new Error(`opentracker does not answer:\n${process.output}`, { cause: error });
  });
  return { host, http: `http://${authority}/announce`, udp: `udp://${authority}/announce` };
}

/** Resolves when the tracker counts at least `count` whole copies of the torrent (hex info hash). */
export async function waitForSeeders(tracker: RunningTracker, infoHash: string, count = 1): Promise<void> {
  const hash = infoHash.slice(0, 40).replace(/../g, '%$&');
  const url = `${tracker.http.replace(/announce$/, 'scrape')}?info_hash=${hash}`;
  const curl = ['curl', '--silent', '--max-time', '2', '--output', '-', url];
  await until(`${String(count)} seeders at ${tracker.http}`, async () => {
    const answer = await tracker.host.run(curl).catch(() => '');
    const complete = Number(/8:completei(\d+)e/.exec(answer)?.[1] ?? 0);
    return complete >= count ? true : undefined;
  });
}
