// Who downloads over HTTP: lines of visitors, and files that went out whole.
import { describe, expect, it } from 'vitest';
import { DirectVisits, type DirectRequest } from './direct-visits.ts';

const WHOLE: DirectRequest = { address: '10.0.0.1', agent: 'curl', isWhole: true, length: 100 };

describe('direct visits', () => {
  it('are one line for each address and program', () => {
    let now = 0;
    const visits = new DirectVisits(() => now);
    visits.begin(WHOLE)(60);
    visits.begin({ ...WHOLE, isWhole: false })(30);
    visits.begin({ ...WHOLE, agent: 'wget' })(500);
    now = 2000;
    expect(visits.sent).toBe(590);
    expect(visits.visitors()).toMatchObject([
      { agent: 'wget', sent: 500, rate: 250, isRanged: false },
      { agent: 'curl', sent: 90, rate: 45, isRanged: true },
    ]);
    now = 100_000;
    expect(visits.visitors()).toEqual([]);
  });

  it('know the files that went out whole, each once', () => {
    const visits = new DirectVisits(() => 0);
    const count = visits.begin(WHOLE);
    count(60);
    expect(visits.takeWhole()).toEqual([]);
    count(40);
    visits.begin({ ...WHOLE, isWhole: false })(100);
    expect(visits.takeWhole()).toEqual([{ address: '10.0.0.1', bytes: 100 }]);
    expect(visits.takeWhole()).toEqual([]);
  });

  it('stay few and short, however many strangers come with whatever names', () => {
    const visits = new DirectVisits(() => 0);
    for (let i = 0; i < 2000; i++) {
      visits.begin({ ...WHOLE, agent: `${String(i)} ${'x'.repeat(5000)}` })(1);
    }
    expect(visits.visitors()).toHaveLength(500);
    expect(visits.visitors().every(({ agent }) => agent.length <= 120)).toBe(true);
  });
});
