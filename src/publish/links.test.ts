import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { createLinks, filePath, parsePublicUrl, torrentPath, type LinkOptions } from './links.ts';

const OPTIONS: LinkOptions = {
  base: parsePublicUrl('https://example.org/pub'),
  name: 'a b?#%.iso',
  isSingleFile: true,
  udpPort: 8080,
  extraTrackers: ['udp://tracker.example:6969', 'https://example.org/pub/announce'],
  webSeed: true,
};

describe('links', () => {
  it('derives everything from the public URL and names each tracker once', () => {
    expect(createLinks(OPTIONS)).toEqual({
      page: 'https://example.org/pub/',
      torrent: 'https://example.org/pub/a%20b%3F%23%25.iso.torrent',
      trackers: [
        'https://example.org/pub/announce',
        'udp://example.org:8080/announce',
        'wss://example.org/pub/announce',
        'udp://tracker.example:6969',
      ],
      webSeed: 'https://example.org/pub/files/a%20b%3F%23%25.iso',
    });
  });

  it('gives a folder a web seed that ends in a slash, so that clients append names (BEP 19)', () => {
    expect(createLinks({ ...OPTIONS, isSingleFile: false }).webSeed).toBe('https://example.org/pub/files/');
    expect(createLinks({ ...OPTIONS, webSeed: false }).webSeed).toBeUndefined();
  });

  it('keeps the brackets of an IPv6 address', () => {
    const links = createLinks({ ...OPTIONS, base: parsePublicUrl('http://[2001:db8::1]:80/') });
    expect(links.trackers).toContain('udp://[2001:db8::1]:8080/announce');
  });

  it('makes relative paths that no name can turn into another address', () => {
    for (const name of [
      'javascript:alert(1)',
      '//evil.example/x',
      '../../x',
      'a/../b',
      '?x',
      '#x',
      'http://x/',
    ]) {
      const base = 'http://pub.example/p/';
      for (const path of [torrentPath(name), filePath(['root', name])]) {
        expect(new URL(path, base).href.startsWith(base), path).toBe(true);
      }
    }
  });

  it.each(['', 'example.org', 'ftp://x/', 'http://x/?a=1', 'http://x/#a', 'http://user@x/'])(
    'refuses "%s" as a public URL',
    (text) => {
      expect(() => parsePublicUrl(text)).toThrow(UsageError);
    },
  );
});

describe('links of one publication among many', () => {
  it('keep the tracker at the port’s base, with what the visitor shows it', () => {
    const { page, trackers } = createLinks({
      ...{ base: parsePublicUrl('https://p.example/items/a/'), name: 'a', isSingleFile: true, udpPort: 7 },
      ...{ extraTrackers: [], webSeed: true },
      tracker: { base: parsePublicUrl('https://p.example'), credential: 'T' },
    });
    expect(page).toBe('https://p.example/items/a/');
    expect(trackers).toEqual([
      'https://p.example/announce/T',
      'udp://p.example:7/announce/T',
      'wss://p.example/announce/T',
    ]);
  });
});
