// What a tracker keeps in files: lists of torrents that change under it, and a snapshot that outlives it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes/bytes.ts';
import { ProtocolError, SystemError, UsageError } from '../../src/core/errors.ts';
import type { TrackerOptions } from '../../src/server/options.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { hashOf, httpClient } from './tracker-clients.ts';

let folder = '';
const open: Tracker[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracker-'));
});

afterEach(async () => {
  for (const tracker of open.splice(0)) await tracker.close();
  await rm(folder, { recursive: true });
});

async function start(options: TrackerOptions): Promise<Tracker> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1', udp: false, ...options });
  open.push(tracker);
  return tracker;
}

describe('list of torrents', () => {
  it('serves the allowed alone, and follows changes of the file', async () => {
    const allow = join(folder, 'allow.txt');
    await writeFile(allow, `# ours\n${toHex(hashOf(1))} # the first\n`);
    const client = httpClient(await start({ allow }));
    expect((await client.announce({ swarm: 1, peer: 1 })).leechers).toBe(1);
    await expect(client.announce({ swarm: 2, peer: 1 })).rejects.toThrow('not tracked here');
    await writeFile(allow, `${toHex(hashOf(2))}\n`);
    await expect
      .poll(() => client.announce({ swarm: 2, peer: 1 }).catch(() => undefined), { timeout: 5000 })
      .toBeDefined();
    await expect(client.announce({ swarm: 1, peer: 1 })).rejects.toThrow('not tracked here');
  });

  it('keeps the last good list when the file breaks', async () => {
    const deny = join(folder, 'deny.txt');
    await writeFile(deny, toHex(hashOf(1)));
    const tracker = await start({ deny });
    await writeFile(deny, 'nonsense');
    await tracker.reload();
    await expect(httpClient(tracker).announce({ swarm: 1, peer: 1 })).rejects.toThrow('not tracked here');
    expect((await httpClient(tracker).announce({ swarm: 2, peer: 1 })).leechers).toBe(1);
  });

  it('does not start with a list that is missing, broken, or of both kinds', async () => {
    const list = join(folder, 'list');
    await expect(start({ allow: list })).rejects.toThrow(SystemError);
    await writeFile(list, 'nonsense');
    await expect(start({ allow: list })).rejects.toThrow(ProtocolError);
    await expect(start({ allow: list, deny: list })).rejects.toThrow(UsageError);
  });
});

describe('snapshot file', () => {
  it('brings the swarms back after a restart', async () => {
    const snapshot = join(folder, 'swarms');
    const first = await start({ snapshot });
    await httpClient(first).announce({ swarm: 1, peer: 1, left: 0, event: 'completed' });
    await first.close();
    const second = await start({ snapshot });
    const heard = await httpClient(second).announce({ swarm: 1, peer: 2 });
    expect(heard).toMatchObject({ seeders: 1, peers: [1] });
    expect(await httpClient(second).scrape([1])).toMatchObject([{ downloads: 1 }]);
  });

  it('refuses a file that is torn or foreign, and leaves it as it is', async () => {
    const snapshot = join(folder, 'swarms');
    await writeFile(snapshot, 'my diary');
    await expect(start({ snapshot })).rejects.toThrow('no snapshot');
    expect(await readFile(snapshot, 'utf8')).toBe('my diary');
  });
});

describe('reload', () => {
  it('takes over intervals and rules without a restart', async () => {
    const tracker = await start({ interval: 1000 });
    await tracker.reload({ interval: 100, public: true });
    await expect(httpClient(tracker).announce({ swarm: 1, peer: 1 })).rejects.toThrow('address range');
    await tracker.reload({ interval: 100 });
    expect((await httpClient(tracker).announce({ swarm: 1, peer: 1 })).intervalSeconds).toBeLessThanOrEqual(
      110,
    );
    await expect(tracker.reload({ interval: 0 })).rejects.toThrow(UsageError);
  });
});
