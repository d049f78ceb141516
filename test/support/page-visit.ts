// A visitor of a publication page, or of another site's page with our element on it.
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import type { BrowserContextOptions, Download, Locator, Page } from 'playwright-core';
import { openPage } from './browser.ts';
import type { Stage } from './stage.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE_MS = 120_000;
const LOOKS = [
  { size: { width: 1280, height: 900 }, colorScheme: 'light' },
  { size: { width: 1280, height: 900 }, colorScheme: 'dark' },
  { size: { width: 360, height: 740 }, colorScheme: 'light' },
  { size: { width: 360, height: 740 }, colorScheme: 'dark' },
] as const;

export class PageVisit {
  readonly page: Page;
  /** What was wrong on the page: errors on its console and those that nobody caught. */
  readonly complaints: string[] = [];
  /** What the browser itself says of servers that do not answer: nothing that a page can help. */
  readonly silences: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const isSilence = message.text().includes('net::ERR_');
      (isSilence ? this.silences : this.complaints).push(message.text());
    });
  }

  static async open(stage: Stage, url: string, options: BrowserContextOptions = {}): Promise<PageVisit> {
    const visit = new PageVisit(await openPage(stage, 'about:blank', options));
    await visit.page.goto(url);
    return visit;
  }

  get card(): Locator {
    return this.page.locator('swarmpress-download .card');
  }

  button(name: string | RegExp): Locator {
    return this.card.getByRole('button', { name });
  }

  async start(): Promise<void> {
    await this.button(/^Download/).click();
  }

  async reaches(state: string): Promise<void> {
    await this.page
      .locator(`swarmpress-download [data-state=${state}]`)
      .waitFor({ state: 'attached', timeout: PATIENCE_MS });
  }

  /** Percent that the progress bar shows. */
  async percent(): Promise<number> {
    return Number(
      await this.card.getByRole('progressbar', { name: 'Download' }).getAttribute('aria-valuenow'),
    );
  }

  async percentAbove(percent: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while ((await this.percent()) < percent) {
      if (performance.now() > deadline) throw new Error(`still below ${String(percent)} %`);
      await this.page.waitForTimeout(50);
    }
  }

  /** How quickly servers send, in bytes a second; peers are not slowed down. */
  async slowDown(bytesPerSecond: number): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Network.enable');
    const rates = { latency: 0, downloadThroughput: bytesPerSecond, uploadThroughput: -1 };
    await session.send('Network.emulateNetworkConditions', { offline: false, ...rates });
  }

  /** What axe finds on the page by day and by night, on a desktop and on a phone: rule and place. */
  async faults(): Promise<string[]> {
    const found: string[] = [];
    await this.page.evaluate(AXE);
    for (const { size, colorScheme } of LOOKS) {
      await this.page.setViewportSize(size);
      await this.page.emulateMedia({ colorScheme });
      const run = `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => [id, target.join(' '), failureSummary].join(': '))))`;
      const faults = (await this.page.evaluate<string[]>(run)).map((fault) => `${colorScheme} ${fault}`);
      found.push(...faults);
      const excess: number = await this.page.evaluate('document.documentElement.scrollWidth - innerWidth');
      if (excess > 0) found.push(`${String(size.width)} px: ${String(excess)} px too wide`);
    }
    return found;
  }
}

/** SHA-256 in hex of a download of the browser's, once it is complete. */
export async function sha256OfDownload(download: Download): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(await download.path()), hash);
  return hash.digest('hex');
}
