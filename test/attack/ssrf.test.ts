// A stranger's torrent, magnet link or redirect names an address of the user's own network: a router, a service of
// this host. What may be asked there is what web seeds and trackers are made of, and nothing that steers a device.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpPort } from '../../src/node/http.ts';
import { isPublic, mayBeLocal } from '../../src/node/local-rule.ts';
import type { HttpRequest } from '../../src/ports/http.ts';
import { EvilServer } from './http-server.ts';

const http = createHttpPort({ userAgent: 'test/1' });

async function codeOf(url: string, options: Partial<HttpRequest>): Promise<string> {
  const { signal } = new AbortController();
  try {
    const response = await http.request({ url, signal, timeoutMs: 5000, maxRedirects: 5, ...options });
    const parts: Uint8Array[] = [];
    for await (const chunk of response.body) parts.push(chunk);
    return String(response.status);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

describe('SSRF', () => {
  let device: EvilServer;

  beforeEach(async () => {
    device = await EvilServer.start((request, response) => {
      const to = new URL(request.url ?? '', 'http://x').searchParams.get('to');
      response.writeHead(to === null ? 200 : 302, to === null ? {} : { location: to });
      response.end('the device obeys');
    });
  });

  afterEach(() => device.close());

  it('through a web seed: no query reaches a private address, by number or by name', async () => {
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1']) {
      expect(await codeOf(device.url('/set?dns=6.6.6.6', host), { local: 'files' })).toBe(
        'HTTP_PRIVATE_ADDRESS',
      );
    }
    expect(device.asked).toEqual([]);
  });

  it('through a tracker: nothing but an announce reaches a private address', async () => {
    for (const path of ['/reboot?announce', '/cgi-bin/announcement', '/?x=/announce', '/announce.cgi']) {
      expect(await codeOf(device.url(path), { local: 'announces' })).toBe('HTTP_PRIVATE_ADDRESS');
    }
    expect(device.asked).toEqual([]);
    expect(await codeOf(device.url('/announce?info_hash=x'), { local: 'announces' })).toBe('200');
  });

  it('through a redirect: what may not be asked for is not followed to either', async () => {
    const redirect = device.url(`/announce?to=${encodeURIComponent('/reboot?now')}`);
    expect(await codeOf(redirect, { local: 'announces' })).toBe('HTTP_PRIVATE_ADDRESS');
    const elsewhere = device.url(`/announce?to=${encodeURIComponent('http://[::1]:1/reboot')}`);
    expect(await codeOf(elsewhere, { local: 'announces' })).toBe('HTTP_PRIVATE_ADDRESS');
    for (const scheme of ['file:///etc/passwd', 'ftp://localhost/', 'gopher://localhost/', 'javascript:0']) {
      const away = device.url(`/announce?to=${encodeURIComponent(scheme)}`);
      expect(await codeOf(away, { local: 'announces' })).toBe('HTTP_BAD_REDIRECT');
    }
    expect(device.asked.every((path) => path.startsWith('/announce?'))).toBe(true);
  });

  it('through an idle connection: one opened for a plain file carries nothing else', async () => {
    expect(await codeOf(device.url('/file'), { local: 'files' })).toBe('200');
    expect(await codeOf(device.url('/set?dns=6.6.6.6'), { local: 'files' })).toBe('HTTP_PRIVATE_ADDRESS');
    expect(device.asked).toEqual(['/file']);
  });

  it('every range that is not of the public internet counts as private', () => {
    const inside = ['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'];
    const special = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '192.0.2.1', '198.18.0.1', '240.0.0.1'];
    const six = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:192.168.1.1', 'ff02::1'];
    const ways = ['64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'not an address', ''];
    expect([...inside, ...special, ...six, ...ways].filter(isPublic)).toEqual([]);
    expect(['8.8.8.8', '2a00:1450:4001::1'].every(isPublic)).toBe(true);
  });

  it('the rules themselves', () => {
    const may = (reach: 'any' | 'files' | 'announces', url: string): boolean =>
      mayBeLocal(reach, new URL(url));
    expect(may('files', 'http://h/a/b.iso')).toBe(true);
    expect(may('files', 'http://h/a?b')).toBe(false);
    expect(may('announces', 'http://h/x/announce/key?info_hash=1')).toBe(true);
    expect(may('announces', 'http://h/announced')).toBe(false);
    expect(may('any', 'http://h/reboot?now')).toBe(true);
  });
});
