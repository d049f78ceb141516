import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReadPace, ReadRests } from './read-rests.ts';
import { createTcpTransport } from './tcp.ts';

describe('the pace of reads', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function rate(bytes: number, everyMs: number): number {
    const pace = new ReadPace();
    let rest = 0;
    for (let at = 0; at <= 1000; at += everyMs) {
      rest = pace.restAfter(bytes);
      vi.advanceTimersByTime(everyMs);
    }
    return rest;
  }

  it('rests where packets trickle in, until about a block is there', () => {
    expect(rate(1448, 5)).toBe(20);
    expect(rate(1448, 0.75)).toBeCloseTo(8.5, 0);
  });

  it('never rests where a read brings much or comes at once, nor after messages', () => {
    expect(rate(65_536, 5)).toBe(0);
    expect(rate(1448, 0.1)).toBe(0);
    expect(rate(17, 5)).toBe(0);
  });

  it('does not rest before the rate is known', () => {
    expect(new ReadPace().restAfter(1448)).toBe(0);
  });

  it('wakes each when its time has come', () => {
    const rests = new ReadRests();
    const woken: string[] = [];
    rests.add(5, () => woken.push('short'));
    rests.add(20, () => woken.push('long'));
    vi.advanceTimersByTime(9);
    expect(woken).toEqual(['short']);
    vi.advanceTimersByTime(20);
    expect(woken).toEqual(['short', 'long']);
    rests.add(5, () => woken.push('again'));
    vi.advanceTimersByTime(9);
    expect(woken).toEqual(['short', 'long', 'again']);
  });
});

it('a slow sender wakes its reader for many packets at once, and all of them arrive', async () => {
  const packets = 400;
  const server = createServer((socket) => {
    void (async (): Promise<void> => {
      for (let i = 0; i < packets; i++) {
        socket.write(Buffer.alloc(1448, i));
        await setTimeout(1);
      }
      socket.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const options = { timeoutMs: 10_000, signal: new AbortController().signal };
  const stream = await createTcpTransport().dial({ ip: '127.0.0.1', port }, options);
  const received: number[] = [];
  let reads = 0;
  await new Promise<void>((resolve) => {
    stream.start({
      onData: (chunk) => {
        reads++;
        for (const byte of chunk) received.push(byte);
      },
      onSent: () => undefined,
      onClose: () => {
        resolve();
      },
    });
  });
  server.close();
  expect(received).toHaveLength(packets * 1448);
  expect(received.every((byte, i) => byte === (Math.floor(i / 1448) & 255))).toBe(true);
  expect(reads).toBeLessThan(packets / 2);
});
