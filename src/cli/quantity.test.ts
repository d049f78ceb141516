import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import {
  parseBytes,
  parseDuration,
  parseHttpUrl,
  parsePeer,
  parsePort,
  parseRatio,
  parseTrackerUrl,
} from './quantity.ts';

describe('quantities on the command line', () => {
  it.each([
    ['1', 1],
    ['500K', 512000],
    ['500kB/s', 512000],
    ['1.5M', 1572864],
    ['2 GiB', 2 ** 31],
  ])('reads %s as %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each([
    ['90', 90],
    ['15m', 900],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['2d', 172800],
  ])('reads %s as %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it('reads addresses of both families', () => {
    expect(parsePeer('192.0.2.1:6881')).toEqual({ ip: '192.0.2.1', port: 6881 });
    expect(parsePeer('[2001:db8::1]:1')).toEqual({ ip: '2001:db8::1', port: 1 });
  });

  it.each([
    [parseBytes, ['', 'x', '-1', '0', '1X', '1e400', '99999999T', '1.2.3K']],
    [parseDuration, ['', 'h', '1x', '1h x', '-5s']],
    [parseRatio, ['', 'a', '-1', '1/2']],
    [parsePort, ['', '65536', '-1', '1.5', '0x10']],
    [parsePeer, ['', 'host:1', '1.2.3.4', '1.2.3.4:0', '1.2.3.4:70000', '::1:5', '[::1]']],
    [parseTrackerUrl, ['', 'ftp://x/', 'tracker.example']],
    [parseHttpUrl, ['', 'udp://x:1', 'file:///etc/passwd']],
  ] as const)('%o refuses what it does not understand', (parse, texts) => {
    for (const text of texts) expect(() => parse(text), text).toThrow(UsageError);
  });
});
