// Names and comments of strangers on pages: in HTML, in attributes, in feeds and in scripts. They come out as text.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCatalogue, type Catalogue } from '../../src/catalogue/catalogue.ts';
import { createTracker, type Tracker } from '../../src/server/tracker.ts';
import { writeFiles } from '../support/catalogue.ts';

const SRC = resolve(import.meta.dirname, '../../src');
const NAME = `x"><img src=x onerror=alert(1)><script>alert(2)<`;
const EVIL = `</p></title></script><script>alert(3)</script>" onload="alert(4)' onclick='alert(5) ]]> javascript:alert(6)`;
/** Markup that a browser would take for what the evil words mean. */
const LIVE =
  /<img src=x|<script>alert|"\s*onload=|'\s*onclick=|<[^>]*\son(?:error|load|click)\s*=|href="javascript:/i;

let folder: string;
let catalogue: Catalogue;
let tracker: Tracker;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attack-'));
  await writeFiles(join(folder, 'in'), { [`${NAME}.txt`]: 'evil', [`${NAME} dir/${NAME}`]: 'evil too' });
  catalogue = await startCatalogue(
    {
      ...{
        paths: [join(folder, 'in', `${NAME}.txt`), join(folder, 'in', `${NAME} dir`)],
        port: 0,
        peerPort: 0,
        host: '127.0.0.1',
        createdBy: EVIL,
      },
      ...{ title: EVIL, comment: EVIL, isBaseStable: false, stateFolder: join(folder, 'state') },
      baseUrl: (port: number) => new URL(`http://127.0.0.1:${String(port)}/`),
    },
    { signal: new AbortController().signal, onEvent: () => undefined },
  );
  await catalogue.settled();
  base = `http://127.0.0.1:${String(catalogue.port)}`;
  tracker = await createTracker({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await catalogue.close();
  await tracker.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page without what stands quoted in attributes: that is text, as long as the quotes hold. */
function markup(text: string): string {
  return text.replace(/="[^"]*"/g, '=""');
}

async function get(path: string): Promise<{ text: string; policy: string; type: string }> {
  const response = await fetch(base + path);
  const { headers } = response;
  return {
    text: await response.text(),
    policy: headers.get('content-security-policy') ?? '',
    type: headers.get('content-type') ?? '',
  };
}

describe('XSS', () => {
  it('through titles, comments and searches of a catalogue', async () => {
    for (const path of ['/', `/?q=${encodeURIComponent(EVIL)}`, `/items/${encodeURIComponent(NAME)}`]) {
      const { text, policy } = await get(path);
      expect(markup(text)).not.toMatch(LIVE);
      if (path.startsWith('/items')) continue;
      expect(text).toContain('&lt;script&gt;alert(3)');
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*/);
    }
  });

  it('through names of files on the page of an item', async () => {
    const { items } = JSON.parse((await get('/api/v1/items')).text) as { items: { slug: string }[] };
    expect(items).toHaveLength(2);
    for (const { slug } of items) {
      const { text, policy } = await get(`/items/${slug}/`);
      expect(markup(text)).not.toMatch(LIVE);
      expect(text).toContain('&lt;img src=x');
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|script-src [^;]*\*/);
    }
  });

  it('through feeds and the API: XML stays well formed, JSON is no page', async () => {
    for (const path of ['/feed.rss', '/feed.atom']) {
      const { text, type } = await get(path);
      expect(type).toMatch(/xml/);
      expect(text).not.toMatch(/<script>|<img/);
      expect(text).toContain('script');
    }
    expect((await get('/api/v1/items')).type).toMatch(/json/);
  });

  it('through content: a published page gets no origin, no script and no network', async () => {
    const { items } = JSON.parse((await get('/api/v1/items')).text) as { items: { slug: string }[] };
    for (const { slug } of items) {
      const { text } = await get(`/items/${slug}/`);
      const href = /href="(\.\/files\/[^"]*)"/.exec(text)?.[1] ?? '';
      const response = await fetch(new URL(href, `${base}/items/${slug}/`));
      expect(response.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"\r\n]*"/);
      await response.body?.cancel();
    }
  });

  it('through announces on the statistics of a tracker', async () => {
    const url = `http://127.0.0.1:${String(tracker.port)}`;
    const id = encodeURIComponent('<script>alert(1)</script>'.slice(0, 20));
    await fetch(
      `${url}/announce?info_hash=${id}&peer_id=${id}&port=1&left=1&key=${encodeURIComponent(EVIL)}`,
    );
    for (const path of ['/stats', '/stats.json', '/metrics', '/health', `/${encodeURIComponent(EVIL)}`]) {
      const response = await fetch(url + path, { headers: { 'user-agent': '<script>alert(1)</script>' } });
      expect(await response.text()).not.toMatch(/alert/);
      expect(response.headers.get('content-type')).not.toMatch(path === '/stats' ? /plain/ : /html/);
    }
    const page = await fetch(`${url}/stats`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('through what a page is told while it runs: no script of ours makes markup of text', async () => {
    const sinks =
      /\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|srcdoc|setHTMLUnsafe|createContextualFragment/;
    const scripts = readdirSync(join(SRC, 'page'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(SRC, 'page', path));
    scripts.push(join(SRC, 'server', 'stats-page.ts'));
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.filter((path) => sinks.test(readFileSync(path, 'utf8')))).toEqual([]);
    // And on the servers nothing goes round the templates that escape.
    const servers = ['publish', 'catalogue', 'daemon'].flatMap((name) =>
      readdirSync(join(SRC, name)).map((file) => join(SRC, name, file)),
    );
    for (const path of servers.filter((name) => name.endsWith('.ts'))) {
      expect(await readFile(path, 'utf8')).not.toMatch(/\braw\(|dangerouslySetInnerHTML/);
    }
  });
});
