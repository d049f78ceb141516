import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestIo } from '../../../test/support/cli-io.ts';
import { checkClock } from '../doctor/host-checks.ts';
import { runCli } from '../run.ts';
import { createTracker } from '../../server/tracker.ts';
import { doctorCommand } from './doctor.ts';

const HOST = '127.0.0.1';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function examine(...more: readonly string[]): Promise<{ code: number; out: string }> {
  const io = createTestIo({ cwd: folder });
  const options = ['--host', HOST, '--no-dht', '--no-lsd', '--json', '--state', folder];
  const code = await runCli(['doctor', ...options, ...more], io, [doctorCommand]);
  return { code, out: io.out() };
}

const statusOf = (out: string, check: string): string | undefined =>
  out
    .split('\n')
    .find((line) => line.includes(`"check":"${check}`))
    ?.match(/"status":"(\w+)"/)?.[1];

async function occupy(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

describe('doctor', () => {
  it('finds a tracker that answers, over every protocol, and leaves nothing on the disk', async () => {
    const tracker = await createTracker({ port: 0, host: HOST });
    const authority = `${HOST}:${String(tracker.port)}`;
    const urls = ['http', 'udp', 'ws'].map((scheme) => `${scheme}://${authority}/announce`);
    const { code, out } = await examine('--port', '0', ...urls.flatMap((url) => ['-t', url]));
    await tracker.close();
    expect(urls.map((url) => statusOf(out, `tracker ${url}`))).toEqual(['ok', 'ok', 'ok']);
    for (const check of ['port', 'disk', 'clock']) expect(statusOf(out, check)).not.toBe('fail');
    expect(out).toContain('"event":"doctor","ok":true');
    expect(code).toBe(0);
    expect((await readdir(folder)).filter((name) => name.includes('doctor'))).toEqual([]);
  });

  it('says what to do about a port that is taken, a tracker that is dead and a disk that is not there', async () => {
    const { server, port } = await occupy();
    const dead = `http://${HOST}:1/announce`;
    const { code, out } = await examine('--port', String(port), '-t', dead, '--dir', join(folder, 'none'));
    server.close();
    expect(['port', `tracker ${dead}`, 'disk'].map((check) => statusOf(out, check))).toEqual([
      ...['fail', 'fail', 'fail'],
    ]);
    expect(out).toContain('end what listens there, or name another --port');
    expect(code).toBe(1);
  });

  it('compares the clock with a tracker that tells the time', () => {
    const now = Date.parse('2026-01-01T00:00:00Z') / 1000;
    expect(checkClock('Thu, 01 Jan 2026 00:00:30 GMT', now).status).toBe('ok');
    expect(checkClock('Thu, 01 Jan 2026 01:00:00 GMT', now).status).toBe('fail');
    expect(checkClock(undefined, now).message).toContain('nobody');
  });
});
