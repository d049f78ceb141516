// What stands between a connection and the tracker: TLS on the same port, PROXY headers of trusted proxies, the
// operator's API.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { toHex } from '../../src/core/bytes/bytes.ts';
import { UsageError } from '../../src/core/errors.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { hashOf, httpClient, UdpClient } from './tracker-clients.ts';

vi.setConfig({ testTimeout: 180_000 });

const QUERY = '/announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&left=5&compact=0';
let folder = '';
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doors-'));
});

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  await rm(folder, { recursive: true });
});

async function start(options: TrackerOptions): Promise<Tracker> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', ...options });
  open.push(tracker);
  return tracker;
}

/** A certificate of its own for a name. */
async function certify(name: string): Promise<{ tlsCert: string; tlsKey: string }> {
  const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes', '-keyout', tlsKey, '-out', tlsCert];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...subject]);
  return { tlsCert, tlsKey };
}

function getSecurely(
  tracker: Tracker,
  path: string,
): Promise<{ readonly body: string; readonly name: string }> {
  return new Promise((resolve, reject) => {
    const options = { port: tracker.port, host: '127.0.0.1', path, rejectUnauthorized: false, agent: false };
    let name = '';
    const asked = request(options, (response) => {
      let body = '';
      response.setEncoding('latin1').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ body, name });
      });
    });
    asked.on('socket', (socket) => {
      socket.on('secureConnect', () => {
        if (socket instanceof TLSSocket) name = socket.getPeerCertificate().subject.CN?.toString() ?? '';
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Everything that comes back on a connection that begins with these bytes; undefined where it is cut. */
function raw(tracker: Tracker, bytes: Uint8Array | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(tracker.port, '127.0.0.1');
    let heard = '';
    socket.on('error', () => undefined);
    socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
    socket.on('close', () => {
      resolve(heard);
    });
    socket.write(bytes);
  });
}

describe('TLS', () => {
  it('shares the port with plain HTTP and WebSocket, and takes a new certificate while it runs', async () => {
    const tracker = await start(await certify('first.example'));
    expect((await getSecurely(tracker, `${QUERY}&port=7`)).body).toContain('8:interval');
    expect((await httpClient(tracker).announce({ swarm: 1, peer: 1 })).leechers).toBe(1);
    const socket = new WebSocket(`wss://127.0.0.1:${String(tracker.port)}/`, { rejectUnauthorized: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.terminate();
    expect((await getSecurely(tracker, '/health')).name).toContain('first.example');
    await certify('second.example');
    await expect
      .poll(async () => (await getSecurely(tracker, '/health')).name, { timeout: 120_000 })
      .toContain('second.example');
    await writeFile(join(folder, 'cert.pem'), 'nonsense');
    await tracker.reload();
    expect((await getSecurely(tracker, '/health')).name).toContain('second.example');
    expect(tracker.announceUrls('t.example').join(' ')).toContain(
      `https://t.example:${String(tracker.port)}/`,
    );
  });

  it('does not start with half a pair or a file that is none', async () => {
    const { tlsCert } = await certify('a.example');
    await expect(start({ tlsCert })).rejects.toThrow(UsageError);
    await expect(start({ tlsCert, tlsKey: tlsCert })).rejects.toThrow('cannot be used');
  });

  it('survives noise where a handshake should be', async () => {
    const tracker = await start(await certify('a.example'));
    for (let length = 1; length < 60; length += 7) {
      const noise = Buffer.alloc(length, 0x16);
      const socket = connect(tracker.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(noise);
    }
    expect((await httpClient(tracker).announce({ swarm: 1, peer: 1 })).leechers).toBe(1);
  });
});

describe('PROXY protocol', () => {
  const REQUEST = `GET ${QUERY}&port=7 HTTP/1.1\r\nConnection: close\r\n\r\n`;
  const SIGNATURE = '0d0a0d0a000d0a515549540a';
  const binary = Buffer.from(`${SIGNATURE}2111000cc63364077f00000100010002`, 'hex');

  async function storedAfter(tracker: Tracker, header: Uint8Array | string): Promise<string> {
    const heard = await raw(tracker, Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)]));
    if (heard === '') return 'cut';
    return raw(
      tracker,
      Buffer.concat([Buffer.from('PROXY UNKNOWN\r\n'), Buffer.from(REQUEST.replace('port=7', 'port=8'))]),
    );
  }

  const trusting = { proxyProtocol: true, trustedProxies: ['127.0.0.1'] };

  it('names the client in version 1 and 2', async () => {
    expect(await storedAfter(await start(trusting), 'PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n')).toContain(
      '198.51.100.7',
    );
    expect(await storedAfter(await start(trusting), binary)).toContain('198.51.100.7');
    expect(await storedAfter(await start(trusting), 'PROXY TCP6 2001:db8::7 ::1 1 2\r\n')).toContain(
      '2001:db8::7',
    );
  });

  it('is demanded of trusted proxies, and means nothing from others', async () => {
    const tracker = await start(trusting);
    expect(await storedAfter(tracker, '')).toBe('cut');
    expect(await storedAfter(tracker, 'PROXY TCP4 nonsense\r\n')).toBe('cut');
    expect(await storedAfter(tracker, `PROXY TCP4 ${'1'.repeat(200)}`)).toBe('cut');
    const open_ = await start({});
    expect(await raw(open_, `PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n${REQUEST}`)).not.toContain('interval');
    await expect(start({ proxyProtocol: true })).rejects.toThrow('trusted');
  });
});

describe('API of the operator', () => {
  const SECRET = 'a secret of some length'.replaceAll(' ', '-');

  async function ask(
    tracker: Tracker,
    line: string,
    headers: Record<string, string> = {},
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const [method = '', path = ''] = line.split(' ');
    const url = `http://127.0.0.1:${String(tracker.port)}/admin/${path}`;
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${SECRET}`, ...headers } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async function startWithApi(options: TrackerOptions = {}): Promise<Tracker> {
    const adminSecret = join(folder, 'admin.secret');
    await writeFile(adminSecret, `${SECRET}\n`);
    return start({ adminSecret, bans: join(folder, 'bans'), ...options });
  }

  it('is not there without a secret, and for nobody who does not show it', async () => {
    expect((await fetch(`http://127.0.0.1:${String((await start({})).port)}/admin/stats`)).status).toBe(404);
    const tracker = await startWithApi();
    expect((await ask(tracker, 'GET stats')).status).toBe(200);
    expect((await ask(tracker, 'GET stats', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(tracker, 'GET stats', { authorization: `Basic ${SECRET}` })).status).toBe(401);
    expect((await ask(tracker, 'GET stats', { origin: 'http://evil.example' })).status).toBe(403);
    const rebound = `GET /admin/stats HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${SECRET}\r\nConnection: close\r\n\r\n`;
    expect(await raw(tracker, rebound)).toMatch(/^HTTP\/1\.1 403/);
    const named = await startWithApi({ adminHosts: ['evil.example'] });
    expect(await raw(named, rebound)).toMatch(/^HTTP\/1\.1 200/);
  });

  it('lists swarms page by page, and drops one', async () => {
    const tracker = await startWithApi();
    for (let swarm = 1; swarm <= 5; swarm++) await httpClient(tracker).announce({ swarm, peer: swarm });
    const seen: unknown[] = [];
    for (const from of [0, 2, 4]) {
      const { body } = await ask(tracker, `GET swarms?from=${String(from)}&limit=2`);
      seen.push(...(body['swarms'] as unknown[]));
      expect(body['next']).toBe(from === 4 ? undefined : from + 2);
    }
    expect(seen).toHaveLength(5);
    const hash = toHex(hashOf(3));
    expect((await ask(tracker, `GET swarms/${hash}`)).body).toMatchObject({ infoHash: hash, leechers: 1 });
    expect((await ask(tracker, `DELETE swarms/${hash}`)).body).toEqual({ dropped: 1 });
    expect((await ask(tracker, `GET swarms/${hash}`)).body).toMatchObject({ leechers: 0 });
    expect((await ask(tracker, 'GET swarms/xyz')).status).toBe(400);
    expect((await ask(tracker, 'GET nonsense')).status).toBe(404);
  });

  it('bans and unbans torrents, addresses and ranges, over a restart', async () => {
    const tracker = await startWithApi();
    const udp = new UdpClient(tracker);
    open.push(udp);
    const hash = toHex(hashOf(1));
    await ask(tracker, `PUT bans/${hash}`);
    await expect(httpClient(tracker).announce({ swarm: 1, peer: 1 })).rejects.toThrow('not tracked');
    await httpClient(tracker).announce({ swarm: 2, peer: 1 });
    await ask(tracker, 'PUT bans/127.0.0.0/8');
    await expect(udp.announce({ swarm: 2, peer: 1 })).rejects.toThrow('banned');
    expect((await ask(tracker, 'GET bans')).body).toEqual({
      torrents: [hash],
      addresses: ['127.0.0.0/8'],
    });
    expect(await readFile(join(folder, 'bans'), 'utf8')).toBe(`127.0.0.0/8\n${hash}\n`);
    const again = await startWithApi();
    await expect(httpClient(again).announce({ swarm: 2, peer: 1 })).rejects.toThrow('banned');
    await ask(again, 'DELETE bans/127.0.0.0/8');
    await httpClient(again).announce({ swarm: 2, peer: 1 });
    expect((await ask(again, 'DELETE bans/127.0.0.0/8')).status).toBe(400);
    expect((await ask(again, 'PUT bans/nobody')).status).toBe(400);
    expect((await ask(again, 'POST reload')).body).toEqual({ ok: true });
  });
});
