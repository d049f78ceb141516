import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { parseProxy } from './proxy.ts';

describe('the address of a proxy', () => {
  it.each([
    { text: 'socks5://h', proxy: { kind: 'socks5', host: 'h', port: 1080, login: undefined } },
    { text: 'socks5h://[::1]:9', proxy: { kind: 'socks5', host: '::1', port: 9, login: undefined } },
    { text: 'http://h:80/', proxy: { kind: 'http', host: 'h', port: 80, login: undefined } },
    { text: 'http://h', proxy: { kind: 'http', host: 'h', port: 8080, login: undefined } },
    {
      text: 'socks5://a%40b:c%3Ad@h:1',
      proxy: { kind: 'socks5', host: 'h', port: 1, login: { user: 'a@b', password: 'c:d' } },
    },
  ])('$text', ({ text, proxy }) => {
    expect(parseProxy(text)).toEqual(proxy);
  });

  it.each(['', 'h:1', 'socks4://h', 'ftp://u:secret@h', 'http://u:secret@h/path', 'socks5://'])(
    'refuses "%s" without repeating a password',
    (text) => {
      expect(() => parseProxy(text)).toThrow(UsageError);
      expect(() => parseProxy(text)).not.toThrow(/secret/);
    },
  );
});
