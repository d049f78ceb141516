import { describe, expect, it } from 'vitest';
import { encodeUdpConnect } from './udp-codec.ts';
import { UdpExchange, udpRetryMs, type UdpConnection, type UdpExchangeEffect } from './udp-exchange.ts';

class Bench {
  readonly exchange: UdpExchange;
  now = 0;
  #random = 100;

  constructor(connection?: UdpConnection) {
    this.exchange = new UdpExchange({
      family: 4,
      connection,
      action: 'announce',
      encode: ({ connectionId, transactionId }) => Uint8Array.of(...connectionId, ...words(1, transactionId)),
      random: () => this.#random++,
    });
  }

  send(input: Parameters<UdpExchange['handle']>[0]): UdpExchangeEffect[] {
    this.exchange.handle(input, this.now);
    const effects: UdpExchangeEffect[] = [];
    for (let effect = this.exchange.poll(); effect !== undefined; effect = this.exchange.poll())
      effects.push(effect);
    return effects;
  }

  receive(...data: number[]): UdpExchangeEffect[] {
    return this.send({ kind: 'datagram', data: Uint8Array.from(data) });
  }

  wait(): UdpExchangeEffect[] {
    this.now = this.exchange.nextTimeout() ?? Number.NaN;
    return this.send({ kind: 'timeout' });
  }
}

function words(...values: number[]): number[] {
  return values.flatMap((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
}

const ID = [1, 2, 3, 4, 5, 6, 7, 8];
const ANNOUNCED = (transaction: number): number[] => words(1, transaction, 1800, 3, 4);

describe('UdpExchange', () => {
  it('connects, announces, and hands the reply and the connection id on', () => {
    const bench = new Bench();
    expect(bench.send({ kind: 'start' })).toEqual([{ kind: 'send', data: encodeUdpConnect(100) }]);
    const [connected, sent] = bench.receive(...words(0, 100), ...ID);
    expect(connected).toEqual({
      kind: 'connected',
      connection: { id: Uint8Array.from(ID), expiresAt: 60_000 },
    });
    expect(sent).toEqual({ kind: 'send', data: Uint8Array.of(...ID, ...words(1, 101)) });
    expect(bench.receive(...ANNOUNCED(101))).toMatchObject([
      { kind: 'reply', reply: { seeders: 4, leechers: 3 } },
    ]);
    expect(bench.exchange.nextTimeout()).toBeUndefined();
  });

  it('uses a fresh connection id at once and an old one not at all', () => {
    const fresh = new Bench({ id: Uint8Array.from(ID), expiresAt: 1 });
    expect(fresh.send({ kind: 'start' })).toMatchObject([{ data: Uint8Array.of(...ID, ...words(1, 100)) }]);
    const old = new Bench({ id: Uint8Array.from(ID), expiresAt: 0 });
    expect(old.send({ kind: 'start' })).toEqual([{ kind: 'send', data: encodeUdpConnect(100) }]);
  });

  it('drops datagrams with another transaction id, another action, or no form at all', () => {
    const bench = new Bench();
    bench.send({ kind: 'start' });
    expect(bench.receive(...words(0, 99), ...ID)).toEqual([]);
    expect(bench.receive(...ANNOUNCED(100))).toEqual([]);
    expect(bench.receive(0, 0, 0)).toEqual([]);
    expect(bench.receive(...words(0, 100), ...ID)).toHaveLength(2);
  });

  it('asks again after 15, then 30 seconds, and gives up after 60 more', () => {
    const bench = new Bench();
    bench.send({ kind: 'start' });
    expect(bench.wait()).toMatchObject([{ kind: 'send' }]);
    expect(bench.now).toBe(15_000);
    expect(bench.wait()).toMatchObject([{ kind: 'send' }]);
    expect(bench.now).toBe(45_000);
    expect(bench.wait()).toEqual([{ kind: 'failed', message: 'no answer', fromTracker: false }]);
    expect(bench.now).toBe(105_000);
  });

  it('reconnects once when a kept connection id is refused, and reports what is refused then', () => {
    const bench = new Bench({ id: Uint8Array.from(ID), expiresAt: 60_000 });
    bench.send({ kind: 'start' });
    expect(bench.receive(...words(3, 100), 0x6e, 0x6f)).toEqual([
      { kind: 'send', data: encodeUdpConnect(101) },
    ]);
    bench.receive(...words(0, 101), ...ID);
    expect(bench.receive(...words(3, 102), 0x6e, 0x6f)).toEqual([
      { kind: 'failed', message: 'no', fromTracker: true },
    ]);
  });

  it('begins to count its silence anew with each answer', () => {
    const bench = new Bench();
    bench.send({ kind: 'start' });
    bench.wait();
    bench.wait();
    expect(bench.receive(...words(0, 102), ...ID)).toHaveLength(2);
    expect(bench.exchange.nextTimeout()).toBe(bench.now + 15_000);
  });

  it('does nothing before its time, before the start, or after the end', () => {
    const idle = new Bench();
    expect(idle.exchange.nextTimeout()).toBeUndefined();
    expect(idle.receive(...words(0, 0), ...ID)).toEqual([]);
    expect(idle.send({ kind: 'timeout' })).toEqual([]);
    const bench = new Bench();
    bench.send({ kind: 'start' });
    bench.now = 14_999;
    expect(bench.send({ kind: 'timeout' })).toEqual([]);
    expect(bench.receive(...words(3, 100), 0x6e)).toEqual([
      { kind: 'failed', message: 'n', fromTracker: true },
    ]);
    expect(bench.exchange.nextTimeout()).toBeUndefined();
    expect(bench.receive(...words(0, 100), ...ID)).toEqual([]);
    bench.now = 1e9;
    expect(bench.send({ kind: 'timeout' })).toEqual([]);
  });

  it('drops an answer that is cut, and waits on', () => {
    const bench = new Bench({ id: Uint8Array.from(ID), expiresAt: 60_000 });
    bench.send({ kind: 'start' });
    expect(bench.receive(...words(1, 100, 1800))).toEqual([]);
    expect(bench.receive(...words(7, 100, 1800))).toEqual([]);
    expect(bench.receive(...ANNOUNCED(100))).toMatchObject([{ kind: 'reply' }]);
  });

  it('does not reconnect for an id that it was given just now, nor when a connect is refused', () => {
    const fresh = new Bench();
    fresh.send({ kind: 'start' });
    fresh.receive(...words(0, 100), ...ID);
    expect(fresh.receive(...words(3, 101), 0x6e, 0x6f)).toMatchObject([{ kind: 'failed' }]);
    const refused = new Bench({ id: Uint8Array.from(ID), expiresAt: 0 });
    refused.send({ kind: 'start' });
    expect(refused.receive(...words(3, 100), 0x6e, 0x6f)).toMatchObject([{ kind: 'failed' }]);
  });

  it('doubles the delay up to 3840 seconds (BEP 15)', () => {
    expect([0, 1, 2, 7, 8, 9, 20].map((n) => udpRetryMs(n) / 1000)).toEqual([
      15, 30, 60, 1920, 3840, 3840, 3840,
    ]);
  });
});
