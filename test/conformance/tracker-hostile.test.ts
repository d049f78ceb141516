// What strangers may send: noise, pieces of requests, forged ids, floods. The tracker stays silent or refuses, and
// serves the next honest client as before.
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { parseAnnounceReply } from '../../src/core/tracker/http-codec.ts';
import { encodeUdpAnnounce, encodeUdpConnect, encodeUdpScrape } from '../../src/core/tracker/udp-codec.ts';
import { toInfoHash } from '../../src/core/ids.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { hashOf, httpClient, requestOf, UdpClient } from './tracker-clients.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function start(options: TrackerOptions = {}): Promise<Tracker> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', ...options });
  open.push(tracker);
  return tracker;
}

async function udpClient(tracker: Tracker): Promise<UdpClient> {
  const client = new UdpClient(tracker);
  open.push(client);
  return Promise.resolve(client);
}

/** Sends texts one after another and answers all that came back until the tracker closed the connection. */
function exchange(tracker: Tracker, parts: readonly (string | Uint8Array)[], end = true): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(tracker.port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (heard += text));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(heard);
    });
    void (async () => {
      for (const part of parts) {
        socket.write(part, 'latin1' as BufferEncoding);
        await new Promise((next) => setImmediate(next));
      }
      if (end) socket.end();
    })();
  });
}

const ANNOUNCE = '/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=1&left=1';
const REQUEST = `GET ${ANNOUNCE} HTTP/1.1\r\nHost: t\r\n\r\n`;

async function stillServes(tracker: Tracker): Promise<void> {
  expect((await httpClient(tracker).announce({ swarm: 200, peer: 1 })).leechers).toBe(1);
}

describe('UDP', () => {
  it('is silent to noise, to every truncation of a request, and to ids it did not give', async () => {
    const tracker = await start();
    const client = await udpClient(tracker);
    const envelope = await client.connect();
    const announce = encodeUdpAnnounce(envelope, requestOf({ swarm: 1, peer: 1 }), '/announce');
    const connectPacket = encodeUdpConnect(7);
    let answers = 0;
    client.socket.on('message', () => answers++);
    const send = (packet: Uint8Array): void => {
      client.socket.send(packet, tracker.port, '127.0.0.1');
    };
    for (let length = 0; length < 98; length++) send(announce.slice(0, length));
    for (let length = 0; length < 16; length++) send(connectPacket.slice(0, length));
    for (let bit = 0; bit < 64; bit++) {
      const forged = announce.slice();
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      send(forged);
    }
    // Options of BEP 41 that run past the end of the packet.
    send(announce.slice(0, announce.length - 1));
    // The answer to this one comes after all the silence.
    const last = await client.ask(encodeUdpScrape(envelope, [toInfoHash(hashOf(1))]));
    expect(last?.length).toBe(20);
    expect(answers).toBe(1);
    expect(tracker.statistics()).toMatchObject({ announces: 0, swarms: 0, udpBadIds: 64 });
  });

  it('never answers random datagrams with more bytes than they have', async () => {
    const tracker = await start();
    const client = await udpClient(tracker);
    let largest = 0;
    client.socket.on('message', (data: Uint8Array) => (largest = Math.max(largest, data.length)));
    const samples = fc.sample(fc.uint8Array({ maxLength: 200 }), 500);
    for (const packet of samples) client.socket.send(packet, tracker.port, '127.0.0.1');
    await client.connect();
    expect(largest).toBeLessThanOrEqual(16);
    await stillServes(tracker);
  });

  it('answers no more hashes of a scrape than a packet holds', async () => {
    const client = await udpClient(await start());
    const hashes = Array.from({ length: 100 }, (_, i) => toInfoHash(hashOf(i)));
    const reply = await client.ask(encodeUdpScrape(await client.connect(), hashes));
    expect(reply?.length).toBe(8 + 12 * 74);
  });
});

describe('HTTP', () => {
  it('answers pipelined requests in order, wherever the stream is cut', async () => {
    const tracker = await start();
    const twice = `${REQUEST}GET /scrape?info_hash=aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nConnection: close\r\n\r\n`;
    const whole = (text: string): string =>
      text.replace(/intervali\d+e/g, '').replace(/Content-Length: \d+/g, '');
    const expected = whole(await exchange(tracker, [twice]));
    expect(expected.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    for (let cut = 1; cut < twice.length; cut += 3) {
      expect(whole(await exchange(tracker, [twice.slice(0, cut), twice.slice(cut)]))).toBe(expected);
    }
  });

  it('answers every truncation of a request line and never crashes', async () => {
    const tracker = await start();
    for (let length = '/announce'.length; length < ANNOUNCE.length; length += 4) {
      const heard = await exchange(tracker, [
        `GET ${ANNOUNCE.slice(0, length)} HTTP/1.1\r\nConnection: close\r\n\r\n`,
      ]);
      const body = Uint8Array.from(heard.slice(heard.indexOf('\r\n\r\n') + 4), (char) => char.charCodeAt(0));
      expect(['reply', 'failure']).toContain(parseAnnounceReply(body).kind);
    }
  });

  it('refuses heads that are too long, bodies, and folded lines', async () => {
    const tracker = await start();
    const send = (head: string): Promise<string> =>
      exchange(tracker, [`GET ${ANNOUNCE} HTTP/1.1\r\n${head}\r\n\r\n`]);
    expect(await send(`X-Long: ${'a'.repeat(9000)}`)).toMatch(/^HTTP\/1\.1 431/);
    expect(await exchange(tracker, [`GET ${ANNOUNCE}&x=${'a'.repeat(9000)}`])).toMatch(/^HTTP\/1\.1 431/);
    expect(await send('Content-Length: 5')).toMatch(/^HTTP\/1\.1 400/);
    expect(await send('Transfer-Encoding: chunked')).toMatch(/^HTTP\/1\.1 400/);
    expect(await send('A: b\r\n folded')).toMatch(/^HTTP\/1\.1 400/);
    expect(await exchange(tracker, [`GET ${ANNOUNCE} HTTP/3.0\r\n\r\n`])).toMatch(/^HTTP\/1\.1 400/);
    await stillServes(tracker);
  });

  it('survives noise in front of, inside and behind requests', async () => {
    const tracker = await start();
    const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), 60);
    for (const bytes of noise) {
      await exchange(tracker, [bytes]).catch(() => undefined);
      await exchange(tracker, ['GET /announce?', bytes, ' HTTP/1.1\r\n\r\n']).catch(() => undefined);
    }
    await stillServes(tracker);
  });

  it('serves the pages on the same connection after an announce', async () => {
    const tracker = await start();
    const heard = await exchange(tracker, [
      REQUEST,
      'GET /health HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n',
    ]);
    expect(heard).toMatch(/^HTTP\/1\.1 200[\s\S]+HTTP\/1\.1 200[\s\S]+ok\n$/);
  });
});

describe('WebSocket', () => {
  it('answers nonsense with a failure and drops frames that are too large', async () => {
    const tracker = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${String(tracker.port)}/`);
    await new Promise((resolve) => socket.once('open', resolve));
    const hash = 'a'.repeat(20);
    const nonsense: unknown[] = [
      null,
      [],
      7,
      {},
      { action: 'announce' },
      { action: 'announce', info_hash: 'short', peer_id: hash },
      { action: 'announce', info_hash: hash, peer_id: '\u4e00'.repeat(20) },
      { action: 'announce', info_hash: hash, peer_id: hash, offers: [{ offer: { type: 'offer', sdp: 5 } }] },
      { action: 'announce', info_hash: hash, peer_id: hash, offers: [null] },
      { action: 'scrape' },
      { action: 'scrape', info_hash: Array.from({ length: 5000 }, () => hash) },
      { action: '__proto__' },
    ];
    for (const each of ['', '{', '\u0000', ...nonsense.map((value) => JSON.stringify(value))]) {
      const reply = new Promise<string>((resolve) => {
        socket.once('message', (data: Buffer) => {
          resolve(data.toString('utf8'));
        });
      });
      socket.send(each);
      expect(JSON.parse(await reply)).toHaveProperty('failure reason');
    }
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.send('a'.repeat(300 * 1024));
    expect(await closed).toBe(1009);
    await stillServes(tracker);
  });
});

describe('floods', () => {
  it('limits the requests of one address, and tells it to come back later', async () => {
    const tracker = await start({ rateLimit: 1, rateBurst: 3, trustedProxies: ['127.0.0.1'] });
    const ask = async (ip: string): Promise<string> => {
      const headers = { 'x-forwarded-for': ip };
      return await (await fetch(`http://127.0.0.1:${String(tracker.port)}${ANNOUNCE}`, { headers })).text();
    };
    const replies = await Promise.all(Array.from({ length: 5 }, () => ask('203.0.113.5')));
    expect(replies.filter((text) => text.includes('Too many requests'))).toHaveLength(2);
    expect(await ask('203.0.113.6')).toContain('interval');
  });
});
