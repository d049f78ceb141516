// One table of scenarios, run through every frontend of the tracker: they differ in their codec alone.
import { afterEach, describe, expect, it } from 'vitest';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { httpClient, UdpClient, WsClient, type TrackerClient } from './tracker-clients.ts';
import { play, SCENARIOS } from './tracker-scenarios.ts';

const FRONTENDS: readonly (readonly [string, (tracker: Tracker) => TrackerClient])[] = [
  ['HTTP', httpClient],
  ['UDP', (tracker) => new UdpClient(tracker)],
  ['WebSocket', (tracker) => new WsClient(tracker)],
];

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(options: TrackerOptions = {}): Promise<Tracker> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', ...options });
  open.push(tracker);
  return tracker;
}

/** All in one thread, and announces in several threads: answers must not depend on which of them was asked. */
const PARALLEL = FRONTENDS.flatMap((frontend) =>
  [0, 2, 3].map((workers) => [frontend[0], workers, frontend[1]] as const),
);

describe.each(PARALLEL)('tracker over %s with %d workers', (_name, workers, connect) => {
  it.each(SCENARIOS)('$name', async (scenario) => {
    const client = connect(await start({ workers }));
    open.push(client);
    await play(client, scenario);
  });

  it('scrapes several torrents at once', async () => {
    const client = connect(await start({ workers }));
    open.push(client);
    await client.announce({ swarm: 1, peer: 1, left: 0 });
    await client.announce({ swarm: 7, peer: 1 });
    expect(await client.scrape([7, 1, 3])).toMatchObject([
      { seeders: 0, leechers: 1 },
      { seeders: 1, leechers: 0 },
      { seeders: 0, leechers: 0 },
    ]);
  });

  it('tells an interval within a tenth of the configured one', async () => {
    const client = connect(await start({ interval: 1000, workers }));
    open.push(client);
    const { intervalSeconds } = await client.announce({ swarm: 1, peer: 1 });
    expect(intervalSeconds).toBeGreaterThanOrEqual(900);
    expect(intervalSeconds).toBeLessThanOrEqual(1100);
  });
});

describe('WebSocket relay', () => {
  it('hands offers to other peers and answers back to who offered', async () => {
    const client = new WsClient(await start());
    open.push(client);
    await client.announce({ swarm: 1, peer: 1 });
    await client.announce({ swarm: 1, peer: 2 }, [
      { offer_id: 'first-offer', offer: { type: 'offer', sdp: 'v=0 offer' } },
      { offer_id: 'too-many', offer: { type: 'offer', sdp: 'v=0' } },
    ]);
    await client.scrape([1], 1);
    expect(client.relayed.get(1)).toEqual([
      {
        action: 'announce',
        info_hash: '\u0001'.repeat(20),
        peer_id: '-SW0001-000000000002',
        offer_id: 'first-offer',
        offer: { type: 'offer', sdp: 'v=0 offer' },
      },
    ]);
    const socket = await client.socketOf(1);
    socket.send(
      JSON.stringify({
        action: 'announce',
        info_hash: '\u0001'.repeat(20),
        peer_id: '-SW0001-000000000001',
        to_peer_id: '-SW0001-000000000002',
        offer_id: 'first-offer',
        answer: { type: 'answer', sdp: 'v=0 answer' },
      }),
    );
    await client.scrape([1], 1);
    await client.scrape([1], 2);
    expect(client.relayed.get(2)).toMatchObject([{ offer_id: 'first-offer', answer: { sdp: 'v=0 answer' } }]);
  });

  it('forgets a peer when its connection closes', async () => {
    const tracker = await start();
    const client = new WsClient(tracker);
    open.push(client);
    await client.announce({ swarm: 1, peer: 1 });
    await client.announce({ swarm: 1, peer: 2 });
    const socket = await client.socketOf(1);
    socket.terminate();
    await expect.poll(() => tracker.statistics().wsPeers).toBe(1);
    expect(await client.scrape([1], 2)).toMatchObject([{ leechers: 1 }]);
  });
});

describe('rules of the tracker', () => {
  it('refuses private addresses as peers only when it is public', async () => {
    const client = httpClient(await start({ public: true }));
    await expect(client.announce({ swarm: 1, peer: 1 })).rejects.toThrow('address range');
  });

  it('ignores the ip parameter unless it is told to believe it', async () => {
    const announce = async (options: TrackerOptions): Promise<string> => {
      const tracker = await start(options);
      const hash = 'info_hash=aaaaaaaaaaaaaaaaaaaa&port=7';
      const url = `http://127.0.0.1:${String(tracker.port)}/announce?${hash}`;
      await fetch(`${url}&peer_id=bbbbbbbbbbbbbbbbbbbb&left=5&ip=203.0.113.9`);
      return await (await fetch(`${url}0&peer_id=cccccccccccccccccccc&left=5&compact=0`)).text();
    };
    expect(await announce({})).toContain('9:127.0.0.1');
    expect(await announce({ trustClientIp: true })).toContain('11:203.0.113.9');
  });

  it('believes X-Forwarded-For and Forwarded of trusted proxies alone', async () => {
    const seen = async (options: TrackerOptions, headers: Record<string, string>): Promise<string> => {
      const tracker = await start(options);
      const url = `http://127.0.0.1:${String(tracker.port)}/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&port=7&left=5`;
      await fetch(`${url}&peer_id=bbbbbbbbbbbbbbbbbbbb`, { headers });
      return await (await fetch(`${url}0&port=8&peer_id=cccccccccccccccccccc&compact=0`)).text();
    };
    const forwardedFor = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' };
    expect(await seen({}, forwardedFor)).toContain('9:127.0.0.1');
    expect(await seen({ trustedProxies: ['127.0.0.0/8'] }, forwardedFor)).toContain('11:203.0.113.9');
    expect(await seen({ trustedProxies: ['127.0.0.1', '203.0.113.0/24'] }, forwardedFor)).toContain(
      '12:198.51.100.1',
    );
    expect(
      await seen({ trustedProxies: ['127.0.0.1'] }, { forwarded: 'proto=http;for="[2001:db8::7]:80"' }),
    ).toContain('11:2001:db8::7');
  });

  it('serves IPv4 and IPv6 on one port and tells HTTP clients of both', async (context) => {
    const tracker = await createTracker({ port: 0 });
    open.push(tracker);
    const v6 = httpClient(tracker, '::1');
    const heard = await v6.announce({ swarm: 1, peer: 1 }).catch(() => undefined);
    if (heard === undefined) context.skip('no IPv6 loopback here');
    expect((await httpClient(tracker).announce({ swarm: 1, peer: 2 })).peers).toEqual([1]);
    const udp6 = new UdpClient(tracker, '::1');
    const udp4 = new UdpClient(tracker);
    open.push(udp6, udp4);
    expect((await udp6.announce({ swarm: 1, peer: 3 })).peers).toEqual([1]);
    expect((await udp4.announce({ swarm: 1, peer: 4 })).peers).toEqual([2]);
  });
});
