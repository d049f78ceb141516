// The same scenarios against the tracker under Bun, started as its users do: with the thread that it has there by default,
// and without any.
import { afterEach, describe, expect, it } from 'vitest';
import { findBun } from '../../src/node/bun-binary.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { RunningProcess } from '../support/processes.ts';
import { httpClient, UdpClient, WsClient, type TrackerClient } from './tracker-clients.ts';
import { play, SCENARIOS } from './tracker-scenarios.ts';

const bun = findBun();
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(
  ...more: readonly string[]
): Promise<{ readonly port: number; readonly child: RunningProcess }> {
  const at = ['--port', '0', '--host', '127.0.0.1', '--json'];
  const child = new RunningProcess(swarmpressCommand('track', '--runtime', 'bun', ...at, ...more));
  open.push({
    close: async () => {
      child.kill();
      await child.exited;
    },
  });
  const { port } = await child.waitForLine((line) =>
    line.includes('"listening"') ? (JSON.parse(line) as { port: number }) : undefined,
  );
  return { port, child };
}

const FRONTENDS: readonly (readonly [string, (tracker: { readonly port: number }) => TrackerClient])[] = [
  ['HTTP', httpClient],
  ['UDP', (tracker) => new UdpClient(tracker)],
  ['WebSocket', (tracker) => new WsClient(tracker)],
];

if (bun === undefined) process.stderr.write('The tracker under Bun is not tested: npm install bun\n');

describe.skipIf(bun === undefined)('a tracker under Bun', () => {
  it.each(FRONTENDS.flatMap(([name, connect]) => [0, 1].map((workers) => [name, workers, connect] as const)))(
    'serves %s with %d workers',
    async (_name, workers, connect) => {
      for (const scenario of SCENARIOS) {
        const client = connect(await start('--workers', String(workers)));
        await play(client, scenario);
        await client.close();
        await open.pop()?.close();
      }
    },
    120_000,
  );

  it('has a thread for announces unless told otherwise, reads its files again and stops in order', async () => {
    const { port, child } = await start();
    const client = new UdpClient({ port });
    open.push(client);
    await client.announce({ swarm: 1, peer: 1 });
    const pages = await fetch(`http://127.0.0.1:${String(port)}/stats.json`);
    expect(await pages.json()).toMatchObject({ announces: 1, swarms: 1 });
    process.kill(child.pid, 'SIGHUP');
    await client.announce({ swarm: 1, peer: 2 });
    process.kill(child.pid, 'SIGTERM');
    expect(await child.waitForLine((line) => (line.includes('"closed"') ? line : undefined))).toContain(
      '"announces":2',
    );
    expect(await child.exited).toBe(130);
  });
});
