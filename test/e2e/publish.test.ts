// A publication from one command to strangers on other machines, and what both sides do when they are interrupted.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aria2 } from '../support/clients/aria2.ts';
import { libtorrent } from '../support/clients/libtorrent.ts';
import { qbittorrent } from '../support/clients/qbittorrent.ts';
import { transmission } from '../support/clients/transmission.ts';
import { finished, type PeerClient } from '../support/clients/peer.ts';
import { swarmpressCommand } from '../support/clients/swarmpress.ts';
import { makeContent, manifestOf, withoutEmptyFiles, type Content } from '../support/content.ts';
import { createHosts, type Host } from '../support/network.ts';
import { until, type RunningProcess } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly publisher: Host;
  readonly stranger: Host;
  readonly state: string;
}

interface Published {
  readonly process: RunningProcess;
  readonly page: string;
  readonly torrent: string;
  readonly magnet: string;
  readonly infoHash: string;
  readonly reused: boolean;
}

async function onScene(bytes: number | undefined, body: (scene: Scene) => Promise<void>): Promise<void> {
  await onStage(async (stage) => {
    const [publisher, stranger] = await createHosts(stage, 2);
    if (publisher === undefined || stranger === undefined) throw new Error('no hosts');
    const kind = bytes === undefined ? 'folder' : 'single';
    const content = await makeContent(await stage.makeFolder('content'), kind, bytes);
    await body({ stage, content, publisher, stranger, state: await stage.makeFolder('state') });
  });
}

async function publish({ publisher, content, state }: Scene, ...options: string[]): Promise<Published> {
  const args = ['publish', content.path, '--state', state, '--json', ...options];
  const process = publisher.start(swarmpressCommand(...args));
  const line = await process.waitForLine((text) => (text.includes('"event":"published"') ? text : undefined));
  const field = (name: string): string => new RegExp(`"${name}":"([^"]*)"`).exec(line)?.[1] ?? '';
  return {
    process,
    ...{
      page: field('page'),
      torrent: field('torrent'),
      magnet: field('magnet'),
      infoHash: field('infoHash'),
    },
    reused: line.includes('"reused":true'),
  };
}

function get({ stranger, stage }: Scene, source: string, ...options: string[]): RunningProcess {
  const state = join(stage.folder, 'stranger-state');
  return stranger.start(swarmpressCommand('get', source, '--state', state, ...options));
}

async function statusOf({ stranger }: Scene, page: string): Promise<string> {
  return stranger.run(['curl', '-sS', `${page}status.json`]);
}

describe('a publication', () => {
  it('is fetched by its page address and counts what it has given', async () => {
    await onScene(undefined, async (scene) => {
      const { content, stage } = scene;
      const { page, process } = await publish(scene, '--no-web-seed');
      const folder = await stage.makeFolder('arrived');
      expect(await get(scene, page, '-d', folder).exited).toBe(0);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
      const status = await until('the finished download in the status', async () => {
        const text = await statusOf(scene, page);
        return text.includes('"completed":1') ? text : undefined;
      });
      // Padding is uploaded as well.
      expect(status).toMatch(/"copies":1(\.0\d)?,/);
      process.signal('SIGINT');
      expect(await process.exited).toBe(130);
      expect(process.output).toContain('"event":"stopped"');
    });
  });

  it('carries on after a restart with the same torrent, which earlier links still lead to', async () => {
    await onScene(undefined, async (scene) => {
      const first = await publish(scene);
      first.process.signal('SIGTERM');
      expect(await first.process.exited).toBe(130);
      const second = await publish(scene);
      expect([first.reused, second.reused]).toEqual([false, true]);
      expect(second.infoHash).toBe(first.infoHash);
      const folder = await scene.stage.makeFolder('arrived');
      expect(await get(scene, first.magnet, '-d', folder).exited).toBe(0);
      expect(await manifestOf(join(folder, scene.content.name))).toEqual(scene.content.manifest);
    });
  });

  it('becomes another torrent when the content has changed', async () => {
    await onScene(undefined, async (scene) => {
      const first = await publish(scene);
      await first.process.stop();
      await writeFile(join(scene.content.path, 'new.txt'), 'new');
      const second = await publish(scene);
      expect(second.reused).toBe(false);
      expect(second.infoHash).not.toBe(first.infoHash);
    });
  });

  // Transmission 3.00 reads no hybrid torrents, and aria2 takes another info hash from them.
  it.each<[PeerClient, string[]]>([
    [libtorrent, ['--no-web-seed']],
    [transmission, ['--no-web-seed', '--mode', 'v1']],
    [qbittorrent, ['--no-web-seed']],
    [aria2, ['--no-web-seed', '--mode', 'v1']],
    [aria2, []],
  ])('serves $name', async (client, options) => {
    await onScene(undefined, async (scene) => {
      const { content, stage, stranger } = scene;
      const { torrent } = await publish(scene, ...options);
      const source = join(stage.folder, 'fetched.torrent');
      await stranger.run(['curl', '-sSf', '-o', source, torrent]);
      const folder = await stage.makeFolder('arrived');
      await finished(await client.start(stranger, { role: 'leech', source, folder }));
      // Clients without BEP 47 keep the padding as files.
      const arrived = [...(await manifestOf(join(folder, content.name)))].filter(
        ([path]) => !path.startsWith('.pad'),
      );
      expect(withoutEmptyFiles(new Map(arrived))).toEqual(withoutEmptyFiles(content.manifest));
    });
  });

  it('lets browsers and scripts have the files directly, with checksums to compare', async () => {
    await onScene(undefined, async (scene) => {
      const { content, stage, stranger } = scene;
      const { page } = await publish(scene);
      const sums = await until('all checksums', async () => {
        const text = await stranger.run(['curl', '-sS', `${page}SHA256SUMS`]);
        return text.split('\n').length === content.manifest.size ? text : undefined;
      });
      const listed = new Map(sums.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
      expect(listed).toEqual(content.manifest);
      const folder = await stage.makeFolder('direct');
      const name = 'nested/größe 大きさ 🎬.bin';
      const url = `${page}files/${[content.name, ...name.split('/')].map(encodeURIComponent).join('/')}`;
      const part = ['curl', '-sSf', '-C', '-', '-o', join(folder, 'x'), url];
      await stranger.run(['curl', '-sSf', '-r', '0-99999', '-o', join(folder, 'x'), url]);
      await stranger.run(part);
      expect((await manifestOf(join(folder, 'x'))).get('')).toBe(content.manifest.get(name));
    });
  });
});

describe('a download', () => {
  it('that is interrupted says how to go on, and goes on from there', async () => {
    await onScene(40 * 2 ** 20, async (scene) => {
      const { stage, content, stranger } = scene;
      await stranger.shape(100e6);
      const { page } = await publish(scene);
      const folder = await stage.makeFolder('arrived');
      const first = get(scene, page, '-d', folder, '--json');
      await first.waitForLine((line) =>
        /"event":"progress".*"completed":[1-9]/.test(line) ? true : undefined,
      );
      first.signal('SIGINT');
      expect(await first.exited).toBe(130);
      expect(first.output).toMatch(/stopped at \d+%; the same command continues/);
      const second = get(scene, page, '-d', folder, '--json');
      const checked = await second.waitForLine(
        (line) => /"event":"checked".*"completed":(\d+)/.exec(line)?.[1],
      );
      expect(Number(checked)).toBeGreaterThan(0);
      expect(await second.exited).toBe(0);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    });
  });

  it('takes only the files that were chosen, from a magnet link too', async () => {
    await onScene(undefined, async (scene) => {
      const { stage, content } = scene;
      const { magnet } = await publish(scene, '--no-web-seed');
      const folder = await stage.makeFolder('arrived');
      expect(await get(scene, magnet, '-d', folder, '--files', '*.dat').exited).toBe(0);
      const name = "spaces & quotes' % #.dat";
      expect((await manifestOf(join(folder, content.name))).get(name)).toBe(content.manifest.get(name));
      const list = get(scene, magnet, '--list');
      const lines: string[] = [];
      list.onLine((line) => lines.push(line));
      expect(await list.exited).toBe(0);
      expect(lines.filter((line) => line.includes(name))).toHaveLength(1);
    });
  });

  it('seeds on until the ratio is reached', async () => {
    await onScene(2 ** 20, async (scene) => {
      const { stage, content, publisher, state } = scene;
      const { page, torrent, process } = await publish(scene, '--no-web-seed');
      const first = get(scene, page, '-d', await stage.makeFolder('first'), '--ratio', '1', '--json');
      await first.waitForLine((line) => (line.includes('"event":"done"') ? true : undefined));
      const source = join(stage.folder, 'ratio.torrent');
      await publisher.run(['curl', '-sSf', '-o', source, torrent]);
      process.signal('SIGINT');
      await process.exited;
      const folder = await stage.makeFolder('second');
      const port = await peerPortOf(first);
      const peer = ['--peer', `${scene.stranger.address}:${String(port)}`];
      const second = publisher.start(
        swarmpressCommand('get', source, '-d', folder, '--state', `${state}2`, ...peer),
      );
      expect(await second.exited).toBe(0);
      expect(await first.exited).toBe(0);
      expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
    });
  });
});

function peerPortOf(process: RunningProcess): Promise<number> {
  return until('the port', () => {
    const port = /"event":"listening","port":(\d+)/.exec(process.output)?.[1];
    return port === undefined ? undefined : Number(port);
  });
}
