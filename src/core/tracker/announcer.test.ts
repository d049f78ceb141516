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
      tiers,
      swarms: 1,
      schemes: ['http', 'https', 'udp'],
      // The largest number keeps the order of a tier as it is.
      random: () => 2 ** 32 - 1,
      ...options,
    });
  }

  send(input: AnnouncerInput): ReturnType<Bench['drain']> {
    this.announcer.handle(input, this.now);
    return this.drain();
  }

  /** Lets time pass to the next timeout. */
  wait(): ReturnType<Bench['drain']> {
    this.now = this.announcer.nextTimeout() ?? Number.NaN;
    return this.send({ kind: 'timeout' });
  }

  ok(effect: AnnounceEffect | undefined, reply: Partial<AnnounceReply> = {}): ReturnType<Bench['drain']> {
    return this.send({
      kind: 'outcome',
      id: effect?.id ?? 0,
      outcome: { kind: 'reply', reply: { ...REPLY, ...reply } },
    });
  }

  fail(effect: AnnounceEffect | undefined): ReturnType<Bench['drain']> {
    return this.send({ kind: 'unreachable', id: effect?.id ?? 0, message: 'down' });
  }

  drain(): { announces: AnnounceEffect[]; kinds: string[] } {
    const announces: AnnounceEffect[] = [];
    const kinds: string[] = [];
    for (let effect = this.announcer.poll(); effect !== undefined; effect = this.announcer.poll()) {
      kinds.push(effect.kind);
      if (effect.kind === 'announce') announces.push(effect);
    }
    return { announces, kinds };
  }
}

function said({ announces }: { announces: AnnounceEffect[] }): string[] {
  return announces.map(({ url, event }) => `${url} ${event}`);
}

describe('Announcer', () => {
  it('says started first, nothing on time, completed once, and stopped at the end', () => {
    const bench = new Bench([[A]]);
    const start = bench.send({ kind: 'start' });
    expect(said(start)).toEqual([`${A} started`]);
    bench.ok(start.announces[0]);
    expect(bench.announcer.nextTimeout()).toBe(1800_000);
    const second = bench.wait();
    expect(said(second)).toEqual([`${A} none`]);
    bench.ok(second.announces[0]);
    const done = bench.send({ kind: 'completed' });
    expect(said(done)).toEqual([`${A} completed`]);
    bench.ok(done.announces[0]);
    expect(said(bench.wait())).toEqual([`${A} none`]);
    const stop = bench.send({ kind: 'stop' });
    expect(stop.kinds).toEqual(['abort', 'announce']);
    expect(said(stop)).toEqual([`${A} stopped`]);
    expect(bench.ok(stop.announces[0]).kinds).toEqual(['finished']);
  });

  it('repeats completed until a tracker has heard it', () => {
    const bench = new Bench([[A]]);
    bench.ok(bench.send({ kind: 'start' }).announces[0]);
    bench.fail(bench.send({ kind: 'completed' }).announces[0]);
    expect(said(bench.wait())).toEqual([`${A} completed`]);
  });

  it('tells a tracker of the completion that came while its first announce was under way', () => {
    const bench = new Bench([[A]]);
    const start = bench.send({ kind: 'start' });
    bench.send({ kind: 'completed' });
    expect(said(bench.ok(start.announces[0]))).toEqual([`${A} completed`]);
  });

  it('tries the next tracker of a tier at once, and moves the one that works to the front', () => {
    const bench = new Bench([[A, B]]);
    const second = bench.fail(bench.send({ kind: 'start' }).announces[0]);
    expect(said(second)).toEqual([`${B} started`]);
    bench.ok(second.announces[0]);
    expect(said(bench.wait())).toEqual([`${B} none`]);
  });

  it('waits longer after each round of failures, half an hour at most', () => {
    const bench = new Bench([[A]], { random: () => 0 });
    let effect = bench.send({ kind: 'start' }).announces[0];
    const waits: number[] = [];
    for (let round = 0; round < 10; round++) {
      bench.fail(effect);
      waits.push(((bench.announcer.nextTimeout() ?? 0) - bench.now) / 1000);
      effect = bench.wait().announces[0];
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]);
  });

  it('announces to every tier, or in BEP 12 order when told so', () => {
    expect(said(new Bench([[A], [B]]).send({ kind: 'start' }))).toEqual([`${A} started`, `${B} started`]);
    const bench = new Bench([[A], [B]], { tierOrder: 'in-order' });
    const first = bench.send({ kind: 'start' });
    expect(said(first)).toEqual([`${A} started`]);
    expect(said(bench.fail(first.announces[0]))).toEqual([`${B} started`]);
  });

  it('announces each swarm of a hybrid torrent on its own', () => {
    const { announces } = new Bench([[A]], { swarms: 2 }).send({ kind: 'start' });
    expect(announces.map(({ swarm }) => swarm)).toEqual([0, 1]);
  });

  it('never asks again a tracker that says never, and waits as long as one says (BEP 31)', () => {
    const refuse = (retryMinutes: number | 'never'): number | undefined => {
      const bench = new Bench([[A]]);
      const id = bench.send({ kind: 'start' }).announces[0]?.id ?? 0;
      const outcome = { kind: 'failure', failure: { message: 'no', retryMinutes } } as const;
      bench.send({ kind: 'outcome', id, outcome });
      return bench.announcer.nextTimeout();
    };
    expect(refuse('never')).toBeUndefined();
    expect(refuse(30)).toBe(30 * 60_000);
  });

  it('honours the minimum interval when more peers are wanted', () => {
    const bench = new Bench([[A]]);
    bench.ok(bench.send({ kind: 'start' }).announces[0], { minIntervalSeconds: 300 });
    expect(said(bench.send({ kind: 'update' }))).toEqual([]);
    expect(bench.announcer.nextTimeout()).toBe(300_000);
  });

  it('reports trackers it cannot speak to and leaves them alone', () => {
    const bench = new Bench([['wss://w.example/', 'nonsense', A]]);
    expect(said(bench.send({ kind: 'start' }))).toEqual([`${A} started`]);
    expect(bench.announcer.status().map(({ status }) => status)).toEqual(['failed', 'failed', 'announcing']);
  });

  it('says stopped also to a tracker whose first answer is still out, and to no other', () => {
    const bench = new Bench([[A], [B], [C]]);
    const { announces } = bench.send({ kind: 'start' });
    bench.ok(announces[0]);
    bench.fail(announces[1]);
    expect(said(bench.send({ kind: 'stop' }))).toEqual([`${A} stopped`, `${C} stopped`]);
  });

  it('names a tracker once however its URL is written', () => {
    const bench = new Bench([['http://a.example/announce', 'HTTP://A.example:80/announce'], [A]]);
    expect(bench.announcer.status()).toHaveLength(1);
  });

  it('can be started again after a stop', () => {
    const bench = new Bench([[A]]);
    bench.ok(bench.send({ kind: 'start' }).announces[0]);
    bench.ok(bench.send({ kind: 'stop' }).announces[0]);
    expect(said(bench.send({ kind: 'start' }))).toEqual([`${A} started`]);
  });
});
