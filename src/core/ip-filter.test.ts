import { describe, expect, it } from 'vitest';
import { IpFilter } from './ip-filter.ts';

const has = (list: string, ...ips: readonly string[]): boolean[] =>
  ips.map((ip) => IpFilter.parse(list).filter.has(ip));

describe('IpFilter', () => {
  it('reads DAT lines with padded numbers, and leaves allowed levels out', () => {
    const list = '001.002.003.000 - 001.002.003.255 , 000 , Some body\n005.0.0.0 - 005.0.0.9 , 200 , friends';
    expect(has(list, '1.2.3.0', '1.2.3.255', '1.2.4.0', '1.2.2.255', '5.0.0.1')).toEqual([
      ...[true, true, false, false, false],
    ]);
  });

  it('reads P2P lines, whatever their names hold', () => {
    expect(has('Name: with - all:1.1.1.1-1.1.1.3', '1.1.1.2', '1.1.1.4')).toEqual([true, false]);
  });

  it('reads CIDR and single addresses of both families', () => {
    const list = '10.0.0.0/8\n192.0.2.7\n2001:db8::/33\n2001:db8:ffff::1 - 2001:db8:ffff::3';
    expect(has(list, '10.255.0.1', '11.0.0.0', '192.0.2.7', '192.0.2.8')).toEqual([true, false, true, false]);
    expect(has(list, '2001:db8:7fff::', '2001:db8:8000::', '2001:db8:ffff::2')).toEqual([true, false, true]);
  });

  it('merges what overlaps', () => {
    expect(
      has('1.0.0.0-1.0.0.9\n1.0.0.2-1.0.0.3\n1.0.0.5-1.0.0.20', '1.0.0.4', '1.0.0.20', '1.0.0.21'),
    ).toEqual([...[true, true, false]]);
  });

  it('skips what is no range, and counts it', () => {
    const { ranges, skipped } = IpFilter.parse('# comment\n\nnonsense\n1.2.3.4/99\n9.9.9.9-1.1.1.1\n1.1.1.1');
    expect({ ranges, skipped }).toEqual({ ranges: 1, skipped: 3 });
  });
});
