import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import type { Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes, utf8Decode } from '../core/bytes/bytes.ts';
import type { HttpRequest, HttpResponse } from '../ports/http.ts';
import { createHttpPort } from './http.ts';

const http = createHttpPort({ userAgent: 'test/1' });
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listen(createServer(answer));
}

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? String(address.port) : ''}`;
}

function get(url: string, options: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  const { signal } = new AbortController();
  return http.request({ url, signal, timeoutMs: 5000, maxRedirects: 3, ...options });
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk.slice());
  return utf8Decode(concatBytes(chunks));
}

describe('the HTTP client', () => {
  it('sends headers and gives status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(206, {
        'X-Seen': `${String(request.headers.range)} ${String(request.headers['user-agent'])}`,
      });
      response.end('body');
    });
    const response = await get(`${url}/a?b=c`, { headers: { range: 'bytes=1-2' } });
    expect([response.status, response.headers['x-seen'], response.url]).toEqual([
      206,
      'bytes=1-2 test/1',
      `${url}/a?b=c`,
    ]);
    expect(await textOf(response)).toBe('body');
  });

  it('follows redirects, relative ones too, and says where it ended', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/end') response.end('there');
      else response.writeHead(302, { location: request.url === '/start' ? '/next' : 'end' }).end();
    });
    const response = await get(`${url}/start`);
    expect(response.url).toBe(`${url}/end`);
    expect(await textOf(response)).toBe('there');
  });

  it.each([
    ['going in circles', '/', 'HTTP_TOO_MANY_REDIRECTS'],
    ['to another scheme', 'file:///etc/passwd', 'HTTP_BAD_REDIRECT'],
    ['to what is no URL', 'http://[', 'HTTP_BAD_REDIRECT'],
  ])('refuses redirects %s', async (_, location, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(301, { location }).end();
    });
    await expect(get(url)).rejects.toHaveProperty('code', code);
  });

  it('decodes bodies that servers compress unasked', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('squeezed'));
    });
    expect(await textOf(await get(url))).toBe('squeezed');
  });

  it('calls a broken encoding the server’s fault', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all');
    });
    await expect(get(url).then(textOf)).rejects.toHaveProperty('code', 'HTTP_BAD_ENCODING');
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('x');
    });
    for (let i = 0; i < 5; i++) {
      await textOf(await get(url));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(ports.size).toBe(1);
  });

  it('ends the connection when the body is left early', async () => {
    let closed = false;
    const url = await serve((request, response) => {
      request.socket.on('close', () => {
        closed = true;
      });
      const feed = (): void => {
        if (!closed && response.write(new Uint8Array(65536))) setImmediate(feed);
      };
      response.on('drain', feed);
      feed();
    });
    const response = await get(url);
    for await (const chunk of response.body) if (chunk.length > 0) break;
    await expect.poll(() => closed).toBe(true);
  });

  it.each([
    ['no server', () => Promise.resolve('http://127.0.0.1:1/'), 'HTTP_UNREACHABLE'],
    ['no URL', () => Promise.resolve('ftp://x/'), 'HTTP_BAD_URL'],
    ['a server that says nothing', () => listen(createTcpServer()), 'HTTP_TIMEOUT'],
    [
      'a server that speaks something else',
      () => listen(createTcpServer((socket) => socket.end('220 ready\r\n'))),
      'HTTP_BAD_ANSWER',
    ],
    [
      'a server that hangs up',
      () => listen(createTcpServer((socket) => socket.destroy())),
      'HTTP_DISCONNECTED',
    ],
  ])('says what was wrong: %s', async (_, url, code) => {
    await expect(get(await url(), { timeoutMs: 300 })).rejects.toHaveProperty('code', code);
  });

  it('ends a body that stops half way, and one that is cut', async () => {
    const silent = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('abc');
    });
    await expect(get(silent, { timeoutMs: 200 }).then(textOf)).rejects.toHaveProperty('code', 'HTTP_TIMEOUT');
    const cut = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('abc', () => response.destroy());
    });
    await expect(get(cut).then(textOf)).rejects.toHaveProperty('name', 'SystemError');
  });

  it('can be given up', async () => {
    const url = await listen(createTcpServer());
    const abort = new AbortController();
    const pending = get(url, { signal: abort.signal });
    abort.abort();
    await expect(pending).rejects.toHaveProperty('code', 'HTTP_ABORTED');
  });
});
