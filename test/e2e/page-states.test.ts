// Every state of the page, each by day and by night, on a desktop and on a phone: axe finds nothing in any. On the way:
// a publisher that goes away and comes back.
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeContent } from '../support/content.ts';
import { PageVisit, sha256OfDownload } from '../support/page-visit.ts';
import { publishPage } from '../support/publish-page.ts';
import { onStage } from '../support/stage.ts';

const MIB = 1024 * 1024;

/** Below those that systems give away: nobody takes it while the publisher is away. */
function lowPort(): number {
  return 12_000 + randomInt(18_000);
}

describe('the page', () => {
  it('is accessible fresh, loading, stuck and done; says when everybody is gone, and goes on when they are back', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', 96 * MIB);
      const [port, peerPort] = [lowPort(), lowPort()];
      const options = { stateFolder: await stage.makeFolder('state'), uploadLimit: 2 * MIB, port, peerPort };
      const first = await publishPage(stage, content.path, options);
      const visit = await PageVisit.open(stage, first.links.page);
      await visit.button(/^Download/).waitFor();
      expect(await visit.faults()).toEqual([]);
      await visit.slowDown(3 * MIB);
      const download = visit.page.waitForEvent('download');
      await visit.start();
      await visit.percentAbove(5);
      expect(await visit.faults()).toEqual([]);
      await first.close();
      await visit.reaches('stalled');
      const trouble = visit.card.locator('.trouble');
      await trouble.getByText('Neither the server nor other people can be reached').waitFor();
      expect(await trouble.getByRole('button', { name: 'Try again now' }).isVisible()).toBe(true);
      expect(await trouble.getByRole('link', { name: 'torrent app' }).getAttribute('href')).toBe(
        first.magnet,
      );
      expect(await visit.faults()).toEqual([]);
      const before = await visit.percent();
      await publishPage(stage, content.path, { ...options, uploadLimit: undefined });
      await visit.slowDown(-1);
      await visit.reaches('done');
      expect(before).toBeGreaterThan(4);
      expect(await sha256OfDownload(await download)).toBe(content.manifest.get(''));
      expect(await visit.faults()).toEqual([]);
      expect(visit.silences.length, 'the publisher was away').toBeGreaterThan(0);
      expect(visit.complaints).toEqual([]);
    });
  });

  it('is accessible while files are chosen, and remembers the choice', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'folder');
      const publisher = await publishPage(stage, content.path);
      const visit = await PageVisit.open(stage, publisher.links.page);
      const box = visit.card.getByRole('checkbox', { name: 'z-last.bin' });
      await box.uncheck();
      expect(await visit.faults()).toEqual([]);
      await visit.start();
      await visit.reaches('done');
      await visit.page.reload();
      await visit.reaches('done');
      expect(await box.isChecked()).toBe(false);
      expect(await visit.faults()).toEqual([]);
      // What was left out is still to be had.
      await box.check();
      await visit.button('Save z-last.bin').waitFor();
      expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });
});
