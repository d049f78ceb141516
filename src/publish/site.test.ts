import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toInfoHash } from '../core/ids.ts';
import type { FileEntry, Metainfo } from '../core/metainfo/metainfo.ts';
import { createAsset } from '../local-http/assets.ts';
import { loadSiteAssets } from './assets.ts';
import { createLinks, parsePublicUrl } from './links.ts';
import type { WalkedFile } from '../node/fs-walk.ts';
import { createPublication } from './publication.ts';
import { createSite, type Site, type SiteDeps } from './site.ts';
import type { PublicationStatus } from './status.ts';

const HOSTILE = '<img src=x onerror=alert(1)>"&\u202e.txt';
let folder = '';
let site: Site;
let directBytes = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-site-'));
  site = createSite(await siteDeps({ 'a b.txt': 'hello', [HOSTILE]: 'boo', 'sub/100%.bin': 'bytes' }));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function siteDeps(
  contents: Readonly<Record<string, string>>,
  name = 'The <b>Folder</b>',
): Promise<SiteDeps> {
  const files: FileEntry[] = [];
  const content: WalkedFile[] = [];
  for (const [path, text] of Object.entries(contents)) {
    const diskPath = join(folder, 'content', path);
    await mkdir(dirname(diskPath), { recursive: true });
    await writeFile(diskPath, text);
    const full = [name, ...path.split('/')];
    const { mtimeMs } = await stat(diskPath);
    content.push({ path: path.split('/'), location: diskPath, length: text.length, modifiedMs: mtimeMs });
    files.push(entryOf(full, text.length));
  }
  files.push({ ...entryOf([name, '.pad', '300'], 300), pad: true });
  const metainfo = metainfoOf(name, files);
  return {
    publication: createPublication({ metainfo, torrentBytes: Uint8Array.of(100, 101), folder }, content),
    links: createLinks({
      ...{ base: parsePublicUrl('http://pub.example:8080'), name, isSingleFile: false, udpPort: 8080 },
      ...{ extraTrackers: [], webSeed: true },
    }),
    magnet: 'magnet:?xt=urn:btih:00&dn=x',
    direct: true,
    assets: new Map([['page/styles.css', createAsset(new TextEncoder().encode('body{}'), 'text/css')]]),
    status: () => STATUS,
    sha256Of: (file) => (file === 0 ? 'ab'.repeat(32) : undefined),
    onDirect: () => (bytes) => {
      directBytes += bytes;
    },
    onTrouble: () => undefined,
  };
}

function entryOf(path: readonly string[], length: number): FileEntry {
  const flags = { pad: false, executable: false, hidden: false, symlink: undefined };
  return { path, length, offset: 0, ...flags, piecesRoot: undefined };
}

function metainfoOf(name: string, files: readonly FileEntry[]): Metainfo {
  return {
    ...{
      version: 'v1',
      infoHash: toInfoHash(new Uint8Array(20).fill(7)),
      infoHashV2: undefined,
      name,
      files,
    },
    ...{
      pieceLength: 16384,
      pieceCount: 1,
      length: 13,
      isSingleFile: false,
      private: false,
      source: undefined,
    },
    ...{
      pieceHashes: new Uint8Array(20),
      infoBytes: new Uint8Array(0),
      pieceLayers: new Map(),
      trackers: [],
    },
    ...{
      webSeeds: [],
      httpSeeds: [],
      nodes: [],
      comment: '</p><script>alert(2)</script>',
      createdBy: undefined,
    },
    ...{ creationDate: 0, warnings: [] },
  };
}

const STATUS: PublicationStatus = {
  ...{ name: 'x', length: 13, infoHash: '07'.repeat(20), infoHashV2: undefined, state: 'seeding' },
  ...{ seeders: 3, leechers: 2, completed: 1, connected: 2, uploadRate: 2048, uploaded: 26, sentDirectly: 0 },
  ...{ copies: 2, uptimeSeconds: 61 },
};

describe('the publication page', () => {
  it('shows names and comments as text, never as markup', async () => {
    const text = await (await site.request('/')).text();
    expect(text).not.toMatch(/<img src=x|<b>Folder|<script>alert/);
    expect(text).toContain('The &lt;b&gt;Folder&lt;/b&gt;');
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&amp;\ufffd.txt');
    expect(text).toContain('&lt;/p&gt;&lt;script&gt;');
  });

  it('has a strict policy and loads only its own parts', async () => {
    const response = await site.request('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    // Its own tracker and its own web seed.
    const hosts = [...policy.matchAll(/[a-z]+:\/\/([^ ;]+)/g)].map(([, host]) => host);
    expect(new Set(hosts)).toEqual(new Set(['pub.example:8080']));
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const text = await response.text();
    const loaded = [...text.matchAll(/<(?:script|img|link)[^>]*?(?:src|href)="([^"]*)"/g)].map(
      (match) => match[1],
    );
    expect(loaded.length).toBeGreaterThan(3);
    expect(loaded.every((url) => url?.startsWith('./'))).toBe(true);
    expect(text).not.toMatch(/ style=| on\w+="/);
  });

  it('names its .torrent for machines and hands it out when asked for that type', async () => {
    const text = await (await site.request('/')).text();
    const link = /rel="alternate"\s+type="application\/x-bittorrent"\s+href="([^"]*)"/.exec(text)?.[1] ?? '';
    const linked = await site.request(new URL(link, 'http://x/').pathname);
    expect(linked.headers.get('content-type')).toBe('application/x-bittorrent');
    const negotiated = await site.request('/', { headers: { accept: 'application/x-bittorrent' } });
    expect(await negotiated.text()).toBe('de');
    const browser = await site.request('/', { headers: { accept: 'text/html,application/x-bittorrent' } });
    expect(browser.headers.get('content-type')).toContain('text/html');
  });

  it('links each file so that following the link yields its bytes', async () => {
    const text = await (await site.request('/')).text();
    const links = [...text.matchAll(/<a href="(\.\/files\/[^"]*)"/g)].map((match) => match[1] ?? '');
    const bodies = links.map(async (link) =>
      (await site.request(new URL(link, 'http://x/').pathname)).text(),
    );
    expect(await Promise.all(bodies)).toEqual(['hello', 'boo', 'bytes']);
    expect(directBytes).toBe(13);
  });

  it('gives content no origin of its own and lets any site read it', async () => {
    const response = await site.request('/files/The%20%3Cb%3EFolder%3C%2Fb%3E/a%20b.txt');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
    expect(response.headers.get('content-disposition')).toContain('attachment');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    await response.body?.cancel();
  });

  it('serves padding as zeros to clients that take it for files', async () => {
    const response = await site.request('/files/The%20%3Cb%3EFolder%3C%2Fb%3E/.pad/300', {
      headers: { range: 'bytes=290-' },
    });
    expect(response.status).toBe(206);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new Uint8Array(10));
  });

  it.each([
    '/files/../../etc/passwd',
    '/files/%2e%2e/%2e%2e/etc/passwd',
    '/files/The%20%3Cb%3EFolder%3C%2Fb%3E/..%2f..%2f..%2fetc%2fpasswd',
    '/files/The%20%3Cb%3EFolder%3C%2Fb%3E/sub',
    '/files/%ff',
    '/files/',
    '/assets/../package.json',
    '/other.torrent',
    '/__proto__',
  ])('has nothing at %s', async (path) => {
    expect((await site.request(path)).status).toBe(404);
  });

  it('answers HEAD like GET and refuses to be written to', async () => {
    const head = await site.request('/', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect((await site.request('/', { method: 'POST' })).status).toBe(405);
  });

  it('reports its numbers as JSON without any address of a peer', async () => {
    const response = await site.request('/status.json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ seeders: 3, leechers: 2, copies: 2, state: 'seeding' });
  });

  it('lists checksums that are known, in the form of sha256sum', async () => {
    expect(await (await site.request('/SHA256SUMS')).text()).toBe(`${'ab'.repeat(32)}  a b.txt\n`);
  });

  it('serves its style sheet with a validator, compressed for whoever takes that', async () => {
    const path = '/assets/page/styles.css';
    for (const headers of [{}, { 'accept-encoding': 'br, gzip' }]) {
      const first = await site.request(path, { headers });
      expect(first.headers.get('content-type')).toBe('text/css');
      const etag = first.headers.get('etag') ?? '';
      const again = await site.request(path, { headers: { ...headers, 'if-none-match': etag } });
      expect(again.status).toBe(304);
      const body = Buffer.from(await first.arrayBuffer());
      const isCompressed = first.headers.get('content-encoding') === 'gzip';
      expect(isCompressed).toBe('accept-encoding' in headers);
      expect((isCompressed ? gunzipSync(body) : body).toString()).toBe('body{}');
    }
  });

  it('is less than 100 KB for a visitor, with every script, worker and style', async () => {
    const html = gzipSync(await (await site.request('/')).text()).length;
    const parts = [...(await loadSiteAssets())].filter(([path]) => /^page\/(?!operator)/.test(path));
    expect(parts.map(([path]) => path)).toContain('page/shared.js');
    const total = parts.reduce((sum, [, { gzip }]) => sum + gzip.length, html);
    expect(total).toBeLessThan(100_000);
  });

  it('lets pages of other sites read the .torrent and ranges of files, whatever they are called', async () => {
    const torrent = await site.request(`/${encodeURIComponent('The <b>Folder</b>')}.torrent`);
    expect(torrent.status).toBe(200);
    expect(torrent.headers.get('access-control-allow-origin')).toBe('*');
    const asked = await site.request('/files/x', { method: 'OPTIONS' });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-headers')).toBe('range');
  });

  it('pages a long file list', async () => {
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`f${String(i)}`, 'x']));
    const long = createSite(await siteDeps(many, 'many'));
    const first = await (await long.request('/')).text();
    const second = await (await long.request('/?list=2')).text();
    expect(first.match(/<th scope="row">/g)).toHaveLength(500);
    expect(first).toContain('href="./?list=2#files"');
    expect(second.match(/<th scope="row">/g)).toHaveLength(1);
  });
});

it('refuses to publish a file under a name that clients would change', async () => {
  const { publication } = await siteDeps({ 'x.txt': 'x' }, 'root');
  const walked = { path: ['y\u202etxt.exe'], location: '/y', length: 1, modifiedMs: 0 };
  expect(() => createPublication(publication, [walked])).toThrow('rename it');
});
