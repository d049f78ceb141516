// A visitor's browser on a test page: Chromium by playwright-core, the page bundled by Vite as a user of the package
// would bundle it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import { build } from 'vite';
import { closeServer, listenOnLoopback } from './file-server.ts';
import type { Look } from './browser-page/main.ts';
import { until } from './processes.ts';
import type { Stage } from './stage.ts';

export const EXECUTABLE = '/usr/bin/chromium';
/** Browsers of tests find the loopback under this name. */
export const INSECURE_HOST = 'site.test';
/** No traffic of its own, and real addresses in WebRTC candidates: nobody resolves mDNS names here. */
export const FLAGS: readonly string[] = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // A name that is no secure context without https, as sites on the web are, and loopback is not.
  `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
];
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/** Bundles the test page and serves it on loopback until the stage closes; resolves with its URL. */
export async function servePage(stage: Stage): Promise<string> {
  const folder = await stage.makeFolder('page');
  await build({
    root: resolve(import.meta.dirname, 'browser-page'),
    logLevel: 'warn',
    worker: { format: 'es' },
    resolve: { alias: { 'swarmpress/browser': resolve(import.meta.dirname, '../../dist/browser.js') } },
    build: { outDir: folder, target: 'es2022', emptyOutDir: true },
  });
  const server = createServer((request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    readFile(join(folder, name)).then(
      (bytes) => {
        response.writeHead(200, { 'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain' });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  stage.onClose(() => closeServer(server));
  return `http://127.0.0.1:${String(await listenOnLoopback(server))}/`;
}

/** A page in a browser of its own that ends with the stage. */
export async function openPage(
  stage: Stage,
  url = 'about:blank',
  options: BrowserContextOptions = {},
): Promise<Page> {
  // A profile on disk: without one the browser would keep what it stores in memory.
  const profile = await stage.makeFolder('profile');
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: [...FLAGS],
    ...options,
  });
  stage.onClose(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** One browser with one page. */
export class Visitor {
  readonly page: Page;
  /** What the page said on its console as errors, and what it threw. */
  readonly complaints: readonly string[];

  constructor(page: Page, complaints: readonly string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  static async open(stage: Stage, url: string): Promise<Visitor> {
    const page = await openPage(stage);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(url);
    return new Visitor(page, complaints);
  }

  async start(source: {
    readonly torrent: Uint8Array;
    readonly webSeeds?: readonly string[];
    readonly files?: readonly number[];
  }): Promise<void> {
    const { torrent, ...rest } = source;
    await this.page.evaluate(
      ({ bytes, others }) => window.harness.start({ torrent: new Uint8Array(bytes), ...others }),
      { bytes: [...torrent], others: rest },
    );
  }

  select(files: readonly number[]): Promise<void> {
    return this.page.evaluate((indices) => {
      window.harness.select(indices);
    }, files);
  }

  look(): Promise<Look> {
    return this.page.evaluate(() => window.harness.look());
  }

  /** Resolves with the first look that satisfies; fails with the last one otherwise. */
  async sees(is: (look: Look) => boolean, timeoutMs: number): Promise<Look> {
    let last: Look | undefined;
    try {
      const ask = async (): Promise<Look | undefined> => {
        last = await this.look();
        return is(last) ? last : undefined;
      };
      return await until('the page', ask, { timeoutMs });
    } catch (cause) {
      throw new Error(`the page never came there: ${JSON.stringify(last)}`, { cause });
    }
  }

  /** Saves all as one download and resolves with its SHA-256 in hex. */
  async savedSha256(): Promise<string> {
    const [saved] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.evaluate(() => window.harness.saveAll()),
    ]);
    const hash = createHash('sha256');
    await pipeline(createReadStream(await saved.path()), hash);
    return hash.digest('hex');
  }

  /** Path below the torrent's folder → SHA-256 in hex, as the page reads them back. */
  async fileSha256s(): Promise<Map<string, string>> {
    return new Map(await this.page.evaluate(() => window.harness.digests()));
  }
}
