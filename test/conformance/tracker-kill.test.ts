// kill -9 in the middle of load: what a tracker has lost when it is back is no more than docs/tracker.md says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTracker } from '../../src/server/tracker.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { RunningProcess, run } from '../support/processes.ts';
import { hashOf, httpClient, UdpClient } from './tracker-clients.ts';

let folder: string;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracker-kill-'));
});

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  await rm(folder, { recursive: true });
});

interface Started {
  readonly port: number;
  readonly child: RunningProcess;
}

async function start(...more: readonly string[]): Promise<Started> {
  const at = ['--port', '0', '--host', '127.0.0.1', '--min-interval', '1', '--json'];
  const child = new RunningProcess(swarmpressCommand('track', ...at, ...more));
  open.push({ close: () => child.stop() });
  const { port } = await child.waitForLine((line) =>
    line.includes('"listening"') ? (JSON.parse(line) as { port: number }) : undefined,
  );
  return { port, child };
}

/** Announces peer after peer until the tracker is gone; when each was answered, on the clock of performance.now(). */
async function loadUntilGone(port: number, announced: Map<number, number>): Promise<void> {
  const client = httpClient({ port });
  for (let peer = 1; ; peer++) {
    try {
      await client.announce({ swarm: 1, peer });
    } catch {
      return;
    }
    announced.set(peer, performance.now());
  }
}

describe('a tracker with a snapshot', () => {
  it('has lost what it heard since the last writing, and nothing else', async () => {
    const snapshot = join(folder, 'swarms');
    const options = ['--snapshot', snapshot, '--snapshot-interval', '1'];
    const first = await start(...options);
    const announced = new Map<number, number>();
    const load = loadUntilGone(first.port, announced);
    await setTimeout(4000);
    const killedAt = performance.now();
    first.child.kill();
    await first.child.exited;
    await load;
    const second = await start(...options);
    const client = httpClient(second);
    const [counts] = await client.scrape([1]);
    const back = counts?.leechers ?? 0;
    // A second between writings, and as long again for a machine that is busy elsewhere.
    const old = [...announced.values()].filter((at) => at < killedAt - 2000).length;
    expect(old).toBeGreaterThan(0);
    expect(back).toBeGreaterThanOrEqual(old);
    expect(back).toBeLessThanOrEqual(announced.size + 1);
    // The lost come back with their next announce.
    for (const peer of [...announced.keys()].slice(-5)) await client.announce({ swarm: 1, peer });
    expect((await client.announce({ swarm: 1, peer: 60_000 })).leechers).toBeGreaterThanOrEqual(back + 1);
  }, 60_000);
});

describe('a tracker with users', () => {
  it('has lost a second of their sums, and counted nothing twice', async () => {
    const users = join(folder, 'users.db');
    const command = async (...args: string[]): Promise<Record<string, unknown>> =>
      JSON.parse(await run(swarmpressCommand(...args, '--users', users, '--json'))) as Record<
        string,
        unknown
      >;
    const credential = String((await command('user', 'add', 'alice'))['passkey']);
    const first = await start('--users', users);
    const said: (readonly [at: number, uploaded: number])[] = [];
    const announce = (port: number, uploaded: number): Promise<unknown> =>
      httpClient({ port }).announce({ swarm: 1, peer: 1, credential, uploaded });
    await httpClient(first).announce({ swarm: 1, peer: 2, credential });
    const load = (async () => {
      for (let uploaded = 0; ; uploaded += 1000) {
        try {
          await announce(first.port, uploaded);
        } catch {
          return;
        }
        said.push([performance.now(), uploaded]);
        await setTimeout(10);
      }
    })();
    await setTimeout(4000);
    const killedAt = performance.now();
    first.child.kill();
    await first.child.exited;
    await load;
    const totals = async (): Promise<number> => {
      const listed = (await command('user', 'list'))['users'] as { readonly uploaded: number }[];
      return listed[0]?.uploaded ?? -1;
    };
    const kept = await totals();
    const last = said.at(-1)?.[1] ?? 0;
    const safe = said.filter(([at]) => at < killedAt - 2000).at(-1)?.[1] ?? 0;
    expect(safe).toBeGreaterThan(0);
    expect(kept).toBeGreaterThanOrEqual(safe);
    expect(kept).toBeLessThanOrEqual(last + 1000);
    // The first announce to the tracker that is back is worth nothing: what was credited is not credited again.
    const second = await start('--users', users);
    await announce(second.port, last);
    second.child.signal('SIGTERM');
    await second.child.exited;
    expect(await totals()).toBe(kept);
  }, 60_000);
});

describe('a tracker with workers', () => {
  const SWARMS = 250;

  it('has lost a sixteenth of the swarms at most when one is killed under load', async () => {
    const tracker = await createTracker({ port: 0, host: '127.0.0.1', workers: 2, minInterval: 1 });
    open.push(tracker);
    const clients = Array.from({ length: 4 }, () => new UdpClient(tracker));
    open.push(...clients);
    const known = (): number =>
      Array.from({ length: SWARMS }, (_, swarm) => tracker.counts(hashOf(swarm))).filter(
        ({ leechers }) => leechers > 0,
      ).length;
    for (let swarm = 0; swarm < SWARMS; swarm++) await clients[0]?.announce({ swarm, peer: 100 });
    expect(known()).toBe(SWARMS);
    let stop = false;
    // All load is on one swarm, so that what is lost elsewhere is not announced again.
    const load = clients.map(async (client, i) => {
      while (!stop) await client.announce({ swarm: 0, peer: i }).catch(() => undefined);
    });
    for (let round = 0; round < 3; round++) {
      await setTimeout(200);
      const before = known();
      await tracker.killWorker(round % 2);
      // A sixteenth, and what chance adds to it.
      expect(before - known()).toBeLessThanOrEqual(SWARMS / 16 + 4 * Math.sqrt(SWARMS / 16));
    }
    stop = true;
    await Promise.all(load);
  }, 60_000);
});
