// The pages of a catalogue in a browser: list, item, private item, what is left of an ended one; for everybody, by
// keyboard, and with nothing from anyone else.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage } from '../support/browser.ts';
import { openCatalogue, writeFiles, type CatalogueScene } from '../support/catalogue.ts';
import { until } from '../support/processes.ts';
import { onStage, type Stage } from '../support/stage.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTILE = '<img src=x onerror=alert(1)> a name that goes on and on and on';
const LOOKS: readonly [string, BrowserContextOptions][] = [
  ['light on a desktop', { viewport: { width: 1440, height: 900 } }],
  ['dark on a desktop', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
  ['light on a phone', { viewport: { width: 360, height: 740 } }],
  ['dark on a phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
];

/** A catalogue with an item of each kind, and the addresses of their pages. */
async function withPages(
  body: (scene: CatalogueScene, pages: Readonly<Record<string, string>>, stage: Stage) => Promise<void>,
): Promise<void> {
  await onStage(async (stage) => {
    const folder = await stage.makeFolder('shelf');
    await writeFiles(folder, {
      ...{ 'album/one.txt': 'one', 'film.mkv': 'film'.repeat(1000), 'over.txt': 'over', 'gone.txt': 'gone' },
      ...{ 'secret.txt': 'secret', [`${HOSTILE}/x.txt`]: 'x' },
    });
    const names = ['album', 'film.mkv', 'over.txt', 'gone.txt', 'secret.txt', HOSTILE];
    const scene = await openCatalogue(stage, { paths: names.map((name) => join(folder, name)) });
    const { catalogue, command } = scene;
    await command('set', 'over-txt', '--expires', '1s');
    await command('remove', 'gone-txt', '--word', 'At the request of <its> author.');
    await command('set', 'secret-txt', '--access', 'private');
    const [issued] = await command('token', 'secret-txt');
    await writeFiles(folder, { 'album/one.txt': 'changed' });
    await command('update', 'album');
    const pages = {
      list: catalogue.page,
      search: `${catalogue.page}?q=nothing+like+it`,
      item: `${catalogue.page}items/film-mkv/`,
      earlier: `${catalogue.page}items/album/v/1/`,
      private: catalogue.page + String(issued?.['path']),
      expired: `${catalogue.page}items/over-txt/`,
      'taken down': `${catalogue.page}items/gone-txt/`,
    };
    const settled = async (): Promise<true | undefined> => {
      const statuses = await Promise.all(Object.values(pages).map(async (url) => (await fetch(url)).status));
      return statuses.join() === '200,200,200,200,200,410,410' ? true : undefined;
    };
    await until('all pages', settled, { timeoutMs: 30_000 });
    await body(scene, pages, stage);
  });
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const isThere = await page.evaluate(
      (wanted) => document.activeElement?.matches(wanted) === true,
      selector,
    );
    if (isThere) return;
  }
  throw new Error(`no way to ${selector} by keyboard`);
}

describe('the pages of a catalogue', () => {
  it('are accessible, fit, and load nothing from anyone else, in each look', () =>
    withPages(async ({ catalogue }, pages, stage) => {
      for (const [look, options] of LOOKS) {
        const page = await openPage(stage, 'about:blank', options);
        const requested: string[] = [];
        const complaints: string[] = [];
        page.on('request', (asked) => requested.push(asked.url()));
        page.on('pageerror', (error) => complaints.push(String(error)));
        for (const [name, url] of Object.entries(pages)) {
          await page.goto(url);
          await page.evaluate(AXE);
          const violations: unknown = await page.evaluate('axe.run().then(({ violations }) => violations)');
          expect([look, name, violations]).toEqual([look, name, []]);
          const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect([look, name, Number(excess) <= 0]).toEqual([look, name, true]);
        }
        expect(requested.filter((url) => !url.startsWith(catalogue.page))).toEqual([]);
        expect(complaints).toEqual([]);
        await page.close();
      }
    }));

  it('are used by keyboard alone: searches, opens an item, goes back', () =>
    withPages(async ({ catalogue }, { list = '' }, stage) => {
      const page = await openPage(stage, list);
      expect(await page.getByRole('link', { name: HOSTILE, exact: true }).count()).toBe(1);
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      await tabTo(page, '#q');
      await page.keyboard.type('FILM');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/?q=FILM');
      expect(await page.locator('.found').textContent()).toContain('1 item found');
      await tabTo(page, '.cards h2 a');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/items/film-mkv/');
      await tabTo(page, '.back a');
      await page.keyboard.press('Enter');
      await page.waitForURL(catalogue.page);
    }));
});

describe('the operator’s view of a catalogue', () => {
  it('shows each item, private ones too, finds them, and opens their swarm', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('shelf');
      await writeFiles(folder, { 'film.mkv': 'film'.repeat(1000), 'secret.txt': 'secret' });
      const { catalogue, command } = await openCatalogue(stage, {
        paths: ['film.mkv', 'secret.txt'].map((name) => join(folder, name)),
        operator: {},
      });
      const { page: view = '', token = '' } = catalogue.operator ?? {};
      await command('set', 'secret-txt', '--access', 'private');
      const film = await fetch(`${catalogue.page}items/film-mkv/files/film.mkv`);
      expect((await film.arrayBuffer()).byteLength).toBe(4000);
      const page = await openPage(stage, `${view}#token=${token}`);
      await page.locator('#item-rows tr', { hasText: 'private' }).waitFor();
      const row = page.locator('#item-rows tr', { hasText: 'film.mkv' });
      await expect.poll(() => row.textContent(), { timeout: 10_000 }).toContain('1.00 copy');
      await page.getByRole('button', { name: 'film.mkv' }).click();
      await page.locator('#peer-rows tr').first().waitFor();
      await page.locator('#find').fill('SECRET');
      await expect.poll(() => page.locator('#item-rows tr').count(), { timeout: 10_000 }).toBe(1);
      await page.evaluate(AXE);
      expect(await page.evaluate('axe.run().then(({ violations }) => violations)')).toEqual([]);
    }));

  it('opens to tokens that were issued for it, until they are revoked, and to no others', () =>
    onStage(async (stage) => {
      const folder = await stage.makeFolder('shelf');
      await writeFiles(folder, { 'film.mkv': 'film' });
      const { catalogue, command } = await openCatalogue(stage, {
        paths: [join(folder, 'film.mkv')],
        operator: {},
      });
      const ask = async (path: string, token: string): Promise<number> => {
        const response = await fetch(`${catalogue.operator?.page ?? ''}${path}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        await response.arrayBuffer();
        return response.status;
      };
      const tokenOf = (issued: Readonly<Record<string, unknown>> | undefined): string =>
        String(issued?.['token']);
      const [reader] = await command('token');
      const [operator] = await command('token', '--operate', '--note', 'Ann');
      expect(String(operator?.['path'])).toBe(`operator/#token=${tokenOf(operator)}`);
      await sleep(1200);
      expect(await ask('metrics', tokenOf(reader))).toBe(401);
      expect(await ask('metrics', tokenOf(operator))).toBe(200);
      const login = await fetch(`${catalogue.operator?.page ?? ''}api/v1/login`, {
        method: 'POST',
        body: JSON.stringify({ token: tokenOf(operator) }),
      });
      const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      const withCookie = async (): Promise<number> =>
        (await fetch(`${catalogue.operator?.page ?? ''}metrics`, { headers: { cookie } })).status;
      expect(await withCookie()).toBe(200);
      await command('revoke', String(operator?.['id']));
      await until('the end of it', async () => ((await withCookie()) === 401 ? true : undefined), {
        timeoutMs: 5000,
      });
      expect(await ask('metrics', tokenOf(operator))).toBe(401);
      expect(await ask('metrics', catalogue.operator?.token ?? '')).toBe(200);
    }));
});
