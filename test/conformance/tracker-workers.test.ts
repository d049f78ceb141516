// What holds where several threads serve one tracker: counts and rules are the tracker's, not a thread's; a thread that
// dies in the middle of its work takes at most a sixteenth of the swarms with it, and nobody waits for it.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import type { AccessControl } from '../../src/core/tracker/policy.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { httpClient, UdpClient } from './tracker-clients.ts';

const sockets: Socket[] = [];
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(options: TrackerOptions = {}): Promise<Tracker> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', workers: 2, ...options });
  open.push(tracker);
  return tracker;
}

/** Answers all that comes until the tracker closes. */
function exchange(tracker: Tracker, parts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(tracker.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (heard += text));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(heard);
    });
    void (async () => {
      for (const part of parts) {
        socket.write(part, 'latin1');
        await new Promise((next) => setTimeout(next, 20));
      }
    })();
  });
}

function announceLine(peer: number, close = false): string {
  const query = `info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=${String(peer).padStart(20, '0')}&port=${String(1000 + peer)}&left=1`;
  return `GET /announce?${query} HTTP/1.1\r\nHost: t\r\n${close ? 'Connection: close\r\n' : ''}\r\n`;
}

describe('a tracker of several threads', () => {
  it('counts as one', async () => {
    const tracker = await start();
    const udp = new UdpClient(tracker);
    open.push(udp);
    for (let peer = 1; peer <= 20; peer++) {
      await udp.announce({ swarm: peer % 7, peer });
      await httpClient(tracker).announce({ swarm: peer % 7, peer: 100 + peer, event: 'completed', left: 0 });
    }
    await expect.poll(() => tracker.statistics().announces).toBe(40);
    expect(tracker.statistics()).toMatchObject({
      swarms: 7,
      peers4: 40,
      seeds: 20,
      completed: 20,
      udpConnects: 20,
    });
    const total = Array.from({ length: 7 }, (_, swarm) => tracker.counts(new Uint8Array(20).fill(swarm)));
    expect(total.reduce((sum, { seeders, leechers }) => sum + seeders + leechers, 0)).toBe(40);
  });

  it('takes over new rules in every thread', async () => {
    const tracker = await start({ interval: 1000 });
    const udp = new UdpClient(tracker);
    open.push(udp);
    await udp.announce({ swarm: 1, peer: 1 });
    await tracker.reload({ interval: 100, public: true });
    await expect
      .poll(() => udp.announce({ swarm: 1, peer: 1 }).catch((error: unknown) => String(error)), {
        timeout: 60_000,
      })
      .toContain('address range');
  });

  it('answers requests in parts and in a row, in order, and refuses what is none', async () => {
    const tracker = await start();
    const first = announceLine(1);
    const second = announceLine(2);
    const parts = [first.slice(0, 30), first.slice(30) + second + second.slice(0, 9), second.slice(9)];
    const heard = await exchange(tracker, [...parts, announceLine(3, true)]);
    expect(heard.match(/HTTP\/1.1 200 OK/g)).toHaveLength(4);
    expect(heard.match(/10:incompletei(\d)e/g)).toEqual(
      [1, 2, 2, 3].map((n) => `10:incompletei${String(n)}e`),
    );
    expect(await exchange(tracker, ['GET /announce?x HTTP/9\r\n\r\n'])).toContain('400 Bad Request');
    expect(await exchange(tracker, [`GET /announce?${'x'.repeat(9000)}`])).toContain('431 ');
  });

  it('leaves pages and other requests to the main thread, on the connection where they came', async () => {
    const tracker = await start();
    const page = 'GET /health HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n';
    const heard = await exchange(tracker, [announceLine(1) + page.slice(0, 5), page.slice(5)]);
    expect(heard).toMatch(/8:interval[^]*200 OK[^]*ok/);
  });

  it('holds connections that it passes on to the limit too', async () => {
    const tracker = await start({ maxConnections: 2 });
    const page = 'GET /health HTTP/1.1\r\nHost: t\r\n\r\n';
    const kept = Array.from({ length: 2 }, () => connect(tracker.port, '127.0.0.1'));
    for (const socket of kept) {
      sockets.push(socket);
      socket.write(page);
      await once(socket, 'data');
    }
    const refused = connect(tracker.port, '127.0.0.1').on('error', () => undefined);
    let heard = 0;
    refused.on('data', () => heard++);
    refused.write(page);
    await new Promise((resolve) => refused.once('close', resolve));
    expect(heard).toBe(0);
  });

  it('goes on when a thread dies at work, and replaces it', async () => {
    const tracker = await start({ minInterval: 1 });
    const clients = Array.from({ length: 8 }, () => new UdpClient(tracker));
    open.push(...clients);
    let stop = false;
    let answered = 0;
    const load = clients.map(async (client, i) => {
      for (let peer = 0; !stop; peer++) {
        // A packet that the dying thread had taken is lost, as packets are: clients ask again.
        const heard = await client.announce({ swarm: peer % 250, peer: i }).catch(() => undefined);
        if (heard !== undefined) answered++;
      }
    });
    for (let round = 0; round < 4; round++) {
      const before = answered;
      await expect.poll(() => answered - before, { timeout: 60_000 }).toBeGreaterThan(250);
      await tracker.killWorker(round % 2);
    }
    const before = answered;
    await expect.poll(() => answered - before, { timeout: 60_000 }).toBeGreaterThan(250);
    stop = true;
    await Promise.all(load);
    // Every swarm that is announced again is whole.
    const client = httpClient(tracker);
    for (let swarm = 0; swarm < 250; swarm++) {
      await client.announce({ swarm, peer: 200 });
      const { leechers, seeders } = tracker.counts(new Uint8Array(20).fill(swarm));
      expect(leechers + seeders).toBeLessThanOrEqual(9);
      expect((await client.announce({ swarm, peer: 201 })).peers).toHaveLength(leechers);
    }
  }, 180_000);

  it.each<[string, TrackerOptions, AccessControl?]>([
    ['shared with other machines', { store: 'redis://127.0.0.1:1' }],
    ['HTTPS', { tlsCert: 'cert', tlsKey: 'key' }],
    ['the PROXY protocol', { proxyProtocol: true, trustedProxies: ['127.0.0.1'] }],
    ['WebSocket alone', { http: false, udp: false }],
    ['bans', { bans: 'no such file' }],
    ['tokens', { tokenSecret: 'no such file' }],
    ['passkeys', { users: 'no such folder' }],
    ["the operator's API", { adminSecret: 'no such file' }],
    ['functions', {}, { check: () => undefined }],
  ])('says that %s excludes it', async (words, options, access) => {
    const started = createTracker({ port: 0, workers: 2, ...options }, { access });
    const error: unknown = await started.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TRACKER_NO_WORKERS' });
    expect(String(error)).toContain(words);
  });

  it('says that lists which are functions exclude it', async () => {
    const torrents = { allows: () => true };
    await expect(createTracker({ port: 0, workers: 2 }, { torrents })).rejects.toMatchObject({
      code: 'TRACKER_NO_WORKERS',
    });
  });

  it('believes trusted proxies in every thread', async () => {
    const tracker = await start({ trustedProxies: ['127.0.0.1'] });
    const line = announceLine(1).replace(
      /\r\n$/,
      'X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n',
    );
    expect(await exchange(tracker, [line])).toContain('11:external ip4:\xcb\x00\x71\x09');
  });
});
