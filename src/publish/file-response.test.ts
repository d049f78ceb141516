import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../core/bytes/bytes.ts';
import { respondWithFile, type SendEvents, type ServedFile } from './file-response.ts';

const LENGTH = 700_001;
const content = Uint8Array.from({ length: LENGTH }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);
const troubles: string[] = [];
const events: SendEvents = {
  onRead: () => undefined,
  onTrouble: (reason) => troubles.push(reason),
  cut: (error) => {
    throw error;
  },
};
let folder = '';
let file: ServedFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swarmpress-file-'));
  file = await publishFile('movie.mp4', content);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function publishFile(
  name: string,
  bytes: Uint8Array,
): Promise<ServedFile & { readonly diskPath: string }> {
  const diskPath = join(folder, name);
  await writeFile(diskPath, bytes);
  const { mtimeMs } = await stat(diskPath);
  return { name, diskPath, length: bytes.length, modifiedMs: mtimeMs, etag: '"tag-0"' };
}

async function ask(headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return respondWithFile(file, new Request('http://localhost/', { headers, method }), events);
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

describe('a published file over HTTP', () => {
  it('sends the whole file with its type and a safe name', async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(LENGTH));
    expect(response.headers.get('content-type')).toBe('video/mp4');
    expect(response.headers.get('content-disposition')).toContain('attachment; filename="movie.mp4"');
    expect(equalBytes(await bytesOf(response), content)).toBe(true);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const response = await ask({ range: 'bytes=1-2' }, 'HEAD');
    expect(response.status).toBe(206);
    expect(response.headers.get('content-length')).toBe('2');
    expect(response.body).toBeNull();
  });

  it.each([
    ['bytes=10-19', 10, 20],
    ['bytes=-5', LENGTH - 5, LENGTH],
    ['bytes=300000-', 300_000, LENGTH],
  ])('sends %s', async (range, start, end) => {
    const response = await ask({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(
      `bytes ${String(start)}-${String(end - 1)}/${String(LENGTH)}`,
    );
    expect(equalBytes(await bytesOf(response), content.slice(start, end))).toBe(true);
  });

  it('sends several ranges as multipart/byteranges of the announced length', async () => {
    const response = await ask({ range: 'bytes=0-3,500000-500001' });
    expect(response.status).toBe(206);
    const boundary = /boundary=(\w+)/.exec(response.headers.get('content-type') ?? '')?.[1] ?? '';
    const body = await bytesOf(response);
    expect(response.headers.get('content-length')).toBe(String(body.length));
    const parts = new TextDecoder('latin1').decode(body).split(`--${boundary}`);
    expect(parts).toHaveLength(4);
    expect(parts[1]).toContain(`Content-Range: bytes 0-3/${String(LENGTH)}`);
    expect(parts[2]).toContain(`Content-Range: bytes 500000-500001/${String(LENGTH)}`);
    expect(parts[2]?.endsWith(new TextDecoder('latin1').decode(content.slice(500000, 500002)) + '\r\n')).toBe(
      true,
    );
    expect(parts[3]).toBe('--\r\n');
  });

  it('answers 416 with the length when nothing of the range exists', async () => {
    const response = await ask({ range: `bytes=${String(LENGTH)}-` });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${String(LENGTH)}`);
  });

  it('sends a range only if If-Range names the file that is here', async () => {
    expect((await ask({ range: 'bytes=0-0', 'if-range': '"tag-0"' })).status).toBe(206);
    expect((await ask({ range: 'bytes=0-0', 'if-range': '"other"' }, 'HEAD')).status).toBe(200);
    const date = new Date(file.modifiedMs).toUTCString();
    expect((await ask({ range: 'bytes=0-0', 'if-range': date })).status).toBe(206);
  });

  it('answers 304 and 412 by entity tag', async () => {
    expect((await ask({ 'if-none-match': '"x", W/"tag-0"' })).status).toBe(304);
    expect((await ask({ 'if-match': '"x"' })).status).toBe(412);
    expect((await ask({ 'if-match': '*' }, 'HEAD')).status).toBe(200);
  });

  it('sends an empty file', async () => {
    const empty = await publishFile('empty', new Uint8Array(0));
    const response = await respondWithFile(empty, new Request('http://localhost/'), events);
    expect(response.headers.get('content-length')).toBe('0');
    expect(await bytesOf(response)).toHaveLength(0);
  });

  it('refuses a file that changed or went away after it was hashed', async () => {
    const touched = await publishFile('touched.txt', content);
    await utimes(touched.diskPath, 1, 1);
    expect((await respondWithFile(touched, new Request('http://localhost/'), events)).status).toBe(503);
    await rm(touched.diskPath);
    expect((await respondWithFile(touched, new Request('http://localhost/'), events)).status).toBe(404);
    expect(troubles).toEqual(['changed', 'missing']);
  });

  it('ends the transfer with an error when the file shrinks under it', async () => {
    const shrinking = await publishFile('shrinking.bin', content);
    const response = await respondWithFile(shrinking, new Request('http://localhost/'), events);
    await writeFile(shrinking.diskPath, 'short');
    await expect(response.arrayBuffer()).rejects.toThrow('could not be read');
  });

  it('lets go of the file when the client leaves', async () => {
    const reader = (await ask()).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expect(reader?.read()).resolves.toEqual({ done: true, value: undefined });
  });
});
