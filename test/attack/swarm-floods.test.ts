// Peers that ask, tell and promise without end. Each flood meets a cap, and who goes on is put out.
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { SwarmEffect } from '../../src/core/swarm/effects.ts';
import type { Message } from '../../src/core/wire/messages.ts';
import { EXTENSION_IDS } from '../../src/core/wire/extended.ts';
import { encodeMetadata, parseMetadata } from '../../src/core/wire/metadata.ts';
import { encodePex } from '../../src/core/wire/pex.ts';
import { EngineBench, FIRST_PEER as EVIL } from '../support/engine-bench.ts';

const isEnd = (effect: SwarmEffect): boolean => effect.kind === 'disconnect';

/** The pieces of metadata among what was sent. */
function metadataSent(effects: readonly SwarmEffect[]): number {
  return effects.filter(
    (effect) =>
      effect.kind === 'send' &&
      effect.message.kind === 'extended' &&
      effect.message.id === EXTENSION_IDS.ut_metadata &&
      parseMetadata(effect.message.payload).kind === 'data',
  ).length;
}

describe('metadata floods', () => {
  it('asking for the metadata for ever: it is given a few times, then refused', () => {
    const bench = new EngineBench();
    bench.greet();
    const payload = encodeMetadata({ kind: 'request', piece: 0 });
    let given = 0;
    for (let i = 0; i < 10_000; i++) {
      given += metadataSent(bench.say({ kind: 'extended', id: EXTENSION_IDS.ut_metadata, payload }));
    }
    expect(given).toBe(4);
  });

  it('a promise of gigabytes of metadata takes no memory', () => {
    const bench = new EngineBench('stranger');
    const before = process.memoryUsage().arrayBuffers;
    for (const size of [2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      const asked = bench.greet(size).filter((effect) => effect.kind === 'send');
      expect(asked.length).toBeLessThan(100);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('metadata that was not asked for is not kept, and a wrong one ends with its sender', () => {
    const bench = new EngineBench('stranger');
    bench.greet(100);
    const data = (bytes: number): Message => {
      const content = new Uint8Array(bytes).fill(1);
      const payload = encodeMetadata({ kind: 'data', piece: 0, totalSize: bytes, data: content });
      return { kind: 'extended', id: EXTENSION_IDS.ut_metadata, payload };
    };
    const effects = bench.say(data(100));
    expect(effects.filter(isEnd)).toMatchObject([{ peer: EVIL, ban: true }]);
  });
});

describe('PEX floods', () => {
  const peersFrom = (
    first: number,
    count: number,
  ): { address: { ip: string; port: number }; flags: number }[] =>
    Array.from({ length: count }, (_, i) => {
      const n = first + i;
      const ip = `100.${String((n >> 16) & 63)}.${String((n >> 8) & 255)}.${String(n & 255)}`;
      return { address: { ip: ip.replace(/^100/, '150'), port: 6881 }, flags: 0 };
    });

  it('messages without a pause: few peers are taken, and the sender is put out', () => {
    const bench = new EngineBench();
    bench.greet();
    const dials = new Set<string>();
    let ended = -1;
    for (let i = 0; i < 1000 && ended < 0; i++) {
      const payload = encodePex({ added: peersFrom(i * 200, 200), dropped: [] });
      for (const effect of bench.say({ kind: 'extended', id: EXTENSION_IDS.ut_pex, payload })) {
        if (effect.kind === 'dial') dials.add(effect.address.ip);
        if (isEnd(effect)) ended = i;
      }
    }
    expect(ended).toBeGreaterThan(0);
    expect(ended).toBeLessThan(200);
    expect(dials.size).toBeLessThanOrEqual(100);
  });

  it('patient messages for a day: addresses are kept up to a cap, and dials under way are few', () => {
    const bench = new EngineBench('stranger');
    bench.greet();
    let [dials, most] = [0, 0];
    for (let minute = 0; minute < 24 * 60; minute++) {
      bench.now += 60_000;
      const payload = encodePex({ added: peersFrom(minute * 200, 200), dropped: [] });
      const effects = bench.say({ kind: 'extended', id: EXTENSION_IDS.ut_pex, payload });
      dials += effects.filter(({ kind }) => kind === 'dial').length;
      most = Math.max(most, dials);
    }
    // Nobody answers: none of the dials under way has ended.
    expect(most).toBeLessThanOrEqual(50);
    expect(bench.engine.snapshot(bench.now).peers).toHaveLength(1);
  });
});

describe('floods of requests', () => {
  it.each([1, 16_384])(
    'of %d bytes without taking any: what waits has a cap, and the rest is refused',
    (length) => {
      const bench = new EngineBench();
      bench.say({ kind: 'interested' });
      for (let i = 0; i < 100; i++) {
        bench.now += 500;
        bench.engine.handle({ kind: 'tick' }, bench.now);
        bench.effects();
      }
      const effects: SwarmEffect[] = [];
      for (let i = 0; i < 20_000; i++)
        effects.push(...bench.say({ kind: 'request', piece: 0, begin: 0, length }));
      const uploads = effects.filter(({ kind }) => kind === 'upload');
      const refused = effects.filter((effect) => effect.kind === 'send' && effect.message.kind === 'reject');
      expect(uploads.length).toBeGreaterThan(0);
      expect(uploads.length).toBeLessThanOrEqual(128);
      expect(refused.length).toBe(20_000 - uploads.length - LIMITS.requestsQueuedByPeer.value);
    },
  );
});
