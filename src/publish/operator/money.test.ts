// Prices as publishers type them.
import { describe, expect, it } from 'vitest';
import { costOf, parsePrice } from './money.ts';

describe('a price', () => {
  it.each([
    ['0.09', { perGb: 0.09, currency: undefined }],
    ['0.09 usd', { perGb: 0.09, currency: 'USD' }],
    ['5EUR', { perGb: 5, currency: 'EUR' }],
  ])('%s', (text, price) => {
    expect(parsePrice(text)).toEqual(price);
  });

  it.each(['', '-1', '1e9', '0,09', '9 dollars', '0.09 U$D', 'NaN'])('is not %j', (text) => {
    expect(() => parsePrice(text)).toThrow(expect.objectContaining({ code: 'PRICE_INVALID' }));
  });

  it('is for a gigabyte of 10^9 bytes', () => {
    expect(costOf(2_500_000_000, parsePrice('0.1'))).toBe(0.25);
    expect(costOf(1, undefined)).toBeUndefined();
  });
});
