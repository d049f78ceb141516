import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Deadline } from './deadline.ts';

describe('a deadline', () => {
  function setUp(): { clock: ManualClock; deadline: Deadline; fired: number[] } {
    const clock = new ManualClock();
    const fired: number[] = [];
    const deadline = new Deadline(clock, () => fired.push(clock.now()));
    return { clock, deadline, fired };
  }

  it('fires once, when it is due', () => {
    const { clock, deadline, fired } = setUp();
    deadline.set(1500);
    clock.advance(499);
    expect(fired).toEqual([]);
    clock.advance(5000);
    expect(fired).toEqual([1500]);
  });

  it('may be put off again and again with one timer', () => {
    const { clock, deadline, fired } = setUp();
    for (let i = 0; i < 100; i++) {
      deadline.set(clock.now() + 1000);
      clock.advance(10);
      expect(clock.pending).toBe(1);
    }
    clock.advance(5000);
    expect(fired).toEqual([1000 + 99 * 10 + 1000]);
  });

  it('may be brought forward', () => {
    const { clock, deadline, fired } = setUp();
    deadline.set(9000);
    deadline.set(1100);
    clock.advance(10_000);
    expect(fired).toEqual([1100]);
  });

  it('does not fire when it was cleared or has none', () => {
    const { clock, deadline, fired } = setUp();
    deadline.set(1500);
    deadline.set(undefined);
    clock.advance(1000);
    deadline.set(3000);
    deadline.clear();
    clock.advance(5000);
    expect(fired).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
