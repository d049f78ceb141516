// Streams over a bad network in virtual time: uTP alone, and encrypted on top of it, keep what ports/transport.ts says.
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, latin1Encode } from '../../src/core/bytes/bytes.ts';
import { toInfoHash } from '../../src/core/ids.ts';
import { torrentHash } from '../../src/core/mse/keys.ts';
import { openMse } from '../../src/engine/mse-stream.ts';
import type { MseDeps, MseOpened } from '../../src/engine/mse-stream.ts';
import { createUtpTransport } from '../../src/engine/utp-transport.ts';
import type { UtpTransport } from '../../src/engine/utp-transport.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { DatagramSocket } from '../../src/ports/datagram.ts';
import type { Random } from '../../src/ports/random.ts';
import type { Stream } from '../../src/ports/transport.ts';
import { EventQueue } from './event-queue.ts';
import { nodeDigests } from '../../src/node/digests.ts';

function seededRandom(seed: number): Random {
  let state = seed;
  const uint32 = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 15)) >>> 0;
  };
  return { uint32, bytes: (length) => Uint8Array.from({ length }, () => uint32() & 0xff) };
}

/** Two hosts and a network that loses one packet in twenty. */
class Network {
  readonly queue = new EventQueue();
  readonly clock: Clock = {
    now: () => this.queue.now,
    unixSeconds: () => 0,
    schedule: (delayMs, callback) => {
      let isOn = true;
      this.queue.after(delayMs, () => {
        if (isOn) callback();
      });
      return () => {
        isOn = false;
      };
    },
  };
  readonly random = seededRandom(7);
  readonly deps: MseDeps = { clock: this.clock, random: this.random, digests: nodeDigests };
  readonly #receivers = new Map<number, Parameters<DatagramSocket['onMessage']>[0]>();

  host(port: number): UtpTransport {
    const socket: DatagramSocket = {
      port,
      send: (data, to) => {
        if (this.random.uint32() % 20 === 0) return;
        const copy = new Uint8Array(data);
        this.queue.after(20 + (this.random.uint32() % 10), () => {
          this.#receivers.get(to.port)?.(copy, { ip: '10.0.0.1', port });
          copy.fill(0xee);
        });
      },
      onMessage: (receiver) => {
        this.#receivers.set(port, receiver);
        return () => this.#receivers.delete(port);
      },
      close: () => Promise.resolve(),
    };
    return createUtpTransport(socket, this.deps);
  }

  /** Lets time pass until it holds, with the promises that this brings about. */
  async until(isDone: () => boolean): Promise<void> {
    for (let steps = 0; !isDone(); steps++) {
      if (steps > 1_000_000) throw new Error('it never came to be');
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      if (!isDone() && !this.queue.step()) throw new Error('nothing happens any more');
    }
  }
}

class Reader {
  readonly chunks: Uint8Array[] = [];
  sent = 0;
  closes: (Error | undefined)[] = [];

  constructor(stream: Stream) {
    stream.start({
      onData: (chunk) => this.chunks.push(new Uint8Array(chunk)),
      onSent: (bytes) => {
        this.sent += bytes;
      },
      onClose: (error) => this.closes.push(error),
    });
  }

  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }
}

const address = (port: number) => ({ ip: '10.0.0.1', port });
const dialOptions = { timeoutMs: 20_000, signal: new AbortController().signal };
const content = (length: number): Uint8Array => seededRandom(length).bytes(length);

/** A connection, dialled by the first. */
async function connected(network: Network): Promise<{ near: Stream; far: Stream }> {
  let near: Stream | undefined;
  let far: Stream | undefined;
  await network.host(2).listen({ port: 2 }, (stream) => {
    far = stream;
  });
  void network
    .host(1)
    .dial(address(2), dialOptions)
    .then((stream) => {
      near = stream;
    });
  await network.until(() => near !== undefined && far !== undefined);
  if (near === undefined || far === undefined) throw new Error('not connected');
  return { near, far };
}

describe('uTP as a transport', () => {
  it('carries bytes both ways, counts them, and closes both ends', async () => {
    const network = new Network();
    const { near, far } = await connected(network);
    const [left, right] = [new Reader(near), new Reader(far)];
    const [forth, back] = [content(300_000), content(100_001)];
    near.write([forth.subarray(0, 13), forth.subarray(13)]);
    far.write([back]);
    await network.until(() => right.length === forth.length && left.length === back.length);
    expect(equalBytes(concatBytes(right.chunks), forth)).toBe(true);
    expect(equalBytes(concatBytes(left.chunks), back)).toBe(true);
    expect([left.sent, right.sent]).toEqual([forth.length, back.length]);
    near.close();
    await network.until(() => left.closes.length + right.closes.length === 2);
    expect([left.closes, right.closes]).toEqual([[undefined], [undefined]]);
  });

  it('holds back while paused, though bytes are on their way', async () => {
    const network = new Network();
    const { near, far } = await connected(network);
    const right = new Reader(far);
    far.pause();
    near.start({ onData: () => undefined, onSent: () => undefined, onClose: () => undefined });
    near.write([content(3_000_000)]);
    for (let steps = 0; steps < 20_000; steps++) network.queue.step();
    expect(right.length).toBe(0);
    near.close();
    far.resume();
    await network.until(() => right.closes.length > 0);
    expect(right.length).toBeGreaterThan(1_000_000);
  });

  it('rejects a dial that nobody answers, and one that is given up', async () => {
    const network = new Network();
    const codes: unknown[] = [];
    const abort = new AbortController();
    const host = network.host(1);
    for (const signal of [dialOptions.signal, abort.signal]) {
      host.dial(address(9), { timeoutMs: 3000, signal }).catch((error: unknown) => codes.push(error));
    }
    abort.abort();
    await network.until(() => codes.length === 2);
    expect(codes).toMatchObject([{ code: 'DIAL_ABORTED' }, { code: 'DIAL_TIMEOUT' }]);
  });

  it('takes nobody in while it does not listen', async () => {
    const network = new Network();
    network.host(2);
    let near: Reader | undefined;
    void network
      .host(1)
      .dial(address(2), dialOptions)
      .then((stream) => {
        near = new Reader(stream);
      });
    await network.until(() => (near?.closes.length ?? 0) > 0);
    expect(near?.length).toBe(0);
  });
});

describe('encryption on a stream', () => {
  const infoHash = toInfoHash(new Uint8Array(20).fill(5));
  const known = torrentHash(infoHash, (data) => nodeDigests.sha1(data));
  const find = (hash: Uint8Array) => (equalBytes(hash, known) ? infoHash : undefined);
  const hello = latin1Encode('\x13BitTorrent protocol');

  it('agrees on keys and carries bytes both ways', async () => {
    const network = new Network();
    const { near, far } = await connected(network);
    const opened: MseOpened[] = [];
    const note = (mse: MseOpened): number => opened.push(mse);
    void openMse(near, { role: 'initiator', policy: 'require', infoHash, initial: hello }, network.deps).then(
      note,
    );
    void openMse(far, { role: 'responder', policy: 'prefer', find }, network.deps).then(note);
    await network.until(() => opened.length === 2);
    expect(opened.map(({ isEncrypted, infoHash: hash }) => [isEncrypted, hash])).toEqual([
      [true, infoHash],
      [true, infoHash],
    ]);
    const [right, left] = opened.map(({ stream }) => new Reader(stream));
    const [forth, back] = [content(200_000), content(150_000)];
    opened[0]?.stream.write([back.subarray(0, 5), back.subarray(5)]);
    opened[1]?.stream.write([forth]);
    await network.until(() => right?.length === hello.length + forth.length && left?.length === back.length);
    expect(equalBytes(concatBytes(right?.chunks ?? []), concatBytes([hello, forth]))).toBe(true);
    expect(equalBytes(concatBytes(left?.chunks ?? []), back)).toBe(true);
    expect([right?.sent, left?.sent]).toEqual([back.length, forth.length]);
    opened[0]?.stream.close();
    await network.until(() => left?.closes.length === 1 && right?.closes.length === 1);
  });

  it('lets a plain stream pass', async () => {
    const network = new Network();
    const { near, far } = await connected(network);
    const left = new Reader(near);
    near.write([hello, content(1000)]);
    let right: Reader | undefined;
    void openMse(far, { role: 'responder', policy: 'prefer', find }, network.deps).then(
      ({ stream, isEncrypted }) => {
        expect(isEncrypted).toBe(false);
        right = new Reader(stream);
        stream.write([hello]);
      },
    );
    await network.until(() => right?.length === hello.length + 1000 && left.length === hello.length);
    expect(equalBytes(concatBytes(right?.chunks ?? []), concatBytes([hello, content(1000)]))).toBe(true);
  });

  it('fails, and closes the stream, when the other side is silent', async () => {
    const network = new Network();
    const { near, far } = await connected(network);
    const right = new Reader(far);
    let code: unknown;
    openMse(near, { role: 'initiator', policy: 'prefer', infoHash, initial: hello }, network.deps).catch(
      (error: unknown) => {
        code = error;
      },
    );
    await network.until(() => right.closes.length === 1);
    expect(code).toMatchObject({ code: 'MSE_TIMEOUT' });
  });
});
