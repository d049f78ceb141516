import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1Encode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { toInfoHash } from '../ids.ts';
import { encodeSearch, LSD_GROUPS, parseSearch } from './search.ts';

const infoHash = toInfoHash(new Uint8Array(20).fill(0xab));
const group = { ip: '239.192.152.143', port: 6771 };

describe('a local search', () => {
  it('is written as BEP 14 shows it', () => {
    const text = new TextDecoder().decode(
      encodeSearch({ port: 6881, infoHashes: [infoHash], cookie: 'x1' }, group),
    );
    expect(text).toBe(
      'BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n' +
        `Infohash: ${'ab'.repeat(20)}\r\ncookie: x1\r\n\r\n\r\n`,
    );
  });

  it('is read back, in both families', () => {
    const search = { port: 1, infoHashes: [infoHash, infoHash], cookie: undefined };
    for (const each of LSD_GROUPS) expect(parseSearch(encodeSearch(search, each))).toEqual(search);
  });

  it('is read with headers in any case and order', () => {
    const text = `BT-SEARCH * HTTP/1.1\r\nINFOHASH:${'AB'.repeat(20)}\r\nX-Y: z\r\nport:  7\r\n\r\n`;
    expect(parseSearch(latin1Encode(text))).toEqual({ port: 7, infoHashes: [infoHash], cookie: undefined });
  });

  it('throws nothing but ProtocolError', () => {
    const parts = fc.constantFrom(
      'BT-SEARCH * HTTP/1.1\r\n',
      'Port: ',
      '99999',
      '6',
      '\r\n',
      'Infohash: ',
      'zz',
      ':',
    );
    fc.assert(
      fc.property(fc.array(parts), (texts) => {
        try {
          parseSearch(latin1Encode(texts.join('')));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
    expect(() => parseSearch(new Uint8Array(1401))).toThrow(ProtocolError);
  });
});
