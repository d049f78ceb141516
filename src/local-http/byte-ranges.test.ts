import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatContentRange, parseRangeHeader } from './byte-ranges.ts';

function ranges(header: string, length: number): string {
  const request = parseRangeHeader(header, length);
  if (request.kind !== 'partial') return request.kind;
  return request.ranges.map((range) => `${String(range.start)}-${String(range.end - 1)}`).join(',');
}

describe('parseRangeHeader', () => {
  it.each([
    ['bytes=0-499', 10000, '0-499'],
    ['bytes=500-999', 10000, '500-999'],
    ['bytes=-500', 10000, '9500-9999'],
    ['bytes=9500-', 10000, '9500-9999'],
    ['bytes=0-0,-1', 10000, '0-0,9999-9999'],
    ['bytes= 0-0 , 5-9', 100, '0-0,5-9'],
    ['BYTES=1-2', 100, '1-2'],
    ['bytes=0-99999', 100, '0-99'],
    ['bytes=-99999', 100, '0-99'],
    ['bytes=90-,200-300', 100, '90-99'],
  ])('reads %s of %i bytes', (header, length, expected) => {
    expect(ranges(header, length)).toBe(expected);
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=a-b',
    'bytes=-',
    'bytes=5-2',
    'lines=1-2',
    'bytes=1-2,x',
    'bytes=1--2',
  ])('ignores the malformed header "%s"', (header) => {
    expect(ranges(header, 100)).toBe('whole');
  });

  it.each([
    ['bytes=100-', 100],
    ['bytes=-0', 100],
    ['bytes=0-', 0],
    ['bytes=-5', 0],
  ])('finds nothing to send for %s of %i bytes', (header, length) => {
    expect(ranges(header, length)).toBe('unsatisfiable');
  });

  it('keeps the order that was asked for while nothing overlaps', () => {
    expect(ranges('bytes=50-59,0-9', 100)).toBe('50-59,0-9');
  });

  it('merges overlapping ranges so that no byte is sent twice', () => {
    expect(ranges('bytes=0-99,0-99,50-150', 1000)).toBe('0-150');
  });

  it('ignores a header with more ranges than anyone needs', () => {
    const header = `bytes=${Array.from({ length: 65 }, (_, i) => `${String(i * 2)}-${String(i * 2)}`).join(',')}`;
    expect(ranges(header, 1000)).toBe('whole');
  });

  it('only ever yields disjoint, non-empty ranges inside the content', () => {
    const number = fc.oneof(fc.constant(''), fc.nat(300).map(String), fc.constant('99999999999999999999'));
    const spec = fc.tuple(number, number).map((pair) => pair.join('-'));
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 8 }), fc.nat(200), (specs, length) => {
        const request = parseRangeHeader(`bytes=${specs.join(',')}`, length);
        if (request.kind !== 'partial') return;
        const sorted = [...request.ranges].sort((a, b) => a.start - b.start);
        let at = 0;
        for (const range of sorted) {
          expect(range.start).toBeGreaterThanOrEqual(at);
          expect(range.end).toBeGreaterThan(range.start);
          at = range.end;
        }
        expect(at).toBeLessThanOrEqual(length);
      }),
    );
  });
});

it('writes Content-Range with an inclusive end', () => {
  expect(formatContentRange({ start: 0, end: 100 }, 1000)).toBe('bytes 0-99/1000');
});
