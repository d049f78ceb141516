// Ten seconds of everything at once that strangers do to a tracker, while honest clients announce to it.
import { expect, it } from 'vitest';
import { runHostile } from '../support/hostile/hostile.ts';
import { onStage } from '../support/stage.ts';

it('a tracker under attack loses no honest announce, answers no forged one, and does not grow', async () => {
  await onStage(async (stage) => {
    const report = await runHostile(stage, { seconds: 10 });
    const { served, attacked, statistics } = report;
    for (const name of ['httpKept', 'httpNew', 'udp', 'ws'] as const) {
      const { answered, lost } = served[name];
      expect(answered, name).toBeGreaterThan(0);
      expect(lost, name).toBe(0);
    }
    expect(attacked['hashes']).toBeGreaterThanOrEqual(100_000);
    expect(attacked['repliesToForged']).toBe(0);
    expect(statistics['udpBadIds']).toBeGreaterThan(0);
    // One address gets a burst of 5000 and 100 a second: most of its 100,000 torrents are turned away.
    expect(statistics['swarms']).toBeLessThan(100_000);
    expect(statistics['rateLimited']).toBeGreaterThan(0);
    expect(report.endMegabytes - report.earlyMegabytes).toBeLessThan(100);
  });
});
