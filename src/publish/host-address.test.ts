import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { pickHostAddress } from './host-address.ts';

function address(ip: string, internal = false): NetworkInterfaceInfo {
  const common = { address: ip, mac: '00:00:00:00:00:00', internal, cidr: null, netmask: '' };
  return ip.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' };
}

it('takes the first IPv4 address that is not internal', () => {
  const interfaces = {
    lo: [address('127.0.0.1', true)],
    eth0: [address('2001:db8::5'), address('192.0.2.7')],
    eth1: [address('198.51.100.1')],
  };
  expect(pickHostAddress(undefined, interfaces)).toEqual({ ip: '192.0.2.7', scope: 'network' });
  expect(pickHostAddress('0.0.0.0', interfaces).ip).toBe('192.0.2.7');
});

it('takes IPv6 where there is nothing else, but no link-local address', () => {
  const interfaces = { eth0: [address('fe80::1'), address('169.254.3.4'), address('2001:db8::5')] };
  expect(pickHostAddress(undefined, interfaces)).toEqual({ ip: '2001:db8::5', scope: 'network' });
});

it('falls back to the machine itself', () => {
  expect(pickHostAddress(undefined, { lo: [address('127.0.0.1', true)] })).toEqual({
    ip: '127.0.0.1',
    scope: 'machine',
  });
});

it('keeps an address that was bound on purpose', () => {
  expect(pickHostAddress('203.0.113.9', {})).toEqual({ ip: '203.0.113.9', scope: 'network' });
  expect(pickHostAddress('::1', {})).toEqual({ ip: '::1', scope: 'machine' });
});
