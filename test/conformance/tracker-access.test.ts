// Who may announce: tokens and passkeys in the announce URL, over HTTP, UDP and WebSocket alike, changed while it runs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toHex } from '../../src/core/bytes/bytes.ts';
import { runCli } from '../../src/cli/run.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { createTestIo } from '../support/cli-io.ts';
import { hashOf, httpClient, UdpClient, WsClient, type TrackerClient } from './tracker-clients.ts';

const FRONTENDS: readonly (readonly [string, (tracker: Tracker) => TrackerClient])[] = [
  ['HTTP', httpClient],
  ['UDP', (tracker) => new UdpClient(tracker)],
  ['WebSocket', (tracker) => new WsClient(tracker)],
];

vi.setConfig({ testTimeout: 180_000 });

let folder = '';
let secret = '';
let users = '';
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-'));
  secret = join(folder, 'tokens.key');
  users = join(folder, 'users.db');
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

/** Runs the command; answers the JSON that it printed. */
async function command(...args: readonly string[]): Promise<Record<string, unknown>> {
  const io = createTestIo({ cwd: folder });
  await runCli([...args, '--json'], io);
  return JSON.parse(io.out()) as Record<string, unknown>;
}

async function newToken(...options: readonly string[]): Promise<string> {
  return String((await command('token', 'new', '--secret', secret, ...options))['token']);
}

describe.each(FRONTENDS)('tokens over %s', (_name, connect) => {
  it('open the torrents that they are for, until they end or are revoked', async () => {
    const forOne = await newToken('--torrent', toHex(hashOf(1)));
    const forAll = await newToken();
    const short = await newToken('--expires', '0s');
    const foreign = (await command('token', 'new', '--secret', join(folder, 'other.key')))['token'];
    const tracker = await start({ tokenSecret: secret });
    const client = connect(tracker);
    open.push(client);
    const announce = (swarm: number, peer: number, credential?: string): Promise<unknown> =>
      client.announce({ swarm, peer, ...(credential === undefined ? {} : { credential }) });
    await expect(announce(1, 1)).rejects.toThrow('not valid for this torrent');
    await expect(announce(1, 2, forOne)).resolves.toMatchObject({ leechers: 1 });
    await expect(announce(2, 3, forOne)).rejects.toThrow('not valid for this torrent');
    await expect(announce(2, 4, forAll)).resolves.toMatchObject({ leechers: 1 });
    await expect(announce(2, 5, short)).rejects.toThrow('expired');
    await expect(announce(1, 6, String(foreign))).rejects.toThrow('not valid');
    await expect(announce(1, 7, `${forOne.slice(0, -2)}AA`)).rejects.toThrow('not valid');
    await command('token', 'revoke', forAll, '--secret', secret);
    await expect
      .poll(() => announce(2, 4, forAll).catch((error: unknown) => String(error)), { timeout: 120_000 })
      .toContain('revoked');
  });

  it('passkeys open the tracker to users, and count what they transfer', async () => {
    const passkey = String((await command('user', 'add', 'alice', '--users', users))['passkey']);
    const tracker = await start({ users });
    const client = connect(tracker);
    open.push(client);
    await expect(client.announce({ swarm: 1, peer: 1 })).rejects.toThrow('not valid');
    await client.announce({ swarm: 1, peer: 2, credential: passkey });
    await client.announce({ swarm: 1, peer: 3, credential: passkey, uploaded: 0, downloaded: 0 });
    await client.announce({ swarm: 1, peer: 3, credential: passkey, uploaded: 1000, downloaded: 500 });
    const bob = String((await command('user', 'add', 'bob', '--users', users))['passkey']);
    await expect
      .poll(() => client.announce({ swarm: 1, peer: 4, credential: bob }).catch(() => undefined), {
        timeout: 120_000,
      })
      .toBeDefined();
    await tracker.close();
    open.splice(open.indexOf(tracker), 1);
    expect((await command('user', 'list', '--users', users))['users']).toMatchObject([
      { name: 'alice', uploaded: 1000, downloaded: 500 },
      { name: 'bob', uploaded: 0, downloaded: 0 },
    ]);
  });
});

describe('access by either', () => {
  it('takes a token or a passkey, and locks out a user while it runs', async () => {
    const token = await newToken();
    const passkey = String((await command('user', 'add', 'alice', '--users', users))['passkey']);
    const client = httpClient(await start({ users, tokenSecret: secret }));
    await client.announce({ swarm: 1, peer: 1, credential: token });
    await client.announce({ swarm: 1, peer: 2, credential: passkey });
    await expect(client.announce({ swarm: 1, peer: 3 })).rejects.toThrow('not valid');
    await command('user', 'lock', 'alice', '--users', users);
    await expect
      .poll(
        () =>
          client
            .announce({ swarm: 1, peer: 2, credential: passkey })
            .catch((error: unknown) => String(error)),
        {
          timeout: 120_000,
        },
      )
      .toContain('revoked');
  });

  it('shows a token as it is', async () => {
    const token = await newToken('--torrent', toHex(hashOf(1)), '--expires', '1d');
    const shown = await command('token', 'show', token, '--secret', secret);
    expect(shown).toMatchObject({ valid: true, rights: ['announce'], torrents: ['0101010101010101'] });
    await command('token', 'revoke', String(shown['id']), '--secret', secret);
    expect(await command('token', 'show', token, '--secret', secret)).toMatchObject({
      valid: false,
      revoked: true,
    });
    const url = 'udp://t.example:6969/announce';
    expect(await command('token', 'new', '--secret', secret, '--url', url)).toHaveProperty(
      'url',
      expect.stringMatching(/^udp:\/\/t\.example:6969\/announce\/[\w-]{40,}$/),
    );
  });
});
