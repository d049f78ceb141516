// Swarms shared through Debian's redis-server: the store's conformance suite across two machines, two trackers that see
// each other's peers, and what kill -9 of Redis and of a tracker costs.
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRedisShare } from '../../src/server/share/redis-share.ts';
import type { ShareStatistics } from '../../src/server/share/share.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { silentLog } from '../../src/ports/log.ts';
import { describePeerStore } from '../conformance/peer-store.ts';
import { httpClient } from '../conformance/tracker-clients.ts';
import { isEvent, swarmpressCommand } from '../support/clients/swarmpress.ts';
import { createHosts, type Host } from '../support/network.ts';
import { RunningProcess, until } from '../support/processes.ts';
import { onStage } from '../support/stage.ts';
import { RedisServer } from '../support/redis.ts';
import { createMemoryStore } from '../support/stores.ts';

const PATIENT = { timeoutMs: 180_000, everyMs: 20 };
let redis: RedisServer;
let prefixes = 0;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(async () => {
  await redis.stop();
});

function freshUrl(): string {
  return `${redis.url}?prefix=test-${String(prefixes++)}:`;
}

describePeerStore('Redis between two machines', async () => {
  const url = freshUrl();
  const machines = [createMemoryStore(), createMemoryStore()].map(({ store, lifetimeMs, now }) =>
    createRedisShare(url, { local: store, lifetimeMs, now, log: silentLog }),
  );
  const [first, second] = machines;
  if (first === undefined || second === undefined) throw new Error('two machines');
  for (const machine of machines) await machine.open();
  const settled = async (): Promise<void> => {
    await until(
      'both machines to know the same',
      () => {
        const [a, b] = [first.statistics(), second.statistics()];
        const shared = a.state === 'shared' && b.state === 'shared' && a.waiting === 0;
        return (shared && b.received >= a.sent) || undefined;
      },
      PATIENT,
    );
  };
  await settled();
  return {
    heard: first.store,
    asked: second.store,
    now: createMemoryStore().now,
    settle: settled,
    dispose: async () => {
      for (const machine of machines) await machine.close();
    },
  };
});

describe('two trackers', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function start(store: string): Promise<Tracker> {
    const tracker = await createTracker({ port: 0, host: '127.0.0.1', udp: false, store });
    open.push(tracker);
    return tracker;
  }

  function shareOf(tracker: Tracker): ShareStatistics {
    const { share } = tracker.statistics();
    if (share === undefined) throw new Error('the tracker has no shared store');
    return share;
  }

  async function stateIs(tracker: Tracker, state: ShareStatistics['state']): Promise<void> {
    await until(`the store to be ${state}`, () => shareOf(tracker).state === state || undefined, PATIENT);
  }

  async function knows(tracker: { readonly port: number }, peers: readonly number[]): Promise<void> {
    const client = httpClient(tracker);
    await until(
      `${String(peers.length)} peers`,
      async () => {
        const [counts] = await client.scrape([1]);
        return (counts?.leechers ?? 0) >= peers.length || undefined;
      },
      PATIENT,
    );
  }

  function range(first: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => first + i);
  }

  it('go on from memory when Redis is killed, and fill an empty one when it is back', async () => {
    const server = await RedisServer.start();
    open.push({ close: () => server.stop() });
    const [first, second] = [await start(server.url), await start(server.url)];
    await stateIs(first, 'shared');
    await stateIs(second, 'shared');
    const clients = [httpClient(first), httpClient(second)] as const;
    let next = 1;
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted) {
        await clients[0].announce({ swarm: 1, peer: next++ });
        await clients[1].announce({ swarm: 1, peer: next++ });
        await setTimeout(2);
      }
    })();
    await until('load', () => next > 200 || undefined, PATIENT);
    await server.kill();
    await stateIs(first, 'away');
    await stateIs(second, 'away');
    expect(await textOf(first, 'health')).toMatch(/^degraded: /);
    expect(await textOf(first, 'metrics')).toContain('swarmpress_tracker_share_up 0');
    const atLoss = next;
    await until('answers from memory', () => next > atLoss + 100 || undefined, PATIENT);
    await server.start();
    await stateIs(first, 'shared');
    await stateIs(second, 'shared');
    stop.abort();
    await load;
    const all = range(1, next - 1);
    await knows(first, all);
    await knows(second, all);
    expect(await textOf(first, 'health')).toBe('ok\n');
    const third = await start(server.url);
    await knows(third, all);
  });

  it('start without Redis and share once it is there', async () => {
    const server = await RedisServer.start();
    open.push({ close: () => server.stop() });
    await server.kill();
    const [first, second] = [await start(server.url), await start(server.url)];
    await httpClient(first).announce({ swarm: 1, peer: 1 });
    await httpClient(second).announce({ swarm: 1, peer: 2 });
    await server.start();
    await knows(first, [1, 2]);
    await knows(second, [1, 2]);
  });

  it('lose no more with a killed tracker than what it heard in its last moment', async () => {
    const url = freshUrl();
    const witness = await start(url);
    const options = ['track', '--json', '--port', '0', '--host', '127.0.0.1', '--no-udp', '--store', url];
    const run = async (): Promise<{ process: RunningProcess; port: number }> => {
      const process = new RunningProcess(swarmpressCommand(...options));
      open.push({ close: () => process.stop() });
      const port = await process.waitForLine((line) => {
        const match = isEvent('listening')(line) === true ? /"port":(\d+)/.exec(line) : null;
        return match === null ? undefined : Number(match[1]);
      });
      return { process, port };
    };
    const victim = await run();
    const before = range(1, 300);
    const client = httpClient(victim);
    for (const peer of before) await client.announce({ swarm: 1, peer });
    await knows(witness, before);
    let peer = before.length;
    const load = (async () => {
      for (;;) {
        await client.announce({ swarm: 1, peer: ++peer });
        await setTimeout(1);
      }
    })().catch(() => undefined);
    await until('load', () => peer > before.length + 100 || undefined, PATIENT);
    victim.process.kill();
    await load;
    const successor = await run();
    await knows(successor, before);
    await httpClient(successor).announce({ swarm: 1, peer: 60_000 });
    await until(
      'the witness to hear of it',
      async () => {
        const heard = await httpClient(witness).announce({ swarm: 1, peer: 60_001, numWant: 1 });
        return heard.leechers > before.length + 1 || undefined;
      },
      PATIENT,
    );
  });

  async function textOf(tracker: Tracker, path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${String(tracker.port)}/${path}`)).text();
  }
});

it('trackers on two hosts tell their clients of each other', async () => {
  await onStage(async (stage) => {
    const [store, ...hosts] = await createHosts(stage, 3);
    if (store === undefined) throw new Error('no hosts');
    const options = ['--bind', store.address, '--port', '6379', '--protected-mode', 'no', '--save', ''];
    store.start(['redis-server', ...options, '--dir', await stage.makeFolder('redis')]);
    for (const host of hosts) {
      const tracker = host.start(
        swarmpressCommand('track', '--json', '--store', `redis://${store.address}:6379`),
      );
      await tracker.waitForLine(isEvent('listening'));
    }
    const announce = (host: Host): Promise<string> => {
      const peer = `info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=7000&left=1&compact=0`;
      return host.run(['curl', '--silent', `http://${host.address}:6969/announce?${peer}`]);
    };
    for (const [index, host] of hosts.entries()) {
      const other = hosts[1 - index];
      if (other === undefined) throw new Error('no other host');
      await announce(other);
      await until(
        `${host.address} to know of ${other.address}`,
        async () => (await announce(host)).includes(other.address) || undefined,
        PATIENT,
      );
    }
  });
});
