// Content from web servers: honest ones, old ones, broken ones and lying ones.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes/bytes.ts';
import type { MetainfoVersion } from '../../src/core/metainfo/metainfo.ts';
import { createTorrent } from '../../src/node/create-torrent.ts';
import { makeContent, manifestOf, type ContentKind } from '../support/content.ts';
import { addressOf, Ground, seed } from './harness.ts';

const MIB = 1024 * 1024;

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

let ground: Ground;
const servers: Server[] = [];

beforeEach(async () => {
  ground = await Ground.create();
});

afterEach(async () => {
  await ground.dispose();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${String(address.port)}/`;
}

/** Files below a folder, by ranges. */
function files(folder: string, seen: string[] = []): Answer {
  return async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    seen.push(`${path} ${request.headers.range ?? ''}`);
    const body = await readFile(join(folder, path)).catch(() => undefined);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (body === undefined) response.writeHead(404).end();
    else if (from === undefined || to === undefined) response.writeHead(200).end(body);
    else {
      const range = `bytes ${from}-${to}/${String(body.length)}`;
      response.writeHead(206, { 'content-range': range }).end(body.subarray(Number(from), Number(to) + 1));
    }
  };
}

/** Downloads with these web seeds; resolves with the torrent when it is whole. */
async function download(
  kind: ContentKind,
  version: MetainfoVersion,
  seeds: (folder: string) => Promise<readonly string[]>,
): ReturnType<typeof begin> {
  const started = await begin(kind, version, seeds);
  await started.torrent.done();
  return started;
}

async function begin(
  kind: ContentKind,
  version: MetainfoVersion,
  seeds: (folder: string) => Promise<readonly string[]>,
) {
  const publication = await ground.publication(kind, { version });
  const { content, torrent } = publication;
  const session = await ground.session();
  const folder = join(ground.folder, 'target');
  const webSeeds = await seeds(content.folder);
  const added = await session.add(torrent.bytes, { folder, webSeeds });
  return { publication, session, torrent: added, arrived: () => manifestOf(join(folder, content.name)) };
}

describe('a web seed', () => {
  it.each([
    ['single', 'v1'],
    ['folder', 'v1'],
    ['crossing', 'v1'],
    ['folder', 'v2'],
    ['crossing', 'hybrid'],
  ] as const)('alone brings every file (%s, %s)', async (kind, version) => {
    const { arrived, publication } = await download(kind, version, async (folder) => [
      await serve(files(folder)),
    ]);
    expect(await arrived()).toEqual(publication.content.manifest);
  });

  it('is asked for long ranges rather than for blocks', async () => {
    const seen: string[] = [];
    const content = await makeContent(join(ground.folder, 'large'), 'single', 24 * MIB);
    const { bytes } = await createTorrent([content.path], { version: 'v1' });
    const session = await ground.session();
    const webSeeds = [await serve(files(content.folder, seen))];
    await (await session.add(bytes, { folder: join(ground.folder, 'target'), webSeeds })).done();
    const lengths = seen.map((line) => {
      const [, from, to] = /bytes=(\d+)-(\d+)$/.exec(line) ?? [];
      return Number(to) - Number(from) + 1;
    });
    expect(lengths[0]).toBe(MIB);
    expect(lengths.length).toBeLessThan(48);
  });

  it('may name the file of a torrent of one file itself', async () => {
    const { arrived, publication } = await download('single', 'v1', async (folder) => {
      const url = await serve((request, response) => files(join(folder))(request, response));
      const { content } = await ground.publication('single');
      return [`${url}${content.name}`];
    });
    expect(await arrived()).toEqual(publication.content.manifest);
  });

  it('works where the server knows no ranges', async () => {
    const { arrived, publication } = await download('single', 'v1', async (folder) => {
      const plain = files(folder);
      return [
        await serve((request, response) => {
          delete request.headers.range;
          return plain(request, response);
        }),
      ];
    });
    expect(await arrived()).toEqual(publication.content.manifest);
  });

  it('follows redirects', async () => {
    const { arrived, publication } = await download('folder', 'v1', async (folder) => {
      const mirror = await serve(files(folder));
      return [
        await serve((request, response) => {
          response.writeHead(302, { location: new URL(request.url ?? '', mirror).href }).end();
        }),
      ];
    });
    expect(await arrived()).toEqual(publication.content.manifest);
  });

  it('of BEP 17 is asked for pieces', async () => {
    const { content, torrent } = await ground.publication('crossing');
    const whole = Buffer.concat(
      await Promise.all(torrent.metainfo.files.map((file) => readFile(join(content.folder, ...file.path)))),
    );
    const hash = toHex(torrent.metainfo.infoHash ?? new Uint8Array());
    const url = await serve((request, response) => {
      const query = /info_hash=([^&]*)&piece=(\d+)&ranges=(\d+)-(\d+)/.exec(request.url ?? '');
      const [, asked = '', piece, from, to] = query ?? [];
      expect(asked.replaceAll('%', '')).toBe(hash);
      const start = Number(piece) * torrent.metainfo.pieceLength;
      response.writeHead(200).end(whole.subarray(start + Number(from), start + Number(to) + 1));
    });
    // Scripts are asked by queries, which strangers' torrents may not send into private networks.
    const session = await ground.session({ trustLocal: true });
    const folder = join(ground.folder, 'target');
    const metainfo = { ...torrent.metainfo, httpSeeds: [`${url}seed.php`] };
    await (await session.add(metainfo, { folder })).done();
    expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
  });

  it('that lies is thrown out, and others bring the content', async () => {
    const { torrent, arrived, publication } = await begin('single', 'v1', async (folder) => [
      await serve(async (request, response) => {
        const bytes = await readFile(join(folder, 'content-single.bin')).catch(
          () => new Uint8Array(5_000_000),
        );
        const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        const body = bytes.slice(Number(from), Number(to) + 1).fill(0x55);
        response.writeHead(206, { 'content-range': `bytes ${from}-${to}/*` }).end(body);
      }),
    ]);
    await expect.poll(() => torrent.webSeeds()[0]?.status, { timeout: 15_000 }).toBe('banned');
    const helper = await ground.session();
    await seed(helper, publication);
    torrent.addPeers([addressOf(helper)]);
    await torrent.done();
    expect(torrent.snapshot().wasted).toBeGreaterThan(0);
    expect(await arrived()).toEqual(publication.content.manifest);
  });

  it.each([
    [
      'has not got the file',
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(404).end(),
    ],
    ['breaks off', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(206).end('abc')],
    [
      'sends another range',
      (_: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(206, { 'content-range': 'bytes 7-8/9' }).end('xx'),
    ],
    ['hangs up', (request: IncomingMessage) => void request.socket.destroy()],
  ])('that %s is left alone for a time and says why', async (_, answer) => {
    const { torrent } = await begin('single', 'v1', async () => [await serve(answer)]);
    await expect.poll(() => torrent.webSeeds()[0]?.status).toBe('failed');
    expect(torrent.webSeeds()[0]?.message).not.toBe('');
    expect(torrent.snapshot().state).toBe('downloading');
  });
});

describe('a torrent that names servers of a private network', () => {
  it('gets plain files from there, and nothing by a query, a redirect or another path', async () => {
    const { torrent } = await ground.publication('single');
    const seen: string[] = [];
    const router = await serve((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(200).end('d8:completei0ee');
    });
    const turned = await serve((_, response) => {
      response.writeHead(302, { location: `${router}reboot?now=1` }).end();
    });
    const session = await ground.session();
    const metainfo = {
      ...torrent.metainfo,
      webSeeds: [`${router}reboot?x=`, `${turned}file`],
      httpSeeds: [`${router}set`],
      trackers: [[`${router}cgi/do`], [`${router}admin?x=/announce`], [`${router}announce`]],
    };
    const added = await session.add(metainfo, { folder: join(ground.folder, 'target') });
    const statuses = (): string[] => added.webSeeds().map(({ status }) => status);
    await expect.poll(statuses).toEqual(['failed', 'failed', 'failed']);
    await expect.poll(() => added.trackers().filter(({ status }) => status === 'failed')).toHaveLength(2);
    for (const { message } of added.webSeeds()) expect(message).toContain('private network');
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    expect(seen.every((path) => path.startsWith('/announce?'))).toBe(true);
  });
});

describe('a magnet link with a source', () => {
  it('gets the torrent from there', async () => {
    const { content, torrent } = await ground.publication('folder', { version: 'hybrid' });
    const url = await serve((request, response) =>
      request.url === '/t.torrent'
        ? void response.end(torrent.bytes)
        : files(content.folder)(request, response),
    );
    const session = await ground.session();
    const hash = toHex(torrent.metainfo.infoHash ?? new Uint8Array());
    const magnet = `magnet:?xt=urn:btih:${hash}&xs=${encodeURIComponent(`${url}missing.torrent`)}&xs=${encodeURIComponent(`${url}t.torrent`)}`;
    const folder = join(ground.folder, 'target');
    const added = await session.add(magnet, { folder, webSeeds: [url] });
    await added.done();
    expect(await manifestOf(join(folder, content.name))).toEqual(content.manifest);
  });

  it('takes no other torrent for it', async () => {
    const { content } = await ground.publication('single');
    const other = await createTorrent([content.path], { version: 'v2', name: 'other' });
    const url = await serve((_, response) => void response.end(other.bytes));
    const session = await ground.session();
    const magnet = `magnet:?xt=urn:btih:${'1'.repeat(40)}&xs=${encodeURIComponent(`${url}t.torrent`)}`;
    const added = await session.add(magnet, { folder: join(ground.folder, 'target') });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(added.metainfo).toBeUndefined();
    expect(added.snapshot().state).toBe('metadata');
  });
});
