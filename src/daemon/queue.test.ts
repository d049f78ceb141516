import { describe, expect, it } from 'vitest';
import { chooseRunning, type QueueItem } from './queue.ts';

const item = (id: string, rest: Partial<QueueItem> = {}): QueueItem => ({
  ...{ id, kind: 'download', paused: false, stalled: false },
  ...rest,
});

describe('the queue', () => {
  it('runs the first ones of each kind, and no paused one', () => {
    const items = [
      item('a', { paused: true }),
      item('b'),
      item('s', { kind: 'seed' }),
      item('c'),
      item('d'),
      item('t', { kind: 'seed' }),
    ];
    expect([...chooseRunning(items, { downloads: 2, seeds: 1 })]).toEqual(['b', 's', 'c']);
  });

  it('gives the place of a stalled one to the next', () => {
    const items = [item('a', { stalled: true }), item('b'), item('c')];
    expect([...chooseRunning(items, { downloads: 1, seeds: 1 })]).toEqual(['a', 'b']);
  });
});
