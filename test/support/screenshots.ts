// Takes the pictures in docs/screenshots: a real publisher, real visitors, each state of the page.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Publisher } from '../../src/publish/publisher.ts';
import { openPage } from './browser.ts';
import { makeContent } from './content.ts';
import { publishPage } from './publish-page.ts';
import { shootCatalogue, shootOperator, type Camera } from './screenshots-operator.ts';
import { shootTracker } from './screenshots-tracker.ts';
import { onStage, type Stage } from './stage.ts';

const MIB = 1024 * 1024;
const FOLDER = resolve(import.meta.dirname, '../../docs/screenshots');
const DESKTOP = { width: 1200, height: 1000 };
const PHONE = { width: 390, height: 844 };
const PATIENCE_MS = 120_000;
const CAMERA: Camera = {
  desktop: { viewport: DESKTOP },
  phone: { viewport: PHONE, deviceScaleFactor: 2 },
  shoot: (page, name) => shoot(page, name, true),
};

interface Scene {
  readonly stage: Stage;
  readonly publisher: Publisher;
}

const SETS: Readonly<Record<string, () => Promise<void>>> = {
  page: shootPage,
  operator: () => shootOperator(CAMERA),
  catalogue: () => shootCatalogue(CAMERA),
  tracker: () => shootTracker(CAMERA),
};

/** Of the named sets, or of all. */
export async function main(names: readonly string[]): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, take] of Object.entries(SETS)) {
    if (names.length === 0 || names.includes(name)) await take();
  }
}

async function shootPage(): Promise<void> {
  await onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'single', 96 * MIB);
    const publisher = await publishPage(stage, content.path, { uploadLimit: 3 * MIB });
    const scene = { stage, publisher };
    const light = await visit(scene, { viewport: DESKTOP });
    await shoot(light, 'fresh');
    const others = [await visit(scene, { viewport: DESKTOP, colorScheme: 'dark' })];
    others.push(await visit(scene, { viewport: PHONE, deviceScaleFactor: 2 }));
    const all = [light, ...others];
    for (const page of all) await start(page);
    for (const page of all) await percentAbove(page, 35);
    await shoot(light, 'loading');
    await shoot(others[0] ?? light, 'dark');
    await shoot(others[1] ?? light, 'phone');
    await publisher.close();
    for (const page of others) await page.close();
    await light.getByRole('strong').filter({ hasText: 'reached' }).waitFor({ timeout: PATIENCE_MS });
    await shoot(light, 'stuck');
  });
  await onStage(async (stage) => {
    const content = await makeContent(await stage.makeFolder('content'), 'folder');
    const page = await visit(
      { stage, publisher: await publishPage(stage, content.path) },
      { viewport: DESKTOP },
    );
    await start(page);
    await page.locator('[data-state=done]').waitFor({ timeout: PATIENCE_MS });
    await shoot(page, 'done');
  });
}

async function visit({ stage, publisher }: Scene, options: BrowserContextOptions): Promise<Page> {
  const page = await openPage(stage, publisher.links.page, options);
  // The server is as far away as servers are.
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const speed = { latency: 20, downloadThroughput: 1.6 * MIB, uploadThroughput: -1 };
  await session.send('Network.emulateNetworkConditions', { offline: false, ...speed });
  return page;
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Download/ }).click();
}

async function percentAbove(page: Page, percent: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const bar = document
        .querySelector('swarmpress-download')
        ?.shadowRoot?.querySelector('[role=progressbar]');
      return Number(bar?.getAttribute('aria-valuenow')) >= wanted;
    },
    percent,
    { timeout: PATIENCE_MS },
  );
}

async function shoot(page: Page, name: string, fullPage = false): Promise<void> {
  await page.bringToFront();
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage });
}
