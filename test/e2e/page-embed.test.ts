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
async function embed(stage: Stage, { links }: Publisher, snippet: string): Promise<string> {
  const { origin, host } = new URL(links.page);
  const policy = [
    ...[`default-src 'none'`, `script-src ${origin}`, 'worker-src blob:'],
    `connect-src ${origin} ws://${host}`,
  ].join('; ');
  const server = createServer((request, response) => {
    if (request.url !== '/') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy });
    response.end(`<!doctype html><html lang="en"><title>Another site</title>${snippet}</html>`);
  });
  stage.onClose(() => closeServer(server));
  // Another host name and another port: the browser takes it for a foreign site.
  return `http://localhost:${String(await listenOnLoopback(server))}/`;
}

describe('the element on another site', () => {
  it('downloads, goes on after a reload, and saves; what it keeps is that site’s own', async () => {
    await onStage(async (stage) => {
      const content = await makeContent(await stage.makeFolder('content'), 'single', 32 * MIB);
      const publisher = await publishPage(stage, content.path, { uploadLimit: 3 * MIB });
      const visit = await PageVisit.open(stage, publisher.links.page);
      await visit.card.getByText('Share', { exact: true }).click();
      const snippet = await visit.card.getByLabel('For your own website', { exact: true }).inputValue();
      await visit.page.goto(await embed(stage, publisher, snippet));
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
});
