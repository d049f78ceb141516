import { describe, expect, it } from 'vitest';
import type { PeerAddress } from '../core/address.ts';
import { latin1Encode } from '../core/bytes/bytes.ts';
import { SystemError } from '../core/errors.ts';
import { toInfoHash, toPeerId } from '../core/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { HttpRequest } from '../ports/http.ts';
import { silentLog } from '../ports/log.ts';
import { createTrackerDriver, type TrackerDriver, type TransferStats } from './tracker-driver.ts';

/** Time that passes only when told; timers fire in order. */
class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  unixSeconds(): number {
    return 0;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = next.at;
      next.callback();
      await rest();
    }
    this.#now = end;
  }
}

async function rest(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

const TRACKER: PeerAddress = { ip: '192.0.2.1', port: 6969 };

/** A UDP tracker in the place of a socket: answers connects and announces, or nothing at all. */
class FakeUdp implements DatagramSocket {
  readonly port = 1;
  readonly sent: Uint8Array[] = [];
  silent = false;
  #receive: (data: Uint8Array, from: PeerAddress) => void = () => undefined;

  send(data: Uint8Array, to: PeerAddress): void {
    this.sent.push(data);
    const reply = new Uint8Array(data.length === 16 ? 16 : 26);
    reply.set(data.slice(8, 16));
    reply.set(data.length === 16 ? [1, 2, 3, 4, 5, 6, 7, 8] : [0, 0, 7, 8], 8);
    if (data.length > 16) reply.set([203, 0, 113, 5, 0x1a, 0xe1], 20);
    if (!this.silent)
      queueMicrotask(() => {
        this.#receive(reply, to);
      });
  }

  onMessage(receiver: (data: Uint8Array, from: PeerAddress) => void): () => void {
    this.#receive = receiver;
    return () => undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly udp = new FakeUdp();
  readonly asked: URL[] = [];
  readonly peers: PeerAddress[] = [];
  body = 'd8:completei1e10:incompletei2e8:intervali60e5:peers6:\u0001\u0002\u0003\u0004\u0000\u0050e';
  status = 200;
  stats: TransferStats = { uploaded: 1, downloaded: 2, left: 3 };
  readonly driver: TrackerDriver;

  constructor(url: string) {
    this.driver = createTrackerDriver(
      {
        tiers: [[url]],
        infoHashes: [toInfoHash(new Uint8Array(20).fill(0xab))],
        peerId: toPeerId(latin1Encode('-SW0001-abcdefghijkl')),
        port: () => 6881,
        getStats: () => this.stats,
      },
      {
        http: { request: (request) => this.#request(request) },
        datagram: { resolve: () => Promise.resolve([TRACKER.ip]) },
        socket: () => Promise.resolve(this.udp),
        clock: this.clock,
        random: { bytes: (length) => new Uint8Array(length), uint32: () => 0x12345678 },
        log: silentLog,
      },
      {
        onPeers: (peers) => {
          this.peers.push(...peers);
        },
      },
    );
  }

  /** Waits where `body` is 'never'. */
  #request({
    url,
    signal,
  }: HttpRequest): ReturnType<Parameters<typeof createTrackerDriver>[1]['http']['request']> {
    this.asked.push(new URL(url));
    if (this.body === 'never') {
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new SystemError('HTTP_ABORTED', 'aborted'));
        });
      });
    }
    const chunk = latin1Encode(this.body);
    async function* body(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(chunk);
    }
    return Promise.resolve({ status: this.status, headers: {}, url, body: body() });
  }
}

describe('tracker driver over HTTP', () => {
  it('announces, hands peers on, and announces again when the interval is over', async () => {
    const bench = new Bench('http://t.example/announce?key=1');
    bench.driver.start();
    await rest();
    const query = bench.asked[0]?.searchParams;
    expect(query?.get('event')).toBe('started');
    expect([query?.get('port'), query?.get('left'), query?.get('compact')]).toEqual(['6881', '3', '1']);
    expect(bench.peers).toEqual([{ ip: '1.2.3.4', port: 80 }]);
    expect(bench.driver.snapshot()).toMatchObject([
      { status: 'working', seeders: 1, leechers: 2, nextAnnounceSeconds: 60 },
    ]);
    await bench.clock.pass(61_000);
    expect(bench.asked).toHaveLength(2);
    expect(bench.asked[1]?.searchParams.get('event')).toBeNull();
  });

  it('says paused while it is a partial seed (BEP 21)', async () => {
    const bench = new Bench('http://t.example/announce');
    bench.stats = { ...bench.stats, partialSeed: true };
    bench.driver.start();
    await rest();
    await bench.clock.pass(61_000);
    expect(bench.asked[1]?.searchParams.get('event')).toBe('paused');
  });

  it('shows what a tracker refuses with, also under an error status', async () => {
    const bench = new Bench('http://t.example/announce');
    bench.status = 403;
    bench.body = 'd14:failure reason3:no!e';
    bench.driver.start();
    await rest();
    expect(bench.driver.snapshot()).toMatchObject([{ status: 'failed', message: 'no!' }]);
  });

  it('says stopped and waits for the answer, but not for ever', async () => {
    const bench = new Bench('http://t.example/announce');
    bench.driver.start();
    await rest();
    await bench.driver.stop();
    expect(bench.asked.at(-1)?.searchParams.get('event')).toBe('stopped');
    bench.driver.start();
    await rest();
    bench.body = 'never';
    const stopped = bench.driver.stop(5000);
    await bench.clock.pass(5000);
    await stopped;
  });
});

describe('tracker driver over UDP', () => {
  it('connects once a minute and announces with the id it got', async () => {
    const bench = new Bench('udp://t.example:6969/announce');
    bench.driver.start();
    await rest();
    expect(bench.udp.sent.map(({ length }) => length)).toEqual([16, 98 + 2 + '/announce'.length]);
    expect(bench.udp.sent[1]?.slice(0, 8)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(bench.peers).toEqual([{ ip: '203.0.113.5', port: 6881 }]);
    await bench.driver.stop();
    expect(bench.udp.sent).toHaveLength(3);
  });

  it('reports a tracker that never answers', async () => {
    const bench = new Bench('udp://t.example:6969');
    bench.udp.silent = true;
    bench.driver.start();
    await rest();
    await bench.clock.pass(106_000);
    expect(bench.driver.snapshot()).toMatchObject([{ status: 'failed', message: 'no answer' }]);
  });
});
