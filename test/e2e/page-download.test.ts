// What a visitor does on the publication page: download, save, reload, come by keyboard, help others, wait out a
// publisher that is away.
import { describe, expect, it } from 'vitest';
import { makeContent, type Content } from '../support/content.ts';
import { PageVisit, sha256OfDownload } from '../support/page-visit.ts';
import { publishPage } from '../support/publish-page.ts';
import { onStage, type Stage } from '../support/stage.ts';

const MIB = 1024 * 1024;

async function makeFile(stage: Stage, mib: number): Promise<Content> {
  return makeContent(await stage.makeFolder('content'), 'single', mib * MIB);
}

function sha256Of(content: Content): string {
  return content.manifest.get('') ?? '';
}

describe('the download on the page', () => {
  it('saves 200 MiB as they come, bit for bit', async () => {
    await onStage(async (stage) => {
      const content = await makeFile(stage, 200);
      const publisher = await publishPage(stage, content.path);
      const visit = await PageVisit.open(stage, publisher.links.page);
      const download = visit.page.waitForEvent('download');
      await visit.start();
      const saved = await download;
      expect(saved.suggestedFilename()).toBe(content.name);
      expect(await sha256OfDownload(saved)).toBe(sha256Of(content));
      await visit.reaches('done');
      expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });

  it('brings two visitors what one seeder without a web seed sends hardly more than once', async () => {
    await onStage(async (stage) => {
      const content = await makeFile(stage, 32);
      const publisher = await publishPage(stage, content.path, { webSeed: false, uploadLimit: 4 * MIB });
      const visits = await Promise.all([1, 2].map(() => PageVisit.open(stage, publisher.links.page)));
      const saved = visits.map(async ({ page }) => sha256OfDownload(await page.waitForEvent('download')));
      for (const visit of visits) await visit.start();
      for (const sha256 of await Promise.all(saved)) expect(sha256).toBe(sha256Of(content));
      const { uploaded, sentDirectly } = publisher.status();
      expect(sentDirectly).toBe(0);
      // Two copies arrived: what the seeder did not send went from browser to browser.
      expect(uploaded).toBeLessThan(1.8 * content.bytes);
      for (const visit of visits) expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });

  it('goes on after a reload with what it had, and saves the whole', async () => {
    await onStage(async (stage) => {
      const content = await makeFile(stage, 48);
      const publisher = await publishPage(stage, content.path, { uploadLimit: 4 * MIB });
      const visit = await PageVisit.open(stage, publisher.links.page);
      await visit.slowDown(6 * MIB);
      await visit.start();
      await visit.percentAbove(40);
      const download = visit.page.waitForEvent('download');
      await visit.page.reload();
      const saved = await download;
      expect(await sha256OfDownload(saved)).toBe(sha256Of(content));
      const { uploaded, sentDirectly } = publisher.status();
      expect(uploaded + sentDirectly).toBeLessThan(1.4 * content.bytes);
      expect(visit.complaints).toEqual([]);
    });
  });

  it('starts for a visitor who is quicker than the .torrent', async () => {
    await onStage(async (stage) => {
      const content = await makeFile(stage, 1);
      const publisher = await publishPage(stage, content.path);
      const visit = await PageVisit.open(stage, 'about:blank');
      await visit.page.route('**/*.torrent', async (route) => {
        await visit.start();
        await route.continue();
      });
      const download = visit.page.waitForEvent('download');
      await visit.page.goto(publisher.links.page);
      expect(await sha256OfDownload(await download)).toBe(sha256Of(content));
      expect([...visit.complaints, ...visit.silences]).toEqual([]);
    });
  });

  it('is to be had by keyboard alone, from the first key to the saved file', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'folder');
      const publisher = await publishPage(stage, content.path);
      const { page, complaints } = await PageVisit.open(stage, publisher.links.page);
      await page.getByRole('button', { name: /^Download/ }).waitFor();
      const focused = (): Promise<string> =>
        page.evaluate(() => {
          const inside = document.activeElement?.shadowRoot?.activeElement;
          return (inside ?? document.activeElement)?.textContent.trim() ?? '';
        });
      const tabTo = async (name: RegExp): Promise<void> => {
        for (let presses = 0; !name.test(await focused()); presses++) {
          if (presses > 60) throw new Error(`no way to ${String(name)} by keyboard`);
          await page.keyboard.press('Tab');
        }
      };
      await tabTo(/^Download/);
      await page.keyboard.press('Enter');
      await page.locator('swarmpress-download [data-state=done]').waitFor();
      // Whoever pressed the button is on what took its place, not at the top of the page again.
      expect(await focused()).not.toBe('');
      await tabTo(/^Save all/);
      const download = page.waitForEvent('download');
      await page.keyboard.press('Enter');
      expect((await download).suggestedFilename()).toBe(`${content.name}.zip`);
      expect(complaints).toEqual([]);
    });
  });
});
