// Our browser and Node peers with webtorrent's browser bundle, both ways, through our tracker.
import { describe, expect, it } from 'vitest';
import { createSession } from '../../src/engine/session.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { createNodeEnv } from '../../src/node/env.ts';
import { createTracker } from '../../src/server/tracker.ts';
import { openPage, servePage, Visitor } from '../support/browser.ts';
import { makeContent } from '../support/content.ts';
import { onStage, type Stage } from '../support/stage.ts';
import {
  downloadWithWebTorrent,
  seedWithWebTorrent,
  serveWebTorrentPage,
} from '../support/webtorrent-page.ts';

const MIB = 1024 * 1024;
const PATIENCE_MS = 120_000;

async function startTracker(stage: Stage): Promise<string> {
  const tracker = await createTracker({ port: 0, host: '127.0.0.1' });
  stage.onClose(() => tracker.close());
  return `ws://127.0.0.1:${String(tracker.port)}/announce`;
}

describe('webtorrent in a browser', () => {
  it('downloads from our seeder', async () => {
    await onStage(async (stage) => {
      const announce = await startTracker(stage);
      const content = await makeContent(await stage.makeFolder('content'), 'single', 30 * MIB);
      const { bytes } = await createTorrent([content.path], { trackers: [[announce]] });
      const env = createNodeEnv({ stateFolder: await stage.makeFolder('state') });
      stage.onClose(() => env.close());
      const session = await createSession({ host: '127.0.0.1' }, env);
      stage.onClose(() => session.close());
      const seeding = await session.add(bytes, { folder: content.folder, check: 'trust' });
      const page = await openPage(stage, await serveWebTorrentPage(stage));
      const sha256 = await downloadWithWebTorrent((action, sent) => page.evaluate(action, sent), bytes);
      expect(sha256).toBe(content.manifest.get(''));
      expect(seeding.snapshot().uploaded).toBeGreaterThanOrEqual(content.bytes);
    });
  });

  it('gives to a visitor of ours', async () => {
    await onStage(async (stage) => {
      const announce = await startTracker(stage);
      const page = await openPage(stage, await serveWebTorrentPage(stage));
      const { torrent, sha256 } = await seedWithWebTorrent(page, { length: 30 * MIB, announce });
      const visitor = await Visitor.open(stage, await servePage(stage));
      await visitor.start({ torrent });
      await visitor.sees(({ state }) => state === 'done', PATIENCE_MS);
      expect(await visitor.savedSha256()).toBe(sha256);
      expect(visitor.complaints).toEqual([]);
    });
  });
});
