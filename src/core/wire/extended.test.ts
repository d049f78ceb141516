import { describe, expect, it } from 'vitest';
import { latin1Encode, utf8Decode } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { EXTENSION_IDS, encodeExtendedHandshake, parseExtendedHandshake } from './extended.ts';
import type { ExtendedHandshake } from './extended.ts';

const full: ExtendedHandshake = {
  extensions: EXTENSION_IDS,
  client: 'Swarmpress 1.0',
  port: 6881,
  requestQueue: 2000,
  metadataSize: 1234,
  yourIp: '1.2.3.4',
  ipv4: '5.6.7.8',
  ipv6: '::1',
  uploadOnly: true,
};

describe('extended handshake', () => {
  it('is read back as it was written', () => {
    expect(parseExtendedHandshake(encodeExtendedHandshake(full))).toEqual(full);
  });

  it('leaves out what is not known', () => {
    const payload = encodeExtendedHandshake({ extensions: {}, uploadOnly: false });
    expect(utf8Decode(payload)).toBe('d1:mdee');
  });

  it('takes fields of a wrong type or out of range as absent', () => {
    const payload = latin1Encode(
      'd4:ipv43:abc1:md11:ut_metadatai256e6:ut_pexi0ee13:metadata_sizei-5e1:pi70000e4:reqq1:x1:vi1ee',
    );
    expect(parseExtendedHandshake(payload)).toEqual({ extensions: {}, uploadOnly: false });
  });

  it('takes keys that are out of order', () => {
    const payload = latin1Encode('d1:v3:abc1:md6:ut_pexi4e11:ut_metadatai3eee');
    expect(parseExtendedHandshake(payload).extensions).toEqual({ ut_pex: 4, ut_metadata: 3 });
  });

  it('takes fields at the ends of their ranges', () => {
    const most = String(Number.MAX_SAFE_INTEGER);
    const payload = latin1Encode(
      `d1:md11:ut_metadatai255e6:ut_pexi1ee13:metadata_sizei${most}e1:pi65535e4:reqqi1ee`,
    );
    expect(parseExtendedHandshake(payload)).toEqual({
      extensions: { ut_metadata: 255, ut_pex: 1 },
      metadataSize: Number.MAX_SAFE_INTEGER,
      port: 65535,
      requestQueue: 1,
      uploadOnly: false,
    });
    expect(parseExtendedHandshake(latin1Encode('d1:pi65536ee')).port).toBeUndefined();
    expect(parseExtendedHandshake(latin1Encode('d1:mi1ee')).extensions).toEqual({});
    expect(Object.keys(parseExtendedHandshake(latin1Encode('de')).extensions)).toEqual([]);
  });

  it('names what is no address, and what is no dictionary', () => {
    const wrong = { extensions: {}, uploadOnly: false, yourIp: 'host' };
    expect(() => encodeExtendedHandshake(wrong)).toThrow(expect.objectContaining({ code: 'IP_INVALID' }));
    expect(() => parseExtendedHandshake(latin1Encode('le'))).toThrow(
      expect.objectContaining({ code: 'WIRE_BAD_EXTENDED' }),
    );
  });

  it('cuts a long client name', () => {
    const payload = latin1Encode(`d1:v500:${'x'.repeat(500)}e`);
    expect(parseExtendedHandshake(payload).client).toBe('x'.repeat(100));
  });

  it('is refused when it is no dictionary, or cut anywhere', () => {
    expect(() => parseExtendedHandshake(latin1Encode('le'))).toThrow(ProtocolError);
    const payload = encodeExtendedHandshake(full);
    for (let length = 0; length < payload.length; length++) {
      expect(() => parseExtendedHandshake(payload.subarray(0, length))).toThrow(ProtocolError);
    }
  });
});
