import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/bytes.ts';
import { HOLEPUNCH_ERRORS, encodeHolepunch, parseHolepunch } from './holepunch.ts';

describe('holepunch messages (BEP 55)', () => {
  it('have the layout of the BEP', () => {
    const address = { ip: '1.2.3.4', port: 0x1a2b };
    expect(toHex(encodeHolepunch({ kind: 'rendezvous', address, error: 0 }))).toBe(
      '0000010203041a2b00000000',
    );
    const six = { ip: '2001:db8::1', port: 80 };
    expect(toHex(encodeHolepunch({ kind: 'error', address: six, error: HOLEPUNCH_ERRORS.noSelf }))).toBe(
      '020120010db8000000000000000000000001005000000004',
    );
    expect(Object.values(HOLEPUNCH_ERRORS)).toEqual([1, 2, 3, 4]);
  });

  it('are read back as they were written', () => {
    for (const kind of ['rendezvous', 'connect', 'error'] as const) {
      for (const ip of ['9.8.7.6', '::1']) {
        const message = { kind, address: { ip, port: 6881 }, error: 3 };
        expect(parseHolepunch(encodeHolepunch(message))).toEqual(message);
      }
    }
  });

  it.each([
    ['an unknown type', '030001020304000000000000', 'WIRE_BAD_HOLEPUNCH'],
    ['an unknown family', '000201020304000000000000', 'WIRE_BAD_HOLEPUNCH'],
    ['nothing', '', 'BYTES_TRUNCATED'],
    ['half an address', '00000102', 'BYTES_TRUNCATED'],
  ])('with %s are refused', (_, hex, code) => {
    expect(() => parseHolepunch(fromHex(hex))).toThrow(expect.objectContaining({ code }));
  });

  it('need an address', () => {
    const address = { ip: 'host.example', port: 1 };
    expect(() => encodeHolepunch({ kind: 'connect', address, error: 0 })).toThrow(
      expect.objectContaining({ code: 'IP_INVALID' }),
    );
  });
});
