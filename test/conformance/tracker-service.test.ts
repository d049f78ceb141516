// The tracker as a service: its file is read again on SIGHUP, a broken one leaves things as they were, SIGTERM ends it in
// order with its swarms written.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { RunningProcess } from '../support/processes.ts';
import { httpClient } from './tracker-clients.ts';

let folder: string;
let child: RunningProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracker-service-'));
});

afterEach(async () => {
  await child?.stop();
  await rm(folder, { recursive: true });
});

async function start(): Promise<number> {
  child = new RunningProcess(swarmpressCommand('track', '--config', join(folder, 'track.toml'), '--json'));
  const { port } = await child.waitForLine((line) =>
    line.includes('"listening"') ? (JSON.parse(line) as { port: number }) : undefined,
  );
  return port;
}

async function configure(...lines: readonly string[]): Promise<void> {
  const all = ['port = 0', 'host = "127.0.0.1"', 'snapshot = "swarms"', ...lines];
  await writeFile(join(folder, 'track.toml'), `${all.join('\n')}\n`);
}

it('reads its file again on SIGHUP, and keeps what it has where the file is broken', async () => {
  await configure('interval = 1000');
  const client = httpClient({ port: await start() });
  const interval = async (): Promise<number> =>
    (await client.announce({ swarm: 1, peer: 1 })).intervalSeconds;
  expect(await interval()).toBeGreaterThanOrEqual(900);
  await configure('interval = 200');
  child?.signal('SIGHUP');
  await expect.poll(interval, { timeout: 30_000 }).toBeLessThanOrEqual(220);
  await configure('interval = 5000', 'no-such-setting = 1');
  child?.signal('SIGHUP');
  await expect.poll(() => child?.output, { timeout: 30_000 }).toContain('no-such-setting');
  expect(await interval()).toBeLessThanOrEqual(220);
});

it('writes its swarms when it is told to stop, and has them when it is back', async () => {
  await configure();
  await httpClient({ port: await start() }).announce({ swarm: 1, peer: 1 });
  child?.signal('SIGTERM');
  expect(await child?.exited).toBe(130);
  const port = await start();
  expect(await httpClient({ port }).scrape([1])).toMatchObject([{ leechers: 1 }]);
});
