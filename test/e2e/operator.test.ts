// The operator's view against people who take copies: what it says was delivered is what they got, and what it says was
// paid for is what the server sent. Then its doors, its page, and what outlives a restart.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { request } from 'node:http';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Publisher } from '../../src/publish/publisher.ts';
import { openPage } from '../support/browser.ts';
import { makeContent, type Content } from '../support/content.ts';
import {
  askView,
  overviewOf,
  publishWithView,
  takeInBrowser,
  takeWithAria2,
  takeWithCurl,
  takeWithLibtorrent,
} from '../support/operator.ts';
import { until } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const MIB = 1024 * 1024;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function withContent(
  length: number,
  body: (stage: Stage, content: Content) => Promise<void>,
): Promise<void> {
  await onStage(async (stage) => {
    await body(stage, await makeContent(await stage.makeFolder('content'), 'single', length));
  });
}

async function torrentOf(stage: Stage, publisher: Publisher): Promise<string> {
  const path = join(stage.folder, 'published.torrent');
  const response = await fetch(publisher.links.torrent);
  await writeFile(path, new Uint8Array(await response.arrayBuffer()));
  return path;
}

/** Waits until the view has counted so many copies, or for long enough to see that it does not. */
async function copiesOf(publisher: Publisher, content: Content, wanted: number): Promise<number> {
  let copies = 0;
  const ask = async (): Promise<true | undefined> => {
    copies = (await overviewOf(publisher)).deliveredBytes / content.bytes;
    return copies >= wanted ? true : undefined;
  };
  await until('the copies', ask, { timeoutMs: 10_000 }).catch(() => undefined);
  return copies;
}

describe('what the view counts', () => {
  it('is what stock clients, a browser and a person without a client got, and what the server sent', () =>
    withContent(12 * MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content, { version: 'v1' });
      const torrent = await torrentOf(stage, publisher);
      await takeWithLibtorrent(stage, torrent, 28_811);
      expect(await copiesOf(publisher, content, 1)).toBeCloseTo(1, 2);
      await takeWithAria2(stage, torrent, 28_812);
      expect(await copiesOf(publisher, content, 2)).toBeCloseTo(2, 2);
      await takeInBrowser(stage, publisher.links.page);
      expect(await copiesOf(publisher, content, 3)).toBeCloseTo(3, 2);
      await takeWithCurl(stage, publisher.links.webSeed ?? '');
      expect(await copiesOf(publisher, content, 4)).toBeCloseTo(4, 2);

      const { uploaded, sentDirectly } = publisher.status();
      const seen = await overviewOf(publisher);
      expect(seen.toPeersBytes).toBe(uploaded);
      expect(seen.directBytes).toBe(sentDirectly);
      expect(seen.paidBytes).toBe(uploaded + sentDirectly);
      expect(seen.savedBytes).toBe(Math.max(0, seen.deliveredBytes - seen.paidBytes));
      expect(seen.savedMoney).toBeCloseTo((seen.savedBytes / 1e9) * 0.09, 6);
      expect(seen.finished).toBe(3);
    }));

  it('is more than was paid for where people give to one another', () =>
    withContent(12 * MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content, {
        ...{ version: 'v1', webSeed: false, uploadLimit: 2 * MIB },
      });
      const torrent = await torrentOf(stage, publisher);
      await Promise.all([28_821, 28_822, 28_823].map((port) => takeWithAria2(stage, torrent, port)));
      expect(await copiesOf(publisher, content, 3)).toBeCloseTo(3, 2);
      const { savedBytes, paidBytes, toPeersBytes } = await overviewOf(publisher);
      expect(toPeersBytes).toBe(publisher.status().uploaded);
      expect(paidBytes).toBeLessThan(2.5 * content.bytes);
      expect(savedBytes).toBe(3 * content.bytes - paidBytes);
    }));
});
