import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, printable } from '../core/format.ts';
import { createProgress, type Progress } from './progress.ts';

const MIB = 1024 * 1024;

function setUp(isTTY: boolean): { progress: Progress; text: () => string; pass: (ms: number) => void } {
  let time = 0;
  let text = '';
  const progress = createProgress({
    stream: {
      isTTY,
      columns: 80,
      write: (chunk) => {
        text += String(chunk);
      },
    },
    label: 'hashing',
    total: 100 * MIB,
    colors: pc.createColors(false),
    now: () => time,
  });
  return { progress, text: () => text, pass: (ms) => (time += ms) };
}

describe('progress', () => {
  test('on a terminal is one line drawn over, gone at the end', () => {
    const { progress, text, pass } = setUp(true);
    pass(1000);
    progress.update(50 * MIB);
    expect(text()).toContain('████████████░░░░░░░░░░░░ hashing 50% of 100 MiB, 50 MiB/s, 1s left');
    expect(text()).not.toContain('\n');
    progress.finish();
    expect(text().endsWith('\r\u001b[2K')).toBe(true);
  });

  test('elsewhere is a plain line now and then', () => {
    const { progress, text, pass } = setUp(false);
    for (let i = 1; i <= 11; i++) {
      pass(1000);
      progress.update(i * MIB);
    }
    expect(text()).toBe(
      'hashing 5% of 100 MiB, 1 MiB/s, 1m 35s left\nhashing 10% of 100 MiB, 1 MiB/s, 1m 30s left\n',
    );
  });

  test('does not draw more often than eyes can read', () => {
    const { progress, text, pass } = setUp(true);
    for (let i = 0; i < 100; i++) {
      pass(1);
      progress.update(i);
    }
    expect(text().split('hashing').length - 1).toBe(1);
  });
});

describe('formats', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.50 KiB'],
    [1024 ** 2 * 15.25, '15.3 MiB'],
    [2 ** 40, '1 TiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, '0s'],
    [61, '1m 01s'],
    [3600, '1h 00m'],
    [90_000, '1d 01h'],
    [Infinity, 'unknown'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('counts and strange characters', () => {
    expect([formatCount(1, 'file'), formatCount(1000, 'file')]).toEqual(['1 file', '1,000 files']);
    expect(printable('a\u001b[2Jb\u202ec')).toBe('a\ufffd[2Jb\ufffdc');
  });
});
