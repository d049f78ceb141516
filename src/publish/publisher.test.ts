import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toHex } from '../core/bytes/bytes.ts';
import { nodeDigests } from '../node/digests.ts';
import { parseTorrent } from '../core/metainfo/parse.ts';
import { startPublisher, type Publisher, type PublisherOptions } from './publisher.ts';

let folder = '';
const open: Publisher[] = [];
const troubles: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-publisher-'));
  await mkdir(join(folder, 'stuff'));
  await writeFile(join(folder, 'stuff', 'a.txt'), 'a'.repeat(50_000));
  await writeFile(join(folder, 'stuff', 'b.txt'), 'b');
});

afterEach(async () => {
  for (const publisher of open.splice(0)) await publisher.close();
  await rm(folder, { recursive: true });
});

async function publish(options: Partial<PublisherOptions> = {}): Promise<Publisher> {
  const publisher = await startPublisher(
    {
      ...{ path: join(folder, 'stuff'), port: 0, peerPort: 0, host: '127.0.0.1', createdBy: 'test' },
      baseUrl: (port) => new URL(`http://127.0.0.1:${String(port)}/`),
      stateFolder: join(folder, 'state'),
      ...options,
    },
    {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onTrouble: (path, reason) => troubles.push(`${basename(path)} ${reason}`),
    },
  );
  open.push(publisher);
  return publisher;
}

async function text(publisher: Publisher, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${String(publisher.port)}${path}`)).text();
}

function announceOf(infoHash: Uint8Array): string {
  const hash = [...infoHash].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return `/announce?info_hash=${hash}&peer_id=-XX0001-abcdefghijkl&port=7&uploaded=0&downloaded=0&left=1&compact=1`;
}

describe('a publisher', () => {
  it('serves page, torrent, content and tracker on one port', async () => {
    const publisher = await publish();
    expect(await text(publisher, '/')).toContain('<h1><bdi>stuff</bdi></h1>');
    expect(await text(publisher, '/files/stuff/b.txt')).toBe('b');
    const torrent = await fetch(publisher.links.torrent);
    const metainfo = parseTorrent(new Uint8Array(await torrent.arrayBuffer()), nodeDigests);
    const base = `127.0.0.1:${String(publisher.port)}`;
    expect(metainfo.trackers).toEqual([
      [`http://${base}/announce`, `udp://${base}/announce`],
      [`ws://${base}/announce`],
    ]);
    expect(metainfo.webSeeds).toEqual([`http://${base}/files/`]);
    expect(toHex(metainfo.infoHash ?? new Uint8Array(0))).toBe(publisher.status().infoHash);
    expect(publisher.magnet).toContain(`x.pe=127.0.0.1:${String(publisher.peerPort)}`);
  });

  it('announces itself as a seed and tracks nothing else', async () => {
    const publisher = await publish();
    await vi.waitFor(() => {
      expect(publisher.status()).toMatchObject({ state: 'seeding', seeders: 1, leechers: 0 });
    });
    const ours = publisher.metainfo.infoHash ?? new Uint8Array(20);
    expect(await text(publisher, announceOf(ours))).toContain('8:complete');
    expect(await text(publisher, announceOf(new Uint8Array(20).fill(9)))).toContain('failure reason');
  });

  it('answers announces on a connection that has served the page before', async () => {
    const publisher = await publish();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port: publisher.port, path, agent };
        request(options, (response) => {
          textOf(response).then(resolve, reject);
        })
          .on('error', reject)
          .end();
      });
    expect(await get('/')).toContain('<h1>');
    expect(await get(announceOf(publisher.metainfo.infoHash ?? new Uint8Array(20)))).toContain('8:complete');
    expect(await get('/status.json')).toContain('"leechers":1');
    agent.destroy();
  });

  it('counts what it sends over HTTP as copies', async () => {
    const publisher = await publish();
    await text(publisher, '/files/stuff/a.txt');
    expect(publisher.status()).toMatchObject({ sentDirectly: 50_000, copies: 0.99 });
  });

  it('carries on with the same torrent and checksums after a restart', async () => {
    const first = await publish();
    await vi.waitFor(async () => {
      expect((await text(first, '/SHA256SUMS')).split('\n')).toHaveLength(3);
    });
    const sums = await text(first, '/SHA256SUMS');
    await first.close();
    const second = await publish();
    expect([first.isReused, second.isReused]).toEqual([false, true]);
    expect(second.status().infoHashV2).toBe(first.status().infoHashV2);
    expect(await text(second, '/SHA256SUMS')).toBe(sums);
  });

  it('offers no files over HTTP where that is not wanted', async () => {
    const publisher = await publish({ webSeed: false });
    expect((await fetch(`${publisher.links.page}files/stuff/b.txt`)).status).toBe(404);
    expect(publisher.metainfo.webSeeds).toEqual([]);
    expect(await text(publisher, '/')).not.toContain('./files/');
  });

  it('publishes a single file', async () => {
    const publisher = await publish({ path: join(folder, 'stuff', 'a.txt') });
    expect(publisher.links.webSeed).toBe(`${publisher.links.page}files/a.txt`);
    expect(await text(publisher, '/files/a.txt')).toHaveLength(50_000);
    expect(await text(publisher, '/')).toContain('Download directly');
  });

  it('ends the answer when a file shrinks while it is sent', async () => {
    const big = join(folder, 'stuff', 'big.bin');
    await writeFile(big, new Uint8Array(30_000_000));
    const publisher = await publish();
    const response = await fetch(`${publisher.links.page}files/stuff/big.bin`);
    const reader = response.body?.getReader();
    await reader?.read();
    await writeFile(big, 'short');
    const drain = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await expect(drain()).rejects.toThrow();
    expect((await fetch(`${publisher.links.page}files/stuff/big.bin`)).status).toBe(503);
    expect(troubles).toEqual(['big.bin changed']);
    expect(await text(publisher, '/files/stuff/b.txt')).toBe('b');
  });

  it('fails before it hashes anything when the port is taken, and frees what it had opened', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(publish({ port })).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_IN_USE' });
    await expect(publish({ peerPort: port })).rejects.toMatchObject({ code: 'LISTEN_ADDRESS_IN_USE' });
    server.close();
  });

  it('names a path that is not there', async () => {
    await expect(publish({ path: join(folder, 'nothing') })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });
});
