import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Drain, type Machine } from './drain.ts';

/** Says back each input twice, and notes when it was entered. */
class Echo implements Machine<string, string> {
  readonly log: string[] = [];
  readonly #effects: string[] = [];
  due: number | undefined;

  handle(input: string): void {
    if (this.#effects.length > 0) this.log.push('entered before it was drained');
    this.log.push(`in ${input}`);
    this.#effects.push(`${input}1`, `${input}2`);
  }

  poll(): string | undefined {
    return this.#effects.shift();
  }

  nextTimeout(): number | undefined {
    return this.due;
  }
}

function setUp(onEffect: (effect: string, drain: Drain<string, string>) => void = () => undefined) {
  const clock = new ManualClock();
  const echo = new Echo();
  const drain: Drain<string, string> = new Drain(echo, {
    clock,
    tick: 'tick',
    apply: (effect) => {
      echo.log.push(effect);
      onEffect(effect, drain);
    },
    settle: () => echo.log.push('settled'),
  });
  return { clock, echo, drain };
}

describe('a drain', () => {
  it('carries out all effects of an input before the next input', () => {
    const { echo, drain } = setUp((effect, self) => {
      if (effect === 'a1') self.push('b');
      if (effect === 'b2') self.push('c');
    });
    drain.push('a');
    expect(echo.log).toEqual(['in a', 'a1', 'a2', 'in b', 'b1', 'b2', 'in c', 'c1', 'c2', 'settled']);
  });

  it('settles once for a batch, nested or not', () => {
    const { echo, drain } = setUp();
    drain.batch(() => {
      drain.push('a');
      drain.batch(() => {
        drain.push('b');
      });
    });
    expect(echo.log).toEqual(['in a', 'a1', 'a2', 'in b', 'b1', 'b2', 'settled']);
  });

  it('ticks the machine when it asks for it', () => {
    const { clock, echo, drain } = setUp();
    echo.due = 2000;
    drain.push('a');
    clock.advance(999);
    expect(echo.log).not.toContain('in tick');
    echo.due = undefined;
    clock.advance(1);
    expect(echo.log.filter((line) => line === 'in tick')).toHaveLength(1);
  });

  it('is silent once it is closed', () => {
    const { clock, echo, drain } = setUp();
    echo.due = 2000;
    drain.push('a');
    const before = echo.log.length;
    drain.close();
    drain.push('b');
    clock.advance(5000);
    expect(echo.log).toHaveLength(before);
  });
});
