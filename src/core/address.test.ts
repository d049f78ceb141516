import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp, parseIp } from './address.ts';

describe('an IPv4 address in text', () => {
  const octets = fc.uint8Array({ minLength: 4, maxLength: 4 });

  it('is read as the bytes that it was written of', () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ...['', '.', '...', '1', '1.2.3', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4.', '1.2.3.4.5'],
    ...['256.0.0.1', '1.2.3.256', '1.2.3.1000', '99999999999.1.1.1', '01.2.3.4', '1.2.3.00', '00.0.0.0'],
    ...['1.2.3.4 ', ' 1.2.3.4', '1.2.3.-4', '+1.2.3.4', '1.2.3.4a', '0x1.2.3.4', '١.2.3.4', 'localhost'],
  ])('is none: "%s"', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it('is taken at the end of an IPv6 address', () => {
    expect(parseIp('::ffff:1.2.3.4')?.subarray(10)).toEqual(Uint8Array.of(255, 255, 1, 2, 3, 4));
    expect(parseIp('::ffff:1.2.3')).toBeUndefined();
  });
});
