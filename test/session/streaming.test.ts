// Files that are read while they download: what is asked for comes first, and is right.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStreams } from '../../src/engine/file-streams.ts';
import { serveLocally, type LocalServer } from '../../src/local-http/serve.ts';
import { createStreamSite, streamLinks } from '../../src/local-http/stream-site.ts';
import { addressOf, Ground, seed } from './harness.ts';

const PIECE = 65_536;
const BYTES = 200 * PIECE + 12_345;

describe('streaming', () => {
  let ground: Ground;
  let server: LocalServer | undefined;

  beforeEach(async () => {
    ground = await Ground.create();
  });

  afterEach(async () => {
    await server?.close();
    server = undefined;
    await ground.dispose();
  });

  async function start() {
    const publication = await ground.publication('single', { bytes: BYTES, pieceLength: PIECE });
    // Slow enough that the whole takes long, and the end is not there by chance.
    const giver = await ground.session({ uploadLimit: 1_000_000 });
    await seed(giver, publication);
    const taker = await ground.session();
    const torrent = await taker.add(publication.torrent.bytes, {
      folder: join(ground.folder, 'out'),
      peers: [addressOf(giver)],
    });
    const content = new Uint8Array(await readFile(publication.content.path));
    return { torrent, content };
  }

  it('gives the last bytes long before the rest is there', async () => {
    const { torrent, content } = await start();
    const chunks: Uint8Array[] = [];
    for await (const chunk of new FileStreams(torrent).open(0, { start: BYTES - 50_000 })) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(content.subarray(BYTES - 50_000))).toBe(true);
    expect(torrent.snapshot().completed).toBeLessThan(BYTES);
  });

  it('ends a reader when the torrent is closed, and when the reader is told to', async () => {
    const { torrent } = await start();
    const abort = new AbortController();
    const streams = new FileStreams(torrent);
    const read = async (signal?: AbortSignal): Promise<void> => {
      for await (const chunk of streams.open(0, { signal })) expect(chunk.length).toBeGreaterThan(0);
    };
    const aborted = expect(read(abort.signal)).rejects.toThrow('enough');
    const closed = expect(read()).rejects.toThrow('closed');
    abort.abort(new Error('enough'));
    await torrent.close();
    await Promise.all([aborted, closed]);
  });

  it('answers a player: ranges, HEAD, what is not there; and no foreign page', async () => {
    const { torrent, content } = await start();
    server = await serveLocally(
      createStreamSite(() => [torrent]),
      { port: 0, host: '127.0.0.1' },
    );
    const base = `http://127.0.0.1:${String(server.port)}`;
    const [link] = streamLinks([torrent]);
    const url = base + (link?.path ?? '');
    expect(await (await fetch(base)).text()).toBe(`${url}\n`);

    const part = await fetch(url, { headers: { range: 'bytes=6000000-6099999' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 6000000-6099999/${String(BYTES)}`);
    expect(part.headers.get('content-security-policy')).toContain('sandbox');
    expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(6_000_000, 6_100_000))).toBe(true);

    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(BYTES));
    expect((await fetch(url, { headers: { range: `bytes=${String(BYTES)}-` } })).status).toBe(416);
    expect((await fetch(`${base}/0/7/none`)).status).toBe(404);
    expect((await fetch(url, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    expect((await fetch(url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect(await statusWithHost(url, 'evil.example')).toBe(421);
  });
});

/** fetch() sets Host itself: a rebound name needs a request by hand. */
async function statusWithHost(url: string, host: string): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
