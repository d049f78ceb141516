// Downloads in a browser: from a web seed, from a seeder over WebRTC, from other visitors, and what happens when one
// or all of them go away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session, Torrent } from '../../src/engine/api.ts';
import { createSession } from '../../src/engine/session.ts';
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

async function onScene(mebibytes: number, body: (scene: Scene) => Promise<void>): Promise<void> {
  await onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'single', mebibytes * MIB);
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

  it('is shared between two visitors when the web seed is out of reach', async () => {
    await onScene(60, async (scene) => {
      const seeder = await seed(scene, 4 * MIB);
      const visitors = [await Visitor.open(scene.stage, pageUrl), await Visitor.open(scene.stage, pageUrl)];
      for (const visitor of visitors)
        await visitor.start({ torrent: scene.torrent, webSeeds: [UNREACHABLE] });
      const looks = await Promise.all(
        visitors.map((visitor) => visitor.sees(({ state }) => state === 'done', PATIENCE_MS)),
      );
      expect(looks.map(({ fromWebSeeds }) => fromWebSeeds)).toEqual([0, 0]);
      expect(looks.every(({ uploaded }) => uploaded > 0)).toBe(true);
      expect(seeder.torrent.snapshot().uploaded).toBeLessThan(1.7 * scene.content.bytes);
      for (const visitor of visitors) {
        expect(await visitor.savedSha256()).toBe(expectedSha256(scene.content));
      }
    });
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
