// Downloads in a browser: from a web seed, from a seeder over WebRTC, from other visitors, and what happens when one
// or all of them go away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session, Torrent } from '../../src/engine/api.ts';
import { createSession } from '../../src/engine/session.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { nodeDigests } from '../../src/node/digests.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import { createTracker } from '../../src/server/tracker.ts';
import { servePage, Visitor } from '../support/browser.ts';
import { makeContent, type Content } from '../support/content.ts';
import { FileServer } from '../support/file-server.ts';
import { onStage, Stage } from '../support/stage.ts';

const MIB = 1024 * 1024;
const PATIENCE_MS = 120_000;
/** Nobody listens on the discard port. */
const UNREACHABLE = 'http://127.0.0.1:9/';

interface Scene {
  readonly stage: Stage;
  readonly content: Content;
  readonly torrent: Uint8Array;
}

interface Seeder {
  readonly torrent: Torrent;
  readonly session: Session;
  close(): Promise<void>;
}

const shared = new Stage();
let pageUrl = '';

beforeAll(async () => {
  pageUrl = await servePage(shared);
});

afterAll(() => shared.close());

/** With a single file of some mebibytes, or with a folder. */
async function onScene(size: number | 'folder', body: (scene: Scene) => Promise<void>): Promise<void> {
  await onStage(async (stage) => {
    const folder = await stage.makeFolder('content');
    const content = await (size === 'folder'
      ? makeContent(folder, 'folder')
      : makeContent(folder, 'single', size * MIB));
    const tracker = await createTracker({ port: 0, host: '127.0.0.1' });
    stage.onClose(() => tracker.close());
    const announce = `ws://127.0.0.1:${String(tracker.port)}/announce`;
    const { bytes } = await createTorrent([content.path], { trackers: [[announce]] });
    await body({ stage, content, torrent: bytes });
  });
}

async function seed({ stage, content, torrent }: Scene, uploadLimit?: number): Promise<Seeder> {
  const env = createNodeEnv({ stateFolder: await stage.makeFolder('state') });
  const session = await createSession({ host: '127.0.0.1', uploadLimit }, env);
  const seeding = await session.add(torrent, { folder: content.folder, check: 'trust' });
  const close = async (): Promise<void> => {
    await session.close();
    await env.close();
  };
  stage.onClose(close);
  return { torrent: seeding, session, close };
}

function expectedSha256(content: Content): string {
  return content.manifest.get('') ?? '';
}

describe('a download in a browser', () => {
  it('comes whole from a web seed', async () => {
    await onScene(200, async (scene) => {
      const { stage, content, torrent } = scene;
      const files = await FileServer.open(stage, content.folder);
      const visitor = await Visitor.open(stage, pageUrl);
      await visitor.start({ torrent, webSeeds: [files.url] });
      const done = await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
      expect(done.fromWebSeeds).toBe(content.bytes);
      expect(await visitor.savedSha256()).toBe(expectedSha256(content));
      expect(visitor.complaints).toEqual([]);
    });
  });

  it('comes whole from a seeder over WebRTC', async () => {
    await onScene(200, async (scene) => {
      const seeder = await seed(scene);
      const visitor = await Visitor.open(scene.stage, pageUrl);
      await visitor.start({ torrent: scene.torrent });
      await visitor.sees(({ peers }) => peers.some(({ transport }) => transport === 'webrtc'), PATIENCE_MS);
      expect(seeder.torrent.peers().map(({ transport }) => transport)).toEqual(['webrtc']);
      const done = await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
      expect(done.fromPeers).toBeGreaterThanOrEqual(scene.content.bytes);
      expect(await visitor.savedSha256()).toBe(expectedSha256(scene.content));
      expect(visitor.complaints).toEqual([]);
    });
  });

  it('is completed by two visitors from each other when web seed and seeder are out of reach', async () => {
    await onScene('folder', async (scene) => {
      const { stage, content, torrent } = scene;
      const seeder = await seed(scene);
      const { files } = parseTorrent(torrent, nodeDigests);
      const indices = [...files.keys()].filter((index) => files[index]?.pad === false);
      const half = Math.ceil(indices.length / 2);
      // What one takes the other lacks: whatever the timing, neither gets whole but from the other.
      const shares = [indices.slice(0, half), indices.slice(half)];
      const visitors = await Promise.all(shares.map(() => Visitor.open(stage, pageUrl)));
      await Promise.all(
        visitors.map((visitor, i) =>
          visitor.start({ torrent, webSeeds: [UNREACHABLE], files: shares[i] ?? [] }),
        ),
      );
      for (const visitor of visitors) await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
      await seeder.close();
      for (const visitor of visitors) await visitor.select(indices);
      for (const visitor of visitors) {
        const done = await visitor.sees(
          ({ state, completed }) => state === 'done' && completed === content.bytes,
          PATIENCE_MS,
        );
        expect(done.fromWebSeeds).toBe(0);
        expect(done.uploaded).toBeGreaterThan(0);
        expect(await visitor.fileSha256s()).toEqual(content.manifest);
      }
    });
  });

  it('goes on from the web seed when the seeder dies, and from the seeder when the web seed dies', async () => {
    for (const dying of ['seeder', 'web seed']) {
      await onScene(48, async (scene) => {
        const { stage, content, torrent } = scene;
        const seeder = await seed(scene, 4 * MIB);
        const files = await FileServer.open(stage, content.folder);
        files.rate = 3 * MIB;
        const visitor = await Visitor.open(stage, pageUrl);
        await visitor.start({ torrent, webSeeds: [files.url] });
        const both = await visitor.sees(
          ({ fromPeers, fromWebSeeds }) => Math.min(fromPeers, fromWebSeeds) > 4 * MIB,
          PATIENCE_MS,
        );
        expect(both.state).toBe('downloading');
        await (dying === 'seeder' ? seeder.close() : files.stop());
        files.rate = undefined;
        const done = await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
        const survivor = dying === 'seeder' ? 'fromWebSeeds' : 'fromPeers';
        expect(done[survivor]).toBeGreaterThan(both[survivor] + 4 * MIB);
        expect(await visitor.savedSha256()).toBe(expectedSha256(content));
        // What the browser itself says of a server that does not answer is nothing that a page can help.
        expect(visitor.complaints.filter((text) => !text.includes('net::ERR_'))).toEqual([]);
      });
    }
  });

  it('goes on after a reload with what it had', async () => {
    await onScene(80, async (scene) => {
      const { stage, content, torrent } = scene;
      const files = await FileServer.open(stage, content.folder);
      files.rate = 3 * MIB;
      const visitor = await Visitor.open(stage, pageUrl);
      await visitor.start({ torrent, webSeeds: [files.url] });
      await visitor.sees(({ completed }) => completed > content.bytes * 0.4, PATIENCE_MS);
      await visitor.page.reload();
      files.rate = undefined;
      await visitor.start({ torrent, webSeeds: [files.url] });
      const done = await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
      expect(done.fromWebSeeds).toBeLessThan(content.bytes * 0.9);
      expect(await visitor.savedSha256()).toBe(expectedSha256(content));
      await visitor.page.evaluate(() => window.harness.remove());
      await visitor.start({ torrent });
      expect((await visitor.look()).completed).toBe(0);
      expect(visitor.complaints).toEqual([]);
    });
  });
});
