// Few bytes that would become many: compressed answers, and bencode whose values cost more than their bytes.
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeBencode } from '../../src/core/bencode/decode.ts';
import { BencodeError } from '../../src/core/bencode/error.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { fetchTorrent } from '../../src/engine/fetch-torrent.ts';
import { createHttpPort } from '../../src/node/http.ts';
import { messageOf } from './announcing.ts';
import { EvilServer } from './http-server.ts';

const GIB = 2 ** 30;

/** A GiB of zeros as they are made; each is a thousandth of that on the wire. */
function zeros(): Readable {
  const chunk = Buffer.alloc(1 << 20);
  let left = GIB / chunk.length;
  return new Readable({
    read() {
      this.push(left-- > 0 ? chunk : null);
    },
  });
}

describe('gzip bombs', () => {
  let server: EvilServer | undefined;
  let sent = 0;

  afterEach(() => server?.close());

  async function serve(encoding: 'gzip' | 'br'): Promise<EvilServer> {
    sent = 0;
    server = await EvilServer.start((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      const packer =
        encoding === 'gzip'
          ? createGzip({ level: 1 })
          : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
      const source = zeros();
      source.on('data', (chunk: Buffer) => (sent += chunk.length));
      source.pipe(packer).pipe(response);
      response.on('close', () => source.destroy());
    });
    return server;
  }

  it.each(['gzip', 'br'] as const)('of a tracker (%s) end at the limit of its answers', async (encoding) => {
    const tracker = await serve(encoding);
    const before = process.memoryUsage().rss;
    expect(await messageOf(tracker.url('/announce'))).toMatch(/more than any reply needs/);
    expect(sent).toBeLessThan(GIB / 2);
    expect(process.memoryUsage().rss - before).toBeLessThan(GIB / 4);
  });

  it('in place of a .torrent end at its limit', async () => {
    const site = await serve('gzip');
    const { signal } = new AbortController();
    const fetched = fetchTorrent(site.url('/x.torrent'), createHttpPort({ userAgent: 'test/1' }), signal);
    await expect(fetched).rejects.toMatchObject({ code: 'TORRENT_TOO_BIG' });
    expect(sent).toBeLessThan(GIB);
    expect(LIMITS.torrentFileBytes.value).toBeLessThan(GIB / 4);
  });
});

describe('bencode bombs', () => {
  const bomb = (text: string): (() => unknown) => {
    const bytes = Buffer.from(text, 'latin1');
    return () => decodeBencode(bytes, { canonical: false });
  };

  it.each([
    ['lists in lists', () => 'l'.repeat(5_000_000), 'BENCODE_TOO_DEEP'],
    ['dictionaries in dictionaries', () => 'd0:'.repeat(2_000_000), 'BENCODE_TOO_DEEP'],
    ['tens of millions of empty values', () => `l${'le'.repeat(12_000_000)}e`, 'BENCODE_TOO_MANY'],
    ['an integer of a million digits', () => `i${'9'.repeat(1_000_000)}e`, 'BENCODE_INTEGER_TOO_LARGE'],
    ['a string said to be longer than memory', () => '99999999999999999999:x', 'BENCODE_TRUNCATED'],
    ['a length of a million digits', () => `${'0'.repeat(1_000_000)}1:x`, undefined],
  ])('%s', (_, text, code) => {
    if (code === undefined) expect(bomb(text())()).toEqual(Uint8Array.of(0x78));
    else expect(bomb(text())).toThrow(expect.objectContaining({ name: BencodeError.name, code }));
  });
});
