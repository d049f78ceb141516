import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { toInfoHash, toInfoHashV2 } from '../ids.ts';
import { formatMagnet, parseMagnet } from './magnet.ts';

const HASH = 'd2474e86c95b19b8bcfdb92bc12c9d44667cfa36';

const urls = fc.uniqueArray(fc.webUrl({ withQueryParameters: true, withFragments: true }), { maxLength: 4 });
const addresses = fc.uniqueArray(
  fc.record({
    host: fc.oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::2', 'tracker.example')),
    port: fc.integer({ min: 1, max: 65535 }),
  }),
  { maxLength: 3, selector: ({ host, port }) => `${host} ${String(port)}` },
);
const links = fc
  .record({
    infoHash: fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }), { nil: undefined }),
    infoHashV2: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
    name: fc.option(fc.string({ minLength: 1, unit: 'grapheme' }), { nil: undefined }),
    trackers: urls,
    webSeeds: urls,
    sources: urls,
    peers: addresses,
    nodes: addresses,
    selected: fc.option(
      fc.uniqueArray(fc.nat(200), { minLength: 1 }).map((indices) => indices.sort((a, b) => a - b)),
      { nil: undefined },
    ),
  })
  .filter(({ infoHash, infoHashV2 }) => infoHash !== undefined || infoHashV2 !== undefined)
  .map((link) => ({
    ...link,
    infoHash: link.infoHash && toInfoHash(link.infoHash),
    infoHashV2: link.infoHashV2 && toInfoHashV2(link.infoHashV2),
  }));

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(links, (link) => {
      expect(parseMagnet(formatMagnet(link))).toEqual(link);
    }),
  );
});

test('any text is read or refused with a ProtocolError', () => {
  const texts = fc.oneof(
    fc.string(),
    fc
      .string({ unit: 'binary' })
      .map((text) => `magnet:?xt=urn:btih:${HASH}&dn=${text}&so=${text}&x.pe=${text}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parseMagnet(text);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

test('a plus is a space in the name and itself in a URL', () => {
  const link = parseMagnet(`magnet:?xt=urn:btih:${HASH}&dn=a+b%2Bc&tr=http://t/?key=a+b`);
  expect(link.name).toBe('a b+c');
  expect(link.trackers).toEqual(['http://t/?key=a+b']);
});

test('one bad hash does not spoil a good one', () => {
  expect(parseMagnet(`magnet:?xt=urn:btih:abab&xt=urn:btih:${HASH}`).infoHash).toBeDefined();
});

test('a short link cannot select more files than a torrent has, however often it tries', () => {
  const runs = Array.from({ length: 5000 }, () => '0-999999').join(',');
  const link = parseMagnet(`magnet:?xt=urn:btih:${HASH}&so=${runs},1000000`);
  expect(link.selected).toHaveLength(1_000_000);
});

test('a link without end is refused', () => {
  expect(() => parseMagnet(`magnet:?xt=urn:btih:${HASH}&dn=${'x'.repeat(70_000)}`)).toThrow(
    expect.objectContaining({ code: 'MAGNET_TOO_LONG' }),
  );
});
