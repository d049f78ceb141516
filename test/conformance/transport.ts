// What every Transport has to do. An adapter's test calls this with a way to make one.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/bytes/bytes.ts';
import { SystemError } from '../../src/core/errors.ts';
import type { Listener, Stream, Transport } from '../../src/ports/transport.ts';

export interface TransportHarness {
  readonly transport: Transport;
  /** Address on which `listen` is reached. */
  readonly host: string;
  dispose(): Promise<void>;
}

/** One side of a connection, with everything that happened to it. */
interface Side {
  readonly stream: Stream;
  readonly received: Uint8Array[];
  receivedBytes(): number;
  sent: number;
  closes: number;
  /** Resolves when the condition holds after some event. */
  until(condition: () => boolean): Promise<void>;
}

export function describeTransport(name: string, create: () => Promise<TransportHarness>): void {
  describe(`${name} as a Transport`, () => {
    let harness: TransportHarness;
    let listener: Listener;
    let accepted: Side[];
    const sides: Side[] = [];

    beforeEach(async () => {
      harness = await create();
      accepted = [];
      listener = await harness.transport.listen({ port: 0, host: harness.host }, (stream) => {
        accepted.push(watch(stream));
      });
    });

    afterEach(async () => {
      for (const side of [...accepted, ...sides.splice(0)]) side.stream.close();
      await listener.close();
      await harness.dispose();
    });

    async function connect(): Promise<{ a: Side; b: Side }> {
      const { signal } = new AbortController();
      const a = watch(
        await harness.transport.dial({ ip: harness.host, port: listener.port }, { timeoutMs: 5000, signal }),
      );
      sides.push(a);
      // Some transports tell the listener with the first bytes only.
      a.stream.write([Uint8Array.of(0)]);
      await eventually(() => accepted.length > 0);
      const [b] = accepted;
      if (b === undefined) throw new Error('nothing was accepted');
      await b.until(() => b.receivedBytes() === 1);
      b.received.length = 0;
      return { a, b };
    }

    it('carries bytes both ways, whole and in order', async () => {
      const { a, b } = await connect();
      const there = noise(300_000);
      const back = noise(200_000);
      a.stream.write([there.subarray(0, 5), there.subarray(5, 100_000), there.subarray(100_000)]);
      b.stream.write([back]);
      await b.until(() => b.receivedBytes() === there.length);
      await a.until(() => a.receivedBytes() === back.length);
      expect(equalBytes(concatBytes(b.received), there)).toBe(true);
      expect(equalBytes(concatBytes(a.received), back)).toBe(true);
    });

    it('counts what was sent, and all of it', async () => {
      const { a, b } = await connect();
      a.stream.write([noise(1000), noise(2000)]);
      a.stream.write([noise(50_000)]);
      await b.until(() => b.receivedBytes() === 53_000);
      await a.until(() => a.sent === 53_001);
    });

    it('holds back while it is paused', async () => {
      const { a, b } = await connect();
      b.stream.pause();
      a.stream.write([noise(8 * 1024 * 1024)]);
      await a.until(() => a.sent === 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const held = b.receivedBytes();
      expect(held).toBeLessThan(8 * 1024 * 1024);
      b.stream.resume();
      await b.until(() => b.receivedBytes() === 8 * 1024 * 1024);
    });

    it('tells both sides once that the stream is closed', async () => {
      const { a, b } = await connect();
      a.stream.close();
      await Promise.all([a.until(() => a.closes > 0), b.until(() => b.closes > 0)]);
      a.stream.close();
      b.stream.close();
      a.stream.write([noise(10)]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([a.closes, b.closes]).toEqual([1, 1]);
    });

    it('says where the other side is', async () => {
      const { a } = await connect();
      expect(a.stream.kind).toBe(harness.transport.kind);
      expect(a.stream.remote).toEqual({ ip: harness.host, port: listener.port });
    });

    it('rejects a dial that nobody answers', async () => {
      const { port } = listener;
      await listener.close();
      const { signal } = new AbortController();
      const dial = harness.transport.dial({ ip: harness.host, port }, { timeoutMs: 500, signal });
      await expect(dial).rejects.toBeInstanceOf(SystemError);
    });

    it('gives up a dial when it is told to', async () => {
      const abort = new AbortController();
      abort.abort();
      const dial = harness.transport.dial(
        { ip: harness.host, port: listener.port },
        { timeoutMs: 5000, signal: abort.signal },
      );
      await expect(dial).rejects.toHaveProperty('code', 'DIAL_ABORTED');
    });
  });
}

function watch(stream: Stream): Side {
  const waiters: { condition: () => boolean; resolve: () => void }[] = [];
  const side: Side = {
    stream,
    received: [],
    receivedBytes: () => side.received.reduce((sum, chunk) => sum + chunk.length, 0),
    sent: 0,
    closes: 0,
    until: (condition) =>
      new Promise((resolve) => {
        waiters.push({ condition, resolve });
        check();
      }),
  };
  const check = (): void => {
    for (const waiter of [...waiters]) {
      if (!waiter.condition()) continue;
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  };
  stream.start({
    // The view is the adapter's again when the call returns.
    onData: (chunk) => {
      side.received.push(chunk.slice());
      chunk.fill(0);
      check();
    },
    onSent: (bytes) => {
      side.sent += bytes;
      check();
    },
    onClose: () => {
      side.closes++;
      check();
    },
  });
  return side;
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function noise(length: number): Uint8Array {
  let state = length;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}
