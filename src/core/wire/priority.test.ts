import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { peerPriority } from './priority.ts';

const at = (ip: string, port = 6881): { ip: string; port: number } => ({ ip, port });

describe('canonical peer priority (BEP 40)', () => {
  it('is the one of the examples of the BEP', () => {
    expect(peerPriority(at('123.213.32.10'), at('98.76.54.32'))).toBe(0xec2d7224);
    expect(peerPriority(at('123.213.32.10'), at('123.213.32.234'))).toBe(0x99568189);
  });

  it('is the same from both ends', () => {
    const pairs = [
      [at('1.2.3.4'), at('4.3.2.1')],
      [at('10.0.0.1', 1), at('10.0.0.1', 2)],
      [at('2001:db8::1'), at('2a00:1450:4001::5')],
    ] as const;
    for (const [a, b] of pairs) expect(peerPriority(a, b)).toBe(peerPriority(b, a));
  });

  it('looks at one byte more than is shared, within bounds', () => {
    const of = (a: string, b: string): number => peerPriority(at(a), at(b));
    // The last byte counts only between hosts of one /24; bits that the mask leaves out do not.
    expect(of('1.2.3.4', '9.2.3.4')).toBe(of('1.2.3.4', '9.2.3.6'));
    expect(of('1.2.3.4', '1.2.3.5')).not.toBe(of('1.2.3.4', '1.2.3.7'));
    expect(of('1.2.3.4', '9.2.3.4')).not.toBe(of('1.2.3.4', '9.2.2.4'));
    expect(of('1.2.3.4', '1.2.8.4')).not.toBe(of('1.2.3.4', '1.2.10.4'));
    expect(of('1.2.3.4', '1.9.8.4')).toBe(of('1.2.3.4', '1.9.10.4'));
  });

  it('of two at one address is told by their ports', () => {
    const here = at('10.0.0.1', 1000);
    expect(peerPriority(here, at('10.0.0.1', 2000))).not.toBe(peerPriority(here, at('10.0.0.1', 2001)));
    expect(peerPriority(here, at('10.0.0.1', 0x0102))).not.toBe(peerPriority(here, at('10.0.0.1', 0x0202)));
  });

  it.each([
    ['1.2.3.4', '::1'],
    ['host', '1.2.3.4'],
    ['1.2.3.4', 'host'],
    ['host', 'host'],
  ])('of %s and %s there is none', (a, b) => {
    expect(() => peerPriority(at(a), at(b))).toThrow(UsageError);
    expect(() => peerPriority(at(a), at(b))).toThrow(expect.objectContaining({ code: 'IP_INVALID' }));
  });
});
