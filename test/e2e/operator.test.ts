// The operator's view against people who take copies: what it says was delivered is what they got, and what it says was
// paid for is what the server sent. Then its doors, its page, and what outlives a restart.
import { readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { request } from 'node:http';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { OPERATOR_OPENAPI } from '../../src/publish/operator/openapi.ts';
import { PUBLISHER_METRIC_NAMES } from '../../src/publish/operator/metrics.ts';
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
import { matchesSchema } from '../support/openapi.ts';
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
      await takeWithAria2(stage, torrent, { port: 28_812 });
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
      // The page tells the tracker a moment after it is done.
      await expect.poll(async () => (await overviewOf(publisher)).finished, { timeout: 15_000 }).toBe(3);
    }));

  it('is more than was paid for where people give to one another', () =>
    withContent(12 * MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content, {
        ...{ version: 'v1', webSeed: false, uploadLimit: 2 * MIB },
      });
      const torrent = await torrentOf(stage, publisher);
      await Promise.all([28_821, 28_822, 28_823].map((port) => takeWithAria2(stage, torrent, { port })));
      expect(await copiesOf(publisher, content, 3)).toBeCloseTo(3, 2);
      const { savedBytes, paidBytes, toPeersBytes } = await overviewOf(publisher);
      expect(toPeersBytes).toBe(publisher.status().uploaded);
      expect(paidBytes).toBeLessThan(2.5 * content.bytes);
      expect(savedBytes).toBe(3 * content.bytes - paidBytes);
    }));
});

const HOSTILE = '<img src=x onerror="document.title=1">\u202Egnp.exe';

/** Somebody who downloads over HTTP and calls itself something that is meant to be HTML. */
async function visitAs(publisher: Publisher, agent: string): Promise<void> {
  const response = await fetch(publisher.links.webSeed ?? '', {
    headers: {
      'user-agent': encodeURIComponent(agent) === agent ? agent : agent.replace(/[^\x20-\x7e]/g, ''),
    },
  });
  await response.arrayBuffer();
}

interface Visit {
  readonly page: Page;
  readonly complaints: string[];
  readonly requested: string[];
}

async function openView(
  stage: Stage,
  { operator }: Publisher,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const page = await openPage(stage, 'about:blank', options);
  const [complaints, requested]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (asked) => requested.push(asked.url()));
  await page.goto(`${operator?.page ?? ''}#token=${operator?.token ?? ''}`);
  await page.locator('#view').waitFor();
  return { page, complaints, requested };
}

describe('the view in a browser', () => {
  it.each<[string, BrowserContextOptions]>([
    ['light on a desktop', { viewport: { width: 1440, height: 900 } }],
    ['dark on a desktop', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
    ['light on a phone', { viewport: { width: 360, height: 740 } }],
    [
      'dark on a phone, with less motion',
      { viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' },
    ],
  ])('is accessible, fits, and asks nobody else: %s', (_, options) =>
    withContent(MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content);
      await visitAs(publisher, HOSTILE);
      const { page, complaints, requested } = await openView(stage, publisher, options);
      const row = page.locator('#peer-rows tr');
      await row.first().waitFor();
      expect(await row.first().textContent()).toContain('<img src=x');
      expect(await page.title()).toBe('Operator’s view');
      await page.evaluate(AXE);
      const violations: unknown = await page.evaluate('axe.run().then(({ violations }) => violations)');
      expect(violations).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(requested.filter((url) => !url.startsWith(publisher.links.page))).toEqual([]);
      expect(
        requested.filter((url) => url.includes(publisher.operator?.token ?? '-') && !url.includes('#')),
      ).toEqual([]);
      expect(page.url()).toBe(publisher.operator?.page);
      expect(complaints).toEqual([]);
    }),
  );

  it('is used by keyboard alone: signs in, reads a chart, changes its span, signs out', () =>
    withContent(MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content);
      const page = await openPage(stage, publisher.operator?.page);
      const focus = async (selector: string): Promise<void> => {
        for (let i = 0; i < 30; i++) {
          await page.keyboard.press('Tab');
          if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector))
            return;
        }
        throw new Error(`no way to ${selector} by keyboard`);
      };
      await page.locator('#login').waitFor();
      await focus('#token');
      await page.keyboard.type('not the token');
      await page.keyboard.press('Enter');
      await page.locator('#message', { hasText: 'not the token' }).waitFor();
      await focus('#token');
      await page.keyboard.type(publisher.operator?.token ?? '');
      await page.keyboard.press('Enter');
      await page.locator('#view').waitFor();
      await page.waitForTimeout(2500);
      await focus('.plot');
      await page.keyboard.press('ArrowLeft');
      expect(await page.evaluate('document.activeElement.getAttribute("aria-valuetext")')).toMatch(
        /^\d\d:\d\d:\d\d: .* to peers/,
      );
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('input[name=span]:checked').getAttribute('value')).toBe('minutes');
      await page.evaluate('document.getElementById("view").scrollTo(0, 0); document.activeElement.blur()');
      await focus('#leave');
      await page.keyboard.press('Enter');
      await page.locator('#login').waitFor();
      await page.reload();
      await page.locator('#login').waitFor();
    }));
});

/** Asks with headers that fetch does not let through. */
function statusOf(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the doors of the view', () => {
  it('open to the token alone, and to no page of others', () =>
    withContent(1000, async (stage, content) => {
      const publisher = await publishWithView(stage, content);
      const { page = '', token = '', tokenFile = '' } = publisher.operator ?? {};
      expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
      const authorization = `Bearer ${token}`;
      for (const path of ['api/v1/overview', 'api/v1/history', 'metrics']) {
        expect([path, await statusOf(page + path)]).toEqual([path, 401]);
        expect([path, await statusOf(page + path, { authorization })]).toEqual([path, 200]);
        expect(await statusOf(page + path, { authorization: `Bearer ${token.slice(0, -1)}` })).toBe(401);
        expect(await statusOf(page + path, { authorization, host: 'evil.example' })).toBe(421);
        expect(await statusOf(page + path, { authorization, origin: 'http://evil.example' })).toBe(403);
        expect(await statusOf(page + path, { authorization, 'sec-fetch-site': 'cross-site' })).toBe(403);
      }
      // Strangers cannot lock the operator out by guessing.
      await Promise.all(
        Array.from({ length: 50 }, () => statusOf(`${page}metrics`, { authorization: 'Bearer guess' })),
      );
      expect(await statusOf(`${page}metrics`, { authorization })).toBe(200);
      expect(await statusOf(page.slice(0, -1))).toBe(302);
      const shown = await fetch(page);
      const html = await shown.text();
      expect(html).not.toContain(content.name);
      expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
      const login = await fetch(`${page}api/v1/login`, { method: 'POST', body: JSON.stringify({ token }) });
      const cookie = login.headers.get('set-cookie') ?? '';
      expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/i);
      expect(cookie).not.toContain(token);
      const [pair = ''] = cookie.split(';');
      expect(await statusOf(`${page}metrics`, { cookie: pair })).toBe(200);
      expect(await statusOf(`${page}metrics`, { cookie: `${pair}x` })).toBe(401);
      expect(await statusOf(`${page}api/v1/nothing`, { authorization })).toBe(404);
      expect(await statusOf(`${page}api/v1/items/none`, { authorization })).toBe(404);
      expect(await statusOf(`${page}api/v1/history?step=years`, { authorization })).toBe(400);
    }));

  it('answers what its description and the documentation say', () =>
    withContent(MIB, async (stage, content) => {
      const publisher = await publishWithView(stage, content);
      await visitAs(publisher, 'a visitor');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const overview = await overviewOf(publisher);
      const schema = (name: string): unknown => ({ $ref: `#/components/schemas/${name}` });
      expect(matchesSchema(OPERATOR_OPENAPI, schema('Overview'), overview)).toEqual([]);
      const swarm = await askView(publisher, `items/${overview.items[0]?.key ?? ''}`);
      expect(swarm).toMatchObject({ peers: [{ transport: 'http', client: 'a visitor', sent: MIB }] });
      expect(matchesSchema(OPERATOR_OPENAPI, schema('Swarm'), swarm)).toEqual([]);
      const series = await askView(publisher, 'history?step=minutes');
      expect(matchesSchema(OPERATOR_OPENAPI, schema('Series'), series)).toEqual([]);
      expect(
        matchesSchema(OPERATOR_OPENAPI, schema('Series'), { ...Object(series), end: 'now' }),
      ).not.toEqual([]);
      const { page = '', token = '' } = publisher.operator ?? {};
      const metrics = await (
        await fetch(`${page}metrics`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
      const docs = readFileSync(join(import.meta.dirname, '../../docs/publish.md'), 'utf8');
      for (const name of PUBLISHER_METRIC_NAMES) {
        expect(metrics).toMatch(new RegExp(`^${name}(\\{item="[0-9a-f]{40}"\\})? [0-9.]+$`, 'm'));
        expect(docs).toContain(`\`${name}\``);
      }
      expect(metrics).toContain(`swarmpress_publisher_direct_bytes_total ${String(MIB)}\n`);
    }));
});

describe('the books', () => {
  it('outlive the publisher, with their history', () =>
    withContent(MIB, async (stage, content) => {
      const first = await publishWithView(stage, content);
      await takeWithCurl(stage, first.links.webSeed ?? '');
      expect(await copiesOf(first, content, 1)).toBe(1);
      const before = await overviewOf(first);
      await first.close();
      const second = await publishWithView(stage, content);
      const after = await overviewOf(second);
      expect(after).toMatchObject({
        since: before.since,
        deliveredBytes: MIB,
        directBytes: MIB,
        paidBytes: MIB,
      });
      await takeWithCurl(stage, second.links.webSeed ?? '');
      expect(await copiesOf(second, content, 2)).toBe(2);
      const series = await askView(second, 'history?step=minutes');
      expect(series).toMatchObject({ stepSeconds: 60 });
      expect(JSON.stringify(series)).toContain(`"paid":[`);
    }));
});
