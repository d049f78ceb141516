// The publication page in a real browser: what it loads, whether everyone can read it, and that its numbers live.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPublisher, type Publisher } from '../../src/publish/publisher.ts';
import { Stage } from '../support/stage.ts';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTILE = '<img src=x onerror="document.title=1">.txt';

let stage: Stage;
let publisher: Publisher;
let browser: Browser;

beforeAll(async () => {
  stage = new Stage();
  const content = join(stage.folder, 'A rather long title <b>of a publication');
  await mkdir(content);
  for (const name of ['one.txt', HOSTILE, `${'long-name-'.repeat(20)}.bin`]) {
    await writeFile(join(content, name), name.repeat(1000));
  }
  publisher = await startPublisher(
    {
      ...{ path: content, port: 0, peerPort: 0, host: '127.0.0.1', createdBy: 'test', comment: 'A comment.' },
      baseUrl: (port) => new URL(`http://127.0.0.1:${String(port)}/`),
      stateFolder: join(stage.folder, 'state'),
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});

afterAll(async () => {
  await browser.close();
  await publisher.close();
  await stage.close();
});

interface Visit {
  readonly page: Page;
  /** What a browser complains about: refused by the policy, failed scripts. */
  readonly complaints: string[];
  readonly requested: string[];
}

async function visit(options: BrowserContextOptions, body: (visit: Visit) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const [complaints, requested]: [string[], string[]] = [[], []];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requested.push(request.url()));
    await page.goto(publisher.links.page);
    await body({ page, complaints, requested });
  } finally {
    await context.close();
  }
}

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1440, height: 900 };

describe('the publication page in a browser', () => {
  it.each<[string, BrowserContextOptions]>([
    ['light on a desktop', { viewport: DESKTOP, colorScheme: 'light' }],
    ['dark on a desktop', { viewport: DESKTOP, colorScheme: 'dark' }],
    ['light on a phone', { viewport: PHONE, colorScheme: 'light' }],
    ['dark on a phone', { viewport: PHONE, colorScheme: 'dark' }],
  ])('is accessible and fits: %s', async (_, options) => {
    await visit(options, async ({ page }) => {
      await page.evaluate(AXE);
      const violations: unknown = await page.evaluate('axe.run().then(({ violations }) => violations)');
      expect(violations).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    });
  });

  it('loads nothing from anyone else, and nothing that its own policy refuses', async () => {
    await visit({}, async ({ page, complaints, requested }) => {
      await page.waitForResponse('**/status.json');
      expect(requested.every((url) => url.startsWith(publisher.links.page))).toBe(true);
      expect(complaints).toEqual([]);
    });
  });

  it('shows names as text', async () => {
    await visit({}, async ({ page }) => {
      expect(await page.title()).toBe('A rather long title <b>of a publication');
      expect(await page.getByRole('link', { name: HOSTILE }).count()).toBe(1);
    });
  });

  it('is complete without script', async () => {
    await visit({ javaScriptEnabled: false }, async ({ page }) => {
      expect(await page.getByRole('link', { name: 'Open in a torrent app' }).getAttribute('href')).toBe(
        publisher.magnet,
      );
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'one.txt' }).click();
      expect((await download).suggestedFilename()).toBe('one.txt');
    });
  });

  it('refreshes its numbers, and says when the publisher is gone', async () => {
    await visit({}, async ({ page }) => {
      const copies = page.locator('[data-live=copies]');
      await expect.poll(() => copies.textContent(), { timeout: 10_000 }).not.toBe('');
      const before = Number(await copies.textContent());
      for (const file of ['one.txt', encodeURIComponent(HOSTILE)]) {
        await fetch(
          `${publisher.links.webSeed ?? ''}${encodeURIComponent(publisher.metainfo.name)}/${file}`,
        ).then((response) => response.arrayBuffer());
      }
      await expect
        .poll(async () => Number(await copies.textContent()), { timeout: 15_000 })
        .toBeGreaterThan(before);
      await page.route('**/status.json', (route) => route.abort());
      await expect
        .poll(() => page.locator('#live-state').textContent(), { timeout: 15_000 })
        .toContain('does not answer');
    });
  });
});
