// What a host may run into while it works: the cable is pulled, thousands connect, there are no more files to open, the
// clock is set. Transfers go on; nothing grows without bounds.
import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PEER_PORT } from '../support/clients/peer.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { manifestOf } from '../support/content.ts';
import { until, usageOf, type RunningProcess } from '../support/processes.ts';
import {
  completedIn,
  onScene,
  resumableGet,
  startSeed,
  type TransferScene,
} from '../support/transfer-scene.ts';

const MIB = 2 ** 20;
const LIB = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

/** A download of ours, begun; the command may be put behind another one. */
async function begin(
  { stage, leech, torrent, seed }: TransferScene,
  before: readonly string[] = [],
): Promise<{ readonly get: RunningProcess; readonly folder: string; readonly completed: () => number }> {
  const [folder, state] = [await stage.makeFolder('arrived'), await stage.makeFolder('state')];
  const get = leech.start([...before, ...resumableGet(torrent, { content: folder, state }, seed)]);
  let completed = 0;
  get.onLine((line) => (completed = completedIn('progress')(line) ?? completed));
  return { get, folder, completed: () => completed };
}

async function expectWhole(scene: TransferScene, get: RunningProcess, folder: string): Promise<void> {
  expect(await get.exited, get.output.slice(0, 1500)).toBe(0);
  expect(await manifestOf(join(folder, scene.content.name))).toEqual(scene.content.manifest);
}

describe('a network that is cut', () => {
  it('and restored during a download: it goes on where it was', async () => {
    await onScene({ kind: 'single', bytes: 24 * MIB }, async (scene) => {
      await scene.leech.shape(40e6);
      await startSeed(scene);
      const { get, folder, completed } = await begin(scene);
      await until('half of the download', () => (completed() > 6 * MIB ? true : undefined));
      await scene.leech.setLink(false);
      await sleep(1000);
      const held = completed();
      await sleep(4000);
      expect(completed() - held).toBeLessThan(MIB);
      await scene.leech.setLink(true);
      await expectWhole(scene, get, folder);
      // What had come stayed: at most some blocks were fetched twice.
      expect((await scene.leech.traffic()).received).toBeLessThan(scene.content.bytes * 1.3);
    });
  });
});

/** Opens connections, holds them, says nothing on most and half a handshake on the rest; comes back when put out. */
const CROWD = `
  const { connect } = require('node:net');
  const [host, port, count] = process.argv.slice(1);
  let opened = 0;
  const open = (i) => {
    const socket = connect(Number(port), host);
    socket.on('connect', () => {
      if (++opened === Number(count)) console.log('all are here');
      if (i % 4 === 0) socket.write(Buffer.from('\\x13BitTorrent protocol\\0\\0\\0\\0\\0\\0\\0\\0', 'latin1'));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(open, 500, i));
  };
  for (let i = 0; i < Number(count); i++) open(i);
`;

const withFiles = (count: number): string[] => ['sh', '-c', `ulimit -n ${String(count)} && exec "$@"`, 'sh'];

/** A seeder of ours among a crowd of strangers. */
async function besiege(
  { seed, other, torrent, content }: TransferScene,
  { connections, before = [] }: { connections: number; before?: readonly string[] },
): Promise<{
  readonly seeder: RunningProcess;
  readonly crowd: RunningProcess;
  readonly grown: () => number;
}> {
  const port = String(PEER_PORT);
  const quiet = ['--port', port, '--no-dht', '--no-lsd'];
  const seeder = seed.start([...before, ...swarmpressCommand('seed', torrent, content.folder, ...quiet)]);
  await until('the seeder', () => (/\bseeding\b/.test(seeder.output) ? true : undefined));
  const least = usageOf(seeder.pid).peakBytes;
  const run = [process.execPath, '-e', CROWD, seed.address, port, String(connections)];
  const crowd = other.start([...withFiles(8192), ...run]);
  return { seeder, crowd, grown: () => usageOf(seeder.pid).peakBytes - least };
}

function hasEnded({ exited }: RunningProcess): Promise<boolean> {
  return Promise.race([exited.then(() => true), sleep(50, false)]);
}

describe('two thousand connections at once', () => {
  it('an honest peer is served among them, and memory stays bounded', async () => {
    await onScene({ kind: 'single', bytes: 8 * MIB }, async (scene) => {
      const { seeder, crowd, grown } = await besiege(scene, { connections: 2000 });
      await crowd.waitForLine((line) => (line === 'all are here' ? true : undefined));
      const { get, folder } = await begin(scene);
      await expectWhole(scene, get, folder);
      expect(grown()).toBeLessThan(150 * MIB);
      expect(await hasEnded(seeder)).toBe(false);
    });
  });
});

describe('no more files to open', () => {
  it('a seeder under siege with 64 of them goes on, and serves once there is room', async () => {
    await onScene({ kind: 'folder' }, async (scene) => {
      const { seeder, crowd } = await besiege(scene, { connections: 300, before: withFiles(64) });
      await sleep(3000);
      expect(await hasEnded(seeder)).toBe(false);
      await crowd.stop();
      const { get, folder } = await begin(scene);
      await expectWhole(scene, get, folder);
      expect(await hasEnded(seeder)).toBe(false);
      expect(seeder.output).not.toMatch(/\bat \w.*:\d+:\d+/);
    });
  });

  it('a download of more files than may be open is whole', async () => {
    await onScene({ kind: 'many' }, async (scene) => {
      await startSeed(scene);
      const { get, folder } = await begin(scene, withFiles(64));
      await expectWhole(scene, get, folder);
    });
  });
});

describe.runIf(existsSync(LIB))('a clock that jumps', () => {
  it('by a day and back during a download changes nothing', async () => {
    await onScene({ kind: 'single', bytes: 12 * MIB }, async (scene) => {
      await scene.leech.shape(30e6);
      await startSeed(scene);
      const clock = join(scene.stage.folder, 'clock');
      await writeFile(clock, '+0\n');
      const fake = [
        'FAKETIME_NO_CACHE=1',
        'FAKETIME_DONT_FAKE_MONOTONIC=1',
        `FAKETIME_TIMESTAMP_FILE=${clock}`,
      ];
      const { get, folder, completed } = await begin(scene, ['env', `LD_PRELOAD=${LIB}`, ...fake]);
      for (const [at, offset] of [
        [2, '+86400'],
        [5, '-86400'],
        [8, '+0'],
      ] as const) {
        await until('so much of the download', () => (completed() > at * MIB ? true : undefined));
        await writeFile(clock, `${offset}\n`);
      }
      await expectWhole(scene, get, folder);
    });
  });
});
