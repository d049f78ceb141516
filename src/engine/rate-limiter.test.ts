import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { RateLimiter } from './rate-limiter.ts';

describe('a rate limiter', () => {
  it('lets everything pass without a limit', () => {
    const limiter = new RateLimiter(new ManualClock(), undefined);
    limiter.take(1e12);
    expect(limiter.isFree).toBe(true);
  });

  it('holds the mean, whatever the size of what is taken', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, 100_000);
    let taken = 0;
    for (let size = 1; clock.now() < 61_000; size = (size * 7) % 90_001) {
      while (!limiter.isFree) clock.advance(10);
      limiter.take(size);
      taken += size;
      clock.advance(1);
    }
    expect(taken).toBeGreaterThan(5_700_000);
    expect(taken).toBeLessThan(6_200_000);
  });

  it('serves those who wait in turn', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, 1000);
    const served: string[] = [];
    limiter.take(500);
    const waiter = (name: string) => (): void => {
      served.push(name);
      limiter.take(1000);
      limiter.wait(waiters[name] ?? ((): void => undefined));
    };
    const waiters: Record<string, () => void> = {};
    for (const name of ['a', 'b', 'c']) {
      waiters[name] = waiter(name);
      limiter.wait(waiters[name]);
    }
    clock.advance(6100);
    expect(served).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('forgets who does not want to wait any more', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, 1000);
    const served: number[] = [];
    const callback = (): void => {
      served.push(1);
    };
    limiter.take(2000);
    limiter.wait(callback);
    limiter.forget(callback);
    clock.advance(10_000);
    expect(served).toEqual([]);
  });

  it('applies a new limit to those who wait already', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, 1);
    let served = false;
    limiter.take(1_000_000);
    limiter.wait(() => {
      served = true;
    });
    limiter.set(undefined);
    clock.advance(100);
    expect(served).toBe(true);
  });
});
