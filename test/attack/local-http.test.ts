// A web page in the user's browser speaks to the ports of this host: by a name of its own that it points here (DNS
// rebinding), or across sites with the browser's help (CSRF). Every local port is tried with the same requests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '../../src/daemon/daemon.ts';
import { serveLocally } from '../../src/local-http/serve.ts';
import { createStreamSite } from '../../src/local-http/stream-site.ts';
import { createTracker } from '../../src/server/tracker.ts';

const SECRET = 'a-secret-of-some-length';

interface Door {
  readonly name: string;
  readonly port: number;
  /** What a request that may pass asks for, and with which credentials. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

let folder: string;
let daemon: Daemon;
const doors = new Map<string, Door>();
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attack-'));
  const none = { names: [], otherFolders: [], schedule: [], defaults: {}, version: 'test' };
  daemon = await startDaemon({
    ...{ ...none, port: 0, host: '127.0.0.1', session: { host: '127.0.0.1' } },
    ...{ folder: join(folder, 'downloads'), stateFolder: join(folder, 'daemon') },
  });
  const site = await serveLocally(
    createStreamSite(() => []),
    { port: 0, host: '127.0.0.1' },
  );
  await writeFile(join(folder, 'secret'), SECRET);
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', adminSecret: join(folder, 'secret') });
  closing.push(
    () => daemon.close(),
    () => site.close(),
    () => tracker.close(),
  );
  const bearer = (word: string): Record<string, string> => ({ authorization: `Bearer ${word}` });
  const add = (door: Door): unknown => doors.set(door.name, door);
  add({
    name: 'the API of the daemon',
    port: daemon.port,
    path: '/api/v1/torrents',
    headers: bearer(daemon.token),
  });
  add({ name: 'the page of the daemon', port: daemon.port, path: '/', headers: {} });
  add({ name: 'get --serve', port: site.port, path: '/', headers: {} });
  add({ name: 'the operator’s API', port: tracker.port, path: '/admin/stats', headers: bearer(SECRET) });
});

afterAll(async () => {
  for (const close of closing) await close();
  await rm(folder, { recursive: true, force: true });
});

function ask(
  name: string,
  headers: Record<string, string>,
  more: { method?: string; path?: string } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  const door = doors.get(name);
  if (door === undefined) throw new Error('no such door');
  return new Promise((resolve, reject) => {
    const { port, path } = door;
    const options = { port, host: '127.0.0.1', path, headers: { ...door.headers, ...headers }, ...more };
    const sent = request(options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const NAMES = ['the API of the daemon', 'the page of the daemon', 'get --serve', 'the operator’s API'];

describe('DNS rebinding', () => {
  it.each(NAMES)('%s answers to no name but its own', async (name) => {
    expect((await ask(name, {})).status).toBe(200);
    expect((await ask(name, { host: 'localhost' })).status).toBe(200);
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
    ]) {
      expect((await ask(name, { host })).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('CSRF', () => {
  it.each(NAMES)('%s refuses requests of other sites', async (name) => {
    for (const origin of ['http://evil.example', 'https://localhost', 'null', 'http://127.0.0.1:1']) {
      expect((await ask(name, { origin })).status).toBe(403);
    }
  });

  it.each(NAMES.filter((name) => name !== 'the operator’s API'))(
    '%s refuses what the browser calls foreign',
    async (name) => {
      for (const site of ['cross-site', 'same-site']) {
        for (const mode of ['cors', 'no-cors', 'navigate']) {
          const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': 'iframe' };
          expect((await ask(name, headers)).status).toBe(403);
        }
      }
    },
  );

  it.each(NAMES)('%s lets no other site read an answer or frame it', async (name) => {
    const { headers } = await ask(name, {});
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const answer = await ask(name, preflight, { method: 'OPTIONS' });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it('no request without the token changes anything, whatever its form', async () => {
    const page = 'the page of the daemon';
    for (const path of ['/api/v1/torrents', '/api/v1/settings', '/api/v1/torrents/x']) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const type = { 'content-type': 'text/plain' };
        expect([401, 404, 405]).toContain((await ask(page, type, { method, path })).status);
      }
    }
  });
});
