// The element on a page of another origin, with a policy as strict as it can be: what docs/publish.md says it takes.
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Publisher } from '../../src/publish/publisher.ts';
import { makeContent } from '../support/content.ts';
import { closeServer, listenOnLoopback } from '../support/file-server.ts';
import { PageVisit, sha256OfDownload } from '../support/page-visit.ts';
import { publishPage } from '../support/publish-page.ts';
import { onStage, type Stage } from '../support/stage.ts';

const MIB = 1024 * 1024;

/** Serves a page with nothing but the snippet that the publication page offers; resolves with its URL. */
async function embed(stage: Stage, snippet: string, policy: readonly string[]): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== '/') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy.join('; ') });
    response.end(`<!doctype html><html lang="en"><title>Another site</title>${snippet}</html>`);
  });
  stage.onClose(() => closeServer(server));
  // Another host name and another port: the browser takes it for a foreign site.
  return `http://localhost:${String(await listenOnLoopback(server))}/`;
}

/** The sources of a policy that lets the element do all it can. */
function sourcesOf({ links }: Publisher): string[] {
  const { origin, host } = new URL(links.page);
  return [`default-src 'none'`, `script-src ${origin}`, `connect-src ${origin} ws://${host}`];
}

/** As the page offers it for other sites. */
async function snippetOf(visit: PageVisit): Promise<string> {
  await visit.card.getByText('Share', { exact: true }).click();
  return visit.card.getByLabel('For your own website', { exact: true }).inputValue();
}

describe('the element on another site', () => {
  it('downloads, goes on after a reload, and saves; what it keeps is that site’s own', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', 32 * MIB);
      const publisher = await publishPage(stage, content.path, { uploadLimit: 3 * MIB });
      const visit = await PageVisit.open(stage, publisher.links.page);
      const policy = [...sourcesOf(publisher), `worker-src blob: ${new URL(publisher.links.page).origin}`];
      await visit.page.goto(await embed(stage, await snippetOf(visit), policy));
      await visit.slowDown(4 * MIB);
      await visit.start();
      await visit.percentAbove(40);
      const download = visit.page.waitForEvent('download');
      await visit.page.reload();
      await visit.reaches('done');
      const saved = await download;
      expect(saved.suggestedFilename()).toBe(content.name);
      expect(await sha256OfDownload(saved)).toBe(content.manifest.get(''));
      const { uploaded, sentDirectly } = publisher.status();
      expect(uploaded + sentDirectly).toBeLessThan(1.4 * content.bytes);
      expect(visit.complaints).toEqual([]);
      await visit.page.goto(publisher.links.page);
      expect(await visit.button(/^Download/).isVisible()).toBe(true);
    });
  });

  it('says what is in the way where a site forbids its worker', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', MIB);
      const publisher = await publishPage(stage, content.path);
      const visit = await PageVisit.open(stage, publisher.links.page);
      const policy = [...sourcesOf(publisher), `worker-src 'none'`];
      await visit.page.goto(await embed(stage, await snippetOf(visit), policy));
      await visit.start();
      const trouble = visit.card.locator('.trouble');
      await trouble.getByText('This site does not let the download work').waitFor();
      // The snippet names no ways out; the torrent does.
      const app = await trouble.getByRole('link', { name: 'torrent app' }).getAttribute('href');
      expect(app).toContain(`xt=urn:btih:${publisher.status().infoHash ?? '-'}`);
      const direct = await trouble.getByRole('link', { name: 'Plain download' }).getAttribute('href');
      expect(direct).toBe(publisher.links.webSeed);
    });
  });
});
