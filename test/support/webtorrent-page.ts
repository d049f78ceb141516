// Webtorrent's own browser bundle in a page of its own, as seeder and as downloader.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { closeServer, listenOnLoopback } from './file-server.ts';
import type { Stage } from './stage.ts';

const HTML = `<!doctype html><meta charset="utf-8"><title>webtorrent</title><link rel="icon" href="data:,">
<script type="module">
  import WebTorrent from './webtorrent.min.js';
  window.client = new WebTorrent({ dht: false, tracker: { rtcConfig: { iceServers: [] } } });
</script>`;

interface WebTorrentFile {
  blob(): Promise<Blob>;
}

interface WebTorrentTorrent {
  readonly progress: number;
  readonly files: readonly WebTorrentFile[];
  on(event: 'done', listener: () => void): void;
}

interface WebTorrentClient {
  add(torrent: Uint8Array, onReady: (torrent: WebTorrentTorrent) => void): void;
  seed(
    files: readonly File[],
    options: { readonly announce: readonly string[]; readonly name: string },
    onSeed: (torrent: { readonly torrentFile: Uint8Array }) => void,
  ): void;
}

declare global {
  interface Window {
    client: WebTorrentClient | undefined;
  }
}

/** Serves the page on loopback until the stage closes; resolves with its URL. */
export async function serveWebTorrentPage(stage: Stage): Promise<string> {
  const bundle = createRequire(import.meta.url).resolve('webtorrent/dist/webtorrent.min.js');
  const script = await readFile(bundle);
  const server = createServer((request, response) => {
    const isScript = request.url === '/webtorrent.min.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : HTML);
  });
  stage.onClose(() => closeServer(server));
  return `http://127.0.0.1:${String(await listenOnLoopback(server))}/`;
}

/** Calls a function in the page. */
type RunInPage = (action: (bytes: number[]) => Promise<number[]>, bytes: number[]) => Promise<number[]>;

/** Resolves with the SHA-256 (hex) of the torrent's first file as webtorrent got it. */
export async function downloadWithWebTorrent(run: RunInPage, torrent: Uint8Array): Promise<string> {
  const digest = await run(
    async (bytes) => {
      while (window.client === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      const { client } = window;
      const added = await new Promise<WebTorrentTorrent>((resolve) => {
        client.add(new Uint8Array(bytes), (ready) => {
          ready.on('done', () => {
            resolve(ready);
          });
        });
      });
      const blob = await added.files[0]?.blob();
      const content = (await blob?.arrayBuffer()) ?? new ArrayBuffer(0);
      return [...new Uint8Array(await crypto.subtle.digest('SHA-256', content))];
    },
    [...torrent],
  );
  return Buffer.from(digest).toString('hex');
}

/** Has webtorrent seed a file of `length` bytes; resolves with its .torrent and the file's SHA-256. */
export async function seedWithWebTorrent(
  page: Page,
  options: { readonly length: number; readonly announce: string },
): Promise<{ readonly torrent: Uint8Array; readonly sha256: string }> {
  await page.waitForFunction(() => window.client !== undefined);
  const { torrent, digest } = await page.evaluate(async ({ length, announce }) => {
    const content = new Uint8Array(length);
    for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
    const hash = await crypto.subtle.digest('SHA-256', content);
    const made = await new Promise<Uint8Array>((resolve) => {
      const seedOptions = { announce: [announce], name: 'noise.bin' };
      window.client?.seed([new File([content], 'noise.bin')], seedOptions, (seeding) => {
        resolve(seeding.torrentFile);
      });
    });
    return { torrent: [...made], digest: [...new Uint8Array(hash)] };
  }, options);
  return { torrent: new Uint8Array(torrent), sha256: Buffer.from(digest).toString('hex') };
}
