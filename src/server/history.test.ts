// /stats opens with the last five minutes, whoever looks and whenever.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { recordHistory, type History } from './history.ts';
import type { TrackerStatistics } from './statistics.ts';

let history: History;
let announces = 0;

beforeEach(() => {
  vi.useFakeTimers();
  announces = 0;
  history = recordHistory(() => ({ announces }) as TrackerStatistics, Date.now);
});

afterEach(() => {
  history.close();
  vi.useRealTimers();
});

it('keeps a sample every two seconds, for five minutes, the oldest first', () => {
  expect(history.recent().samples).toEqual([]);
  for (let second = 0; second < 400; second++) {
    announces++;
    vi.advanceTimersByTime(1000);
  }
  vi.advanceTimersByTime(500);
  const { samples, everySeconds, ageSeconds } = history.recent();
  expect([samples.length, everySeconds, ageSeconds]).toEqual([150, 2, 0.5]);
  expect(samples[0]?.announces).toBe(400 - 2 * 149);
  expect(samples.at(-1)?.announces).toBe(400);
});

it('ends with the tracker', () => {
  history.close();
  vi.advanceTimersByTime(10_000);
  expect(history.recent().samples).toEqual([]);
});
