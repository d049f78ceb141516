import { describe, expect, it } from 'vitest';
import { REPLY } from '../../../test/support/announces.ts';
import { Announcer, type AnnounceEffect, type AnnouncerInput, type AnnouncerOptions } from './announcer.ts';
import type { AnnounceReply } from './model.ts';

const A = 'http://a.example/announce';
const B = 'http://b.example/announce';
const C = 'udp://c.example:6969';

class Bench {
  readonly announcer: Announcer;
  now = 0;

  constructor(tiers: readonly (readonly string[])[], options: Partial<AnnouncerOptions> = {}) {
    this.announcer = new Announcer({
      ...{ tiers, swarms: 1, schemes: ['http', 'https', 'udp'], random: () => 2 ** 32 - 1 },
      ...options,
    });
  }

  send(input: AnnouncerInput): AnnounceEffect[] {
    this.announcer.handle(input, this.now);
    const announces: AnnounceEffect[] = [];
    for (let effect = this.announcer.poll(); effect !== undefined; effect = this.announcer.poll())
      if (effect.kind === 'announce') announces.push(effect);
    return announces;
  }

  start(): AnnounceEffect[] {
    return this.send({ kind: 'start' });
  }

  ok(effect: AnnounceEffect | undefined, reply: Partial<AnnounceReply> = {}): AnnounceEffect[] {
    const outcome = { kind: 'reply', reply: { ...REPLY, ...reply } } as const;
    return this.send({ kind: 'outcome', id: effect?.id ?? 0, outcome });
  }

  fail(effect: AnnounceEffect | undefined): AnnounceEffect[] {
    return this.send({ kind: 'unreachable', id: effect?.id ?? 0, message: 'down' });
  }

  refuse(effect: AnnounceEffect | undefined, retryMinutes: number | 'never'): AnnounceEffect[] {
    const outcome = { kind: 'failure', failure: { message: 'no', retryMinutes } } as const;
    return this.send({ kind: 'outcome', id: effect?.id ?? 0, outcome });
  }

  wait(): AnnounceEffect[] {
    this.now = this.announcer.nextTimeout() ?? Number.NaN;
    return this.send({ kind: 'timeout' });
  }

  status(): unknown[] {
    return this.announcer.status();
  }
}

const blank = { message: undefined, seeders: undefined, leechers: undefined, nextAnnounceAt: undefined };

describe('the state of trackers', () => {
  it('goes from idle over announcing to working, and back to idle', () => {
    const bench = new Bench([[A]]);
    expect(bench.announcer.status()).toEqual([{ url: A, status: 'idle', ...blank }]);
    const [first] = bench.start();
    expect(bench.status()).toEqual([{ url: A, status: 'announcing', ...blank }]);
    bench.ok(first, { warning: 'soon' });
    const working = { url: A, status: 'working', message: 'soon', seeders: 1, leechers: 2 };
    expect(bench.status()).toEqual([{ ...working, nextAnnounceAt: 1_800_000 }]);
    bench.send({ kind: 'stop' });
    expect(bench.status()).toEqual([{ ...working, status: 'idle', nextAnnounceAt: undefined }]);
  });

  it('is idle again when a stop meets the first announce', () => {
    const bench = new Bench([[A], [B]]);
    const [first, second] = bench.start();
    bench.fail(second);
    bench.send({ kind: 'stop' });
    expect(bench.status()).toMatchObject([{ status: 'idle' }, { status: 'failed', message: 'down' }]);
    bench.ok(first);
    expect(bench.status()).toMatchObject([{ status: 'idle' }, {}]);
  });

  it('says when the next announce is of the one alone that is asked', () => {
    const bench = new Bench([[A, B]]);
    const [second] = bench.fail(bench.start()[0]);
    bench.ok(second);
    expect(bench.status()).toMatchObject([
      { status: 'failed', nextAnnounceAt: undefined },
      { status: 'working', nextAnnounceAt: 1_800_000 },
    ]);
  });

  it('tells of the best of both swarms of a hybrid torrent', () => {
    const bench = new Bench([[A]], { swarms: 2 });
    const [one, two] = bench.start();
    bench.fail(one);
    expect(bench.status()).toMatchObject([{ status: 'announcing' }]);
    bench.ok(two, { seeders: 8 });
    expect(bench.status()).toMatchObject([{ status: 'working', seeders: 8 }]);
  });

  it('names why a tracker cannot be asked', () => {
    const bench = new Bench([['wss://w.example/', 'nonsense']]);
    expect(bench.status()).toMatchObject([
      { status: 'failed', message: 'wss trackers are not supported here' },
      { status: 'failed', message: 'not a tracker URL' },
    ]);
    expect(bench.start()).toEqual([]);
    expect(bench.announcer.nextTimeout()).toBeUndefined();
    expect(bench.status()).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
  });
});

describe('the time of the next announce', () => {
  it('is the interval, but neither under the minimum of the tracker nor under ten seconds', () => {
    const next = (reply: Partial<AnnounceReply>): number | undefined => {
      const bench = new Bench([[A]]);
      bench.ok(bench.start()[0], reply);
      return bench.announcer.nextTimeout();
    };
    expect(next({ intervalSeconds: 100 })).toBe(100_000);
    expect(next({ intervalSeconds: 100, minIntervalSeconds: 200 })).toBe(200_000);
    expect(next({ intervalSeconds: 0, minIntervalSeconds: 0 })).toBe(10_000);
  });

  it('is that of the lane that is due first', () => {
    const bench = new Bench([[A], [B], [C]]);
    const [a, b, c] = bench.start();
    bench.ok(a, { intervalSeconds: 300 });
    bench.ok(b, { intervalSeconds: 100 });
    expect(bench.announcer.nextTimeout()).toBe(100_000);
    bench.ok(c, { intervalSeconds: 200 });
    expect(bench.announcer.nextTimeout()).toBe(100_000);
    expect(bench.wait().map(({ url }) => url)).toEqual([B]);
    expect(bench.announcer.nextTimeout()).toBe(200_000);
  });

  it('is none before the start, after the stop, and while all are asked', () => {
    const bench = new Bench([[A]]);
    expect(bench.announcer.nextTimeout()).toBeUndefined();
    const [first] = bench.start();
    expect(bench.announcer.nextTimeout()).toBeUndefined();
    bench.ok(first);
    const [goodbye] = bench.send({ kind: 'stop' });
    expect(bench.announcer.nextTimeout()).toBeUndefined();
    bench.ok(goodbye);
    expect(bench.announcer.nextTimeout()).toBeUndefined();
    expect(bench.send({ kind: 'timeout' })).toEqual([]);
  });

  it('may come sooner, a minute after the last where the tracker names no minimum', () => {
    const bench = new Bench([[A]]);
    expect(bench.send({ kind: 'update' })).toEqual([]);
    bench.ok(bench.start()[0]);
    bench.now = 20_000;
    expect(bench.send({ kind: 'update' })).toEqual([]);
    expect(bench.announcer.nextTimeout()).toBe(60_000);
    bench.now = 70_000;
    expect(bench.send({ kind: 'update' })).toHaveLength(1);
  });

  it('is not hastened while the trackers fail, and not put off', () => {
    const bench = new Bench([[A]], { random: () => 0 });
    bench.fail(bench.start()[0]);
    expect(bench.send({ kind: 'update' })).toEqual([]);
    expect(bench.announcer.nextTimeout()).toBe(10_000);
    const soon = new Bench([[A]]);
    soon.ok(soon.start()[0], { intervalSeconds: 30 });
    soon.send({ kind: 'update' });
    expect(soon.announcer.nextTimeout()).toBe(30_000);
  });

  it('waits for the tracker of the tier that may be asked soonest, and skips blocked ones', () => {
    const bench = new Bench([[A, B]], { random: () => 2 ** 32 - 1 });
    const [second] = bench.refuse(bench.start()[0], 'never');
    expect(second?.url).toBe(B);
    bench.refuse(second, 5);
    expect(bench.announcer.nextTimeout()).toBe(300_000);
    expect(bench.wait().map(({ url }) => url)).toEqual([B]);
  });

  it('is up to a fifth later at random, so that a return is no stampede', () => {
    const bench = new Bench([[A]], { random: () => 2 ** 31 });
    bench.fail(bench.start()[0]);
    expect(bench.announcer.nextTimeout()).toBe(11_000);
  });
});

describe('announces', () => {
  it('carry the id that a tracker gave, until it gives another', () => {
    const bench = new Bench([[A]]);
    const [first] = bench.start();
    expect(first?.trackerId).toBeUndefined();
    bench.ok(first, { trackerId: 'x' });
    const [second] = bench.wait();
    expect(second?.trackerId).toBe('x');
    bench.ok(second);
    const [third] = bench.wait();
    expect(third?.trackerId).toBe('x');
    bench.ok(third, { trackerId: 'y' });
    expect(bench.wait()[0]?.trackerId).toBe('y');
  });

  it('are numbered, and unknown numbers ignored', () => {
    const bench = new Bench([[A], [B]]);
    const [a, b] = bench.start();
    expect([a?.id, b?.id]).toEqual([1, 2]);
    bench.send({ kind: 'unreachable', id: 77, message: 'x' });
    bench.ok(a);
    bench.fail(a);
    expect(bench.status()).toMatchObject([{ status: 'working' }, { status: 'announcing' }]);
  });

  it('say started again after a second start, and nothing twice', () => {
    const bench = new Bench([[A]]);
    bench.ok(bench.start()[0]);
    expect(bench.start()).toEqual([]);
    bench.send({ kind: 'completed' });
    expect(bench.send({ kind: 'stop' })).toHaveLength(1);
    expect(bench.send({ kind: 'stop' })).toEqual([]);
    const again = bench.start();
    expect(again.map(({ event }) => event)).toEqual(['started']);
    bench.ok(again[0]);
    expect(bench.wait().map(({ event }) => event)).toEqual(['none']);
  });

  it('begin again while goodbyes are out, whose ends count for nothing then', () => {
    const bench = new Bench([[A]]);
    bench.ok(bench.start()[0]);
    const [goodbye] = bench.send({ kind: 'stop' });
    const [again] = bench.start();
    expect(again?.event).toBe('started');
    bench.fail(goodbye);
    expect(bench.status()).toMatchObject([{ status: 'announcing' }]);
    bench.ok(again);
    expect(bench.wait().map(({ event }) => event)).toEqual(['none']);
  });

  it('say nothing of a completion to a tracker that hears started after it', () => {
    const bench = new Bench([[A]]);
    bench.fail(bench.start()[0]);
    expect(bench.send({ kind: 'completed' })).toEqual([]);
    const [second] = bench.wait();
    expect(second?.event).toBe('started');
    bench.ok(second);
    expect(bench.wait()[0]?.event).toBe('none');
  });

  it('have the swarms of a torrent each keep to its own order of tiers', () => {
    const bench = new Bench([[A], [B]], { tierOrder: 'in-order', swarms: 2 });
    const [one, two] = bench.start();
    expect([one?.swarm, two?.swarm, one?.url, two?.url]).toEqual([0, 1, A, A]);
    bench.ok(two);
    expect(bench.fail(one).map(({ swarm, url }) => [swarm, url])).toEqual([[0, B]]);
  });

  it('go round a tier in random order', () => {
    const values = [0.1, 0.6].map((share) => share * 2 ** 32);
    let at = 0;
    const bench = new Bench([[A, B, C]], { random: () => values[at++] ?? 0 });
    const [first] = bench.start();
    const [second] = bench.fail(first);
    const [third] = bench.fail(second);
    // The last changes places with the first, then the middle stays.
    expect([first, second, third].map((each) => each?.url)).toEqual([C, B, A]);
  });

  it('leave out tiers whose trackers all stand in earlier ones', () => {
    const bench = new Bench([[A], ['HTTP://A.example:80/announce'], ['odd', 'odd'], [B]], {
      tierOrder: 'in-order',
    });
    expect(bench.announcer.status().map(({ url }) => url)).toEqual([A, 'odd', B]);
    expect(bench.fail(bench.start()[0]).map(({ url }) => url)).toEqual([B]);
  });
});
