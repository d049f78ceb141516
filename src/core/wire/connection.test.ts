import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../bytes/bytes.ts';
import { InvariantError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { toInfoHash, toPeerId } from '../ids.ts';
import { WIRE_TIMEOUTS, WireConnection } from './connection.ts';
import type { WireEvent } from './connection.ts';
import { encodeMessage } from './encode.ts';
import { encodeHandshake } from './handshake.ts';
import type { Handshake } from './handshake.ts';
import type { Message } from './messages.ts';

const handshake: Handshake = {
  infoHash: toInfoHash(new Uint8Array(20).fill(1)),
  peerId: toPeerId(new Uint8Array(20).fill(2)),
  capabilities: { extended: true, fast: true, dht: false, v2: false },
};

const script: readonly Message[] = [
  { kind: 'bitfield', bits: new Uint8Array(10).fill(3) },
  { kind: 'keep-alive' },
  { kind: 'unchoke' },
  { kind: 'piece', piece: 1, begin: 2, data: Uint8Array.from({ length: 300 }, (_, i) => i) },
  { kind: 'keep-alive' },
  { kind: 'keep-alive' },
  { kind: 'have', piece: 9 },
  { kind: 'extended', id: 0, payload: new Uint8Array(70_000).fill(5) },
  { kind: 'piece', piece: 1, begin: 302, data: Uint8Array.from({ length: 40 }, (_, i) => i) },
];
const stream = concatBytes([encodeHandshake(handshake), ...script.map(encodeMessage)]);

/** What an event says, as text that leans on no memory of the machine's. */
function textOf(event: WireEvent): string {
  switch (event.kind) {
    case 'message':
      return toHex(encodeMessage(event.message));
    case 'handshake':
      return toHex(encodeHandshake(event.handshake));
    case 'handshake-start':
      return `start ${toHex(event.start.infoHash)}`;
    case 'failed':
      return event.error.code;
    case 'keep-alive-due':
      return event.kind;
  }
}

function drain(connection: WireConnection): string[] {
  const events: string[] = [];
  for (let event = connection.poll(); event !== undefined; event = connection.poll())
    events.push(textOf(event));
  return events;
}

function greeted(): WireConnection {
  const connection = new WireConnection(0);
  connection.receive(encodeHandshake(handshake), 0);
  drain(connection);
  return connection;
}

function failure(connection: WireConnection): string | undefined {
  const last = connection.poll();
  return last?.kind === 'failed' ? last.error.code : undefined;
}

const expected: readonly string[] = [
  `start ${toHex(handshake.infoHash)}`,
  toHex(encodeHandshake(handshake)),
  ...script.map((message) => toHex(encodeMessage(message))),
];

describe('WireConnection', () => {
  it('gives the same events however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1 }), (sizes) => {
        const connection = new WireConnection(0);
        const events: string[] = [];
        let at = 0;
        for (let turn = 0; at < stream.length; turn++) {
          // The chunk's memory is overwritten once polled: nothing may lean on it.
          const chunk = stream.slice(at, at + (sizes[turn % sizes.length] ?? 1));
          at += chunk.length;
          connection.receive(chunk, 0);
          events.push(...drain(connection));
          chunk.fill(0xee);
        }
        expect(events).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same events byte by byte', () => {
    const connection = new WireConnection(0);
    const events: string[] = [];
    for (const byte of stream) {
      connection.receive(Uint8Array.of(byte), 0);
      events.push(...drain(connection));
    }
    expect(events).toEqual(expected);
  });

  it('hands out a block as a view of the chunk that holds it whole', () => {
    const connection = greeted();
    const chunk = encodeMessage({ kind: 'piece', piece: 0, begin: 0, data: new Uint8Array(16_384) });
    connection.receive(chunk, 0);
    const event = connection.poll();
    expect(event?.kind === 'message' && event.message.kind === 'piece' && event.message.data.buffer).toBe(
      chunk.buffer,
    );
  });

  it('says the info hash before the peer id is there', () => {
    const connection = new WireConnection(0);
    connection.receive(stream.subarray(0, 48), 0);
    expect(drain(connection)).toEqual(expected.slice(0, 1));
  });

  it('fails on another protocol at its first wrong byte', () => {
    const connection = new WireConnection(0);
    connection.receive(new TextEncoder().encode('GET / HTTP/1.1'), 0);
    expect(failure(connection)).toBe('WIRE_BAD_PROTOCOL');
    expect(connection.poll()).toBeUndefined();
  });

  it('fails once and is deaf afterwards', () => {
    const connection = greeted();
    connection.receive(Uint8Array.of(0, 0, 0, 2, 0, 33, 0, 0, 0, 0), 0);
    expect(failure(connection)).toBe('WIRE_BAD_LENGTH');
    connection.receive(encodeMessage({ kind: 'choke' }), 0);
    connection.tick(1e9);
    expect(connection.poll()).toBeUndefined();
    expect(connection.nextTimeout()).toBeUndefined();
  });

  it('refuses a message by its announced length, before it comes', () => {
    const length = LIMITS.wireMessageBytes.value + 1;
    for (const cut of [1, 4]) {
      const connection = greeted();
      const prefix = Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length);
      connection.receive(prefix.subarray(0, cut), 0);
      if (cut < 4) {
        expect(connection.poll()).toBeUndefined();
        connection.receive(prefix.subarray(cut), 0);
      }
      expect(failure(connection)).toBe('WIRE_MESSAGE_TOO_LARGE');
    }
  });

  it('refuses a block by its announced length, before it comes', () => {
    const connection = greeted();
    connection.receive(Uint8Array.of(0, 3, 0, 0), 0);
    expect(connection.poll()).toBeUndefined();
    connection.receive(Uint8Array.of(7), 0);
    expect(failure(connection)).toBe('WIRE_BLOCK_TOO_LARGE');
  });

  it('gives up a handshake that does not end in time, however it trickles', () => {
    const connection = new WireConnection(1000);
    expect(connection.nextTimeout()).toBe(1000 + WIRE_TIMEOUTS.handshakeMs);
    connection.receive(stream.subarray(0, 30), 20_000);
    expect(drain(connection)).toEqual([]);
    connection.tick(1000 + WIRE_TIMEOUTS.handshakeMs);
    expect(failure(connection)).toBe('WIRE_TIMEOUT');
  });

  it('asks for a keep-alive after two minutes without a write, and again after two more', () => {
    const connection = greeted();
    connection.sent(50_000);
    connection.receive(encodeMessage({ kind: 'keep-alive' }), 100_000);
    drain(connection);
    expect(connection.nextTimeout()).toBe(170_000);
    connection.tick(169_999);
    expect(connection.poll()).toBeUndefined();
    connection.tick(170_000);
    expect(drain(connection)).toEqual(['keep-alive-due']);
    expect(connection.nextTimeout()).toBe(280_000);
  });

  it('gives up a peer that is silent for three minutes', () => {
    const connection = greeted();
    connection.tick(WIRE_TIMEOUTS.idleMs);
    expect(failure(connection)).toBe('WIRE_TIMEOUT');
  });

  it('counts silence from its start, not from the beginning of time', () => {
    const connection = new WireConnection(1_000_000);
    connection.receive(encodeHandshake(handshake), 1_000_000);
    drain(connection);
    expect(connection.nextTimeout()).toBe(1_000_000 + WIRE_TIMEOUTS.keepAliveMs);
    connection.tick(1_000_000 + WIRE_TIMEOUTS.keepAliveMs - 1);
    expect(connection.poll()).toBeUndefined();
    connection.sent(1_100_000);
    connection.tick(1_000_000 + WIRE_TIMEOUTS.idleMs - 1);
    expect(connection.poll()).toBeUndefined();
  });

  it('asks for no keep-alive before the handshake is done', () => {
    const connection = new WireConnection(0, { handshakeMs: 500, keepAliveMs: 100, idleMs: 1000 });
    connection.tick(200);
    expect(connection.poll()).toBeUndefined();
  });

  it('is a fault of the caller to give it more before it is drained', () => {
    const connection = greeted();
    connection.receive(
      concatBytes([encodeMessage({ kind: 'choke' }), encodeMessage({ kind: 'unchoke' })]),
      0,
    );
    connection.poll();
    expect(() => connection.receive(encodeMessage({ kind: 'choke' }), 0)).toThrow(InvariantError);
  });

  it('takes memory for a long message as it comes, not as it is announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const length = LIMITS.wireMessageBytes.value;
    const prefix = Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, 20, 0);
    const connections = Array.from({ length: 200 }, () => {
      const connection = greeted();
      connection.receive(prefix, 0);
      expect(drain(connection)).toEqual([]);
      return connection;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 100_000);
    expect(connections).toHaveLength(200);
  });

  it('joins messages of any length that straddle chunks at any place', () => {
    for (const size of [0, 1, 3, 59, 60, 64, 65_530, 65_536, 65_537, 131_080]) {
      const payload = Uint8Array.from({ length: size }, (_, i) => i * 7);
      const texts = [payload, payload.slice(0, 9), payload].map((part) =>
        encodeMessage({ kind: 'extended', id: 3, payload: part }),
      );
      const bytes = concatBytes([...texts, encodeMessage({ kind: 'keep-alive' })]);
      for (const cut of [1, 3, 4, 5, 6, 7, 70, size + 3, size + 6, size + 8]) {
        const connection = greeted();
        const events: string[] = [];
        for (const part of [bytes.slice(0, cut), bytes.slice(cut, cut + 5), bytes.slice(cut + 5)]) {
          connection.receive(part, 0);
          events.push(...drain(connection));
          part.fill(0xee);
        }
        expect(events).toEqual([...texts.map(toHex), '00000000']);
      }
    }
  });
});
