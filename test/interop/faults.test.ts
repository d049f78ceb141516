// What goes wrong in the world ends in one clear line or in a whole download, never in a wrong byte.
import { cp, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PEER_PORT } from '../support/clients/peer.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { manifestOf } from '../support/content.ts';
import type { Host } from '../support/network.ts';
import { until, type RunningProcess } from '../support/processes.ts';
import {
  completedIn,
  onScene,
  peerOption,
  resumableGet,
  startSeed,
  type TransferScene,
} from '../support/transfer-scene.ts';

/** What a process printed for people: all but its JSON. */
function linesOf(process: RunningProcess): string[] {
  return process.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

async function expectOneLine(process: RunningProcess, line: RegExp): Promise<void> {
  expect(await process.exited).toBe(1);
  expect(linesOf(process)).toEqual([expect.stringMatching(line)]);
}

describe('a downloader killed at any moment', () => {
  it('resumes from where it was, 20 times, and ends with every byte right', async () => {
    await onScene({ kind: 'single', bytes: 48 * 2 ** 20 }, async (scene) => {
      const { stage, leech, torrent, content } = scene;
      await leech.shape(200e6);
      await startSeed(scene);
      const [folder, state] = [await stage.makeFolder('arrived'), await stage.makeFolder('state')];
      const get = resumableGet(torrent, { content: folder, state }, scene.seed);
      const start = (): RunningProcess => leech.start(get);
      let least = 0;
      for (let kill = 0; kill < 20; kill += 1) {
        const process = start();
        const checked = await process.waitForLine(completedIn('checked'));
        expect(checked).toBeGreaterThanOrEqual(least);
        let completed = checked;
        process.onLine((line) => (completed = completedIn('progress')(line) ?? completed));
        await setTimeout(20 + ((kill * 7919) % 130));
        await process.stop();
        least = completed;
      }
      expect(least).toBeGreaterThan(0);
      const last = start();
      expect(await last.exited).toBe(0);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
      // Each kill loses at most what was under way.
      expect((await leech.traffic()).received).toBeLessThan(content.bytes * 1.8);
    });
  });
});

describe.concurrent('the disk of a downloader', () => {
  for (const { name, mount, line } of [
    { name: 'is full', mount: 'size=2m', line: /DISK_FULL/ },
    { name: 'is read-only', mount: 'ro', line: /READ_ONLY/ },
  ]) {
    it(name, async () => {
      await onScene({ kind: 'single' }, async (scene) => {
        await startSeed(scene);
        const folder = await scene.stage.makeFolder('small');
        const get = swarmpressCommand(
          'get',
          scene.torrent,
          '-d',
          folder,
          '--quiet',
          ...peerOption(scene.seed),
        );
        // The mount is seen by this process alone, and goes with it.
        const script = `mount -t tmpfs -o ${mount} tmpfs '${folder}' && exec "$@"`;
        await expectOneLine(scene.leech.start(['sh', '-c', script, 'sh', ...get]), line);
      });
    });
  }
});

describe.concurrent('a seeder', () => {
  const seed = ({ seed: host, torrent, content }: TransferScene): RunningProcess =>
    host.start(swarmpressCommand('seed', torrent, content.folder, '--quiet', '--port', String(PEER_PORT)));

  it('names the file that is missing', async () => {
    await onScene({ kind: 'folder' }, async (scene) => {
      await rm(join(scene.content.path, 'z-last.bin'));
      await expectOneLine(seed(scene), /CONTENT_MISSING .*z-last\.bin/);
    });
  });

  it('names the file that is short', async () => {
    await onScene({ kind: 'folder' }, async (scene) => {
      await truncate(join(scene.content.path, 'z-last.bin'), 1000);
      await expectOneLine(seed(scene), /CONTENT_WRONG_LENGTH .*z-last\.bin.* 1000 bytes/);
    });
  });

  it('serves no file that is not what the torrent says', async () => {
    await onScene({ kind: 'folder' }, async (scene) => {
      await writeFile(join(scene.content.path, 'z-last.bin'), new Uint8Array(1_234_567));
      await expectOneLine(seed(scene), /CONTENT_WRONG .*pieces in .*z-last\.bin/);
    });
  });

  it('says which port is taken', async () => {
    await onScene({ kind: 'single' }, async (scene) => {
      await startSeed(scene);
      await expectOneLine(seed(scene), new RegExp(`ADDRESS_IN_USE .*${String(PEER_PORT)}`));
    });
  });

  it('says that the torrent file is none', async () => {
    await onScene({ kind: 'single' }, async (scene) => {
      await writeFile(scene.torrent, 'd4:infod');
      await expectOneLine(seed(scene), /BENCODE_/);
    });
  });
});

/** Answers of a tracker that is not one. */
const LIES: Readonly<Record<string, string>> = {
  '/garbage': `'\\x00\\xff not bencode'`,
  '/failure': `'d14:failure reason9:no, sorrye'`,
  '/self': `'d8:intervali-5e5:peers6:\\x7f\\x00\\x00\\x01\\x00\\x01e'`,
  '/odd': `'d8:intervali1e5:peers7:abcdefge'`,
  '/huge': `'d8:intervali99999999999999999999e5:peers600000:' + '\\x0a\\x0a\\x00\\xfa\\x00\\x09'.repeat(100000) + 'e'`,
  '/endless': `'x'.repeat(50e6)`,
};

async function startLiar(host: Host): Promise<string> {
  const answers = Object.entries(LIES).map(([path, answer]) => `'${path}': () => ${answer}`);
  const script = `
    const answers = { ${answers.join(', ')} };
    require('node:http').createServer((request, response) => {
      const answer = answers[request.url.split('?')[0]];
      response.end(Buffer.from(answer === undefined ? '' : answer(), 'latin1'));
    }).listen(80, () => console.log('listening'));
  `;
  const server = host.start([process.execPath, '-e', script]);
  await server.waitForLine((line) => (line === 'listening' ? true : undefined));
  return `http://${host.address}`;
}

describe.concurrent('a downloader', () => {
  it('says once that a tracker is down and goes on', async () => {
    await onScene({ kind: 'single' }, async (scene) => {
      await startSeed(scene);
      const down = `http://${scene.other.address}:6969/announce`;
      const folder = await scene.stage.makeFolder('arrived');
      const get = scene.leech.start(
        swarmpressCommand(
          'get',
          scene.torrent,
          '-d',
          folder,
          '--seed',
          '-t',
          down,
          ...peerOption(scene.seed),
        ),
      );
      await until('the download', () => (/\bwhole in\b/.test(get.output) ? true : undefined));
      await until('a word on the tracker', () => (get.output.includes(down) ? true : undefined));
      expect(linesOf(get).filter((line) => line.includes(down))).toHaveLength(1);
      expect(await manifestOf(join(folder, scene.content.name))).toEqual(scene.content.manifest);
    });
  });

  it('lives through trackers that lie', async () => {
    await onScene({ kind: 'single' }, async (scene) => {
      await startSeed(scene);
      const liar = await startLiar(scene.other);
      const folder = await scene.stage.makeFolder('arrived');
      const trackers = Object.keys(LIES).flatMap((path) => ['-t', `${liar}${path}`]);
      const get = scene.leech.start(
        swarmpressCommand('get', scene.torrent, '-d', folder, '--seed', '--json', ...trackers),
      );
      const refused = new Set<string>();
      get.onLine((line) => {
        const tracker = /"code":"TRACKER_FAILED","tracker":"([^"]+)"/.exec(line)?.[1];
        if (tracker !== undefined) refused.add(tracker.slice(liar.length));
      });
      await until('complaints about the liars', () => (refused.size >= 4 ? true : undefined));
      expect([...refused].sort()).toEqual(
        expect.arrayContaining(['/endless', '/failure', '/garbage', '/odd']),
      );
      await get.stop();
    });
  });

  it('takes no wrong byte from a peer that lies', async () => {
    await onScene({ kind: 'single' }, async (scene) => {
      const { stage, content, torrent, leech, other } = scene;
      const wrong = await stage.makeFolder('wrong');
      await cp(content.path, join(wrong, content.name));
      await writeFile(join(wrong, content.name), new Uint8Array(content.bytes));
      const listen = [`--listen-port=${String(PEER_PORT)}`, '--enable-dht=false', '--seed-ratio=0.0'];
      other.start(['aria2c', '--no-conf', '--bt-seed-unverified=true', ...listen, `--dir=${wrong}`, torrent]);
      // The honest seed is slow until the liar has been heard.
      await scene.seed.shape(1e6);
      await startSeed(scene);
      const folder = await stage.makeFolder('arrived');
      const peers = [...peerOption(other), ...peerOption(scene.seed)];
      const get = leech.start(swarmpressCommand('get', torrent, '-d', folder, ...peers));
      await until('wrong data on the wire', async () =>
        (await other.traffic()).sent > 100_000 ? true : undefined,
      );
      await scene.seed.shape(1e9);
      expect(await get.exited).toBe(0);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    });
  });
});
