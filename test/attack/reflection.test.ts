// Datagrams with a forged source make us answer somebody who never asked. What comes out must not be much more than
// what went in, and not much at all for one address. Prints the factors: docs/threat-model.md has them.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PeerAddress } from '../../src/core/address.ts';
import { encodeBencode, type Encodable } from '../../src/core/bencode/encode.ts';
import { decodeBencode, type BencodeDict } from '../../src/core/bencode/decode.ts';
import { dictOf, getBytes, getDict } from '../../src/core/bencode/fields.ts';
import { Dht } from '../../src/core/dht/dht.ts';
import { toInfoHash } from '../../src/core/ids.ts';
import { encodeUdpAnnounce, encodeUdpConnect, encodeUdpScrape } from '../../src/core/tracker/udp-codec.ts';
import { UtpMultiplexer } from '../../src/core/utp/multiplexer.ts';
import { PACKET_TYPE, encodePacket } from '../../src/core/utp/packet.ts';
import { createTracker } from '../../src/server/tracker.ts';
import { until } from '../support/processes.ts';
import { hashOf, requestOf, UdpClient } from '../conformance/tracker-clients.ts';

const VICTIM: PeerAddress = { ip: '8.8.8.8', port: 53 };

interface Query {
  readonly method: string;
  readonly args: Record<string, Encodable>;
  readonly from?: PeerAddress;
  readonly now?: number;
}

const NONE: BencodeDict = new Map();

function report(what: string, out: number, input: number): number {
  process.stdout.write(
    `${what}: ${String(input)} bytes in, ${String(out)} out, factor ${(out / input).toFixed(2)}\n`,
  );
  return out / input;
}

describe('uTP reflection', () => {
  it('gives back no more than it got, and less in a flood', () => {
    const machine = new UtpMultiplexer(() => 7);
    let [input, output, packets] = [0, 0, 0];
    for (let i = 0; i < 5000; i++) {
      const type =
        [PACKET_TYPE.syn, PACKET_TYPE.data, PACKET_TYPE.fin, PACKET_TYPE.state][i % 4] ?? PACKET_TYPE.syn;
      const fields = { timestamp: 1, timestampDifference: 0, window: 1000, seq: 1, ack: 0 };
      const packet = encodePacket({ type, connectionId: i, ...fields });
      input += packet.length;
      machine.receive(packet, VICTIM, i / 10);
      for (let event = machine.poll(); event !== undefined; event = machine.poll()) {
        if (event.kind !== 'send') continue;
        output += event.bytes.length;
        packets++;
      }
    }
    // Half-open connections ask again some times; then they are forgotten.
    for (let now = 500; now < 60_000; now += 100) {
      machine.tick(now);
      for (let event = machine.poll(); event !== undefined; event = machine.poll()) {
        if (event.kind === 'send') output += event.bytes.length;
      }
    }
    expect(report('uTP', output, input)).toBeLessThan(0.5);
    expect(packets).toBeGreaterThan(0);
  });
});

describe('UDP tracker reflection', () => {
  it('says nothing to who has not proved his address but as much as he said', async () => {
    const tracker = await createTracker({ port: 0, host: '127.0.0.1' });
    const client = new UdpClient(tracker);
    const envelope = await client.connect();
    let output = 0;
    client.socket.on('message', (data: Uint8Array) => (output += data.length));
    const forged = { ...envelope, connectionId: envelope.connectionId.map((byte) => byte ^ 1) };
    const connect = encodeUdpConnect(7);
    const announce = encodeUdpAnnounce(forged, requestOf({ swarm: 1, peer: 1 }), '/announce');
    const scrape = encodeUdpScrape(
      forged,
      Array.from({ length: 74 }, (_, i) => toInfoHash(hashOf(i))),
    );
    let input = 0;
    for (let i = 0; i < 30; i++) {
      for (const packet of [connect, announce, scrape]) {
        input += packet.length;
        client.socket.send(packet, tracker.port, '127.0.0.1');
      }
    }
    await until('the answers to the connects', () => (output >= 30 * 16 ? true : undefined), { everyMs: 10 });
    // Whatever else is still on its way comes before the answer to somebody else.
    const other = new UdpClient(tracker);
    await other.connect();
    await other.close();
    expect(report('UDP tracker', output, input)).toBeLessThan(0.1);
    expect(output / (30 * connect.length)).toBeLessThanOrEqual(1);
    await client.close();
    await tracker.close();
  });
});

describe('DHT reflection', () => {
  const sha1 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha1').update(data).digest());
  let counter = 1;
  const random = (): number => (counter = Math.imul(counter, 1664525) + 1013904223) >>> 0;
  const randomBytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() >>> 24);
  const infoHash = randomBytes(20);
  const id = randomBytes(20);

  /** What comes back for a query: the id is ours unless `args` has one. */
  function ask(dht: Dht, { method, args, from = VICTIM, now = 0 }: Query): Uint8Array[] {
    const data = encodeBencode({ a: { id, ...args }, q: method, t: 'aa', y: 'q' });
    dht.handle({ kind: 'packet', data, from }, now);
    const answers: Uint8Array[] = [];
    for (let effect = dht.poll(); effect !== undefined; effect = dht.poll()) {
      if (effect.kind === 'send') answers.push(effect.data);
    }
    return answers;
  }

  /** A node that knows as much as it can: its longest answers. */
  function full(): { dht: Dht; target: Uint8Array } {
    const dht = new Dht({}, { sha1, verify: () => true, random, randomBytes }, 0);
    for (let i = 0; i < 300; i++) {
      const from = { ip: `9.${String(i >> 8)}.${String(i & 255)}.1`, port: 6881 };
      ask(dht, { method: 'ping', args: { id: randomBytes(20) }, from });
      const [answer] = ask(dht, { method: 'get_peers', args: { info_hash: infoHash }, from });
      const values = getDict(dictOf(decodeBencode(answer ?? new Uint8Array())) ?? NONE, 'r') ?? NONE;
      const token = getBytes(values, 'token') ?? new Uint8Array();
      ask(dht, { method: 'announce_peer', args: { info_hash: infoHash, port: 1000 + i, token }, from });
      if (i === 0) ask(dht, { method: 'put', args: { v: new Uint8Array(990), token }, from });
    }
    return { dht, target: sha1(encodeBencode(new Uint8Array(990))) };
  }

  it('answers in one datagram, and one address in no more than its budget of them', () => {
    const { dht, target } = full();
    const queries: [string, Record<string, Encodable>][] = [
      ['ping', {}],
      ['find_node', { target: infoHash, want: ['n4', 'n6'] }],
      ['get_peers', { info_hash: infoHash, want: ['n4', 'n6'] }],
      ['get_peers', { info_hash: infoHash, scrape: 1, want: ['n4', 'n6'] }],
      ['get', { target }],
      ['sample_infohashes', { target: infoHash }],
      ['nonsense', {}],
    ];
    let largest = 0;
    for (const [method, args] of queries) {
      const input = encodeBencode({ a: { id, ...args }, q: method, t: 'aa', y: 'q' }).length;
      const answers = ask(dht, { method, args, from: { ip: `7.7.7.${String(largest % 250)}`, port: 9 } });
      expect(answers).toHaveLength(1);
      const output = answers[0]?.length ?? 0;
      largest = Math.max(largest, output);
      report(`DHT ${method}`, output, input);
    }
    // What BEP 5 and BEP 44 promise to answer is more than the question; it never takes a second packet.
    expect(largest).toBeLessThan(1400);
    let bytes = 0;
    for (let i = 0; i < 20_000; i++) {
      for (const answer of ask(dht, { method: 'get', args: { target }, now: i / 10 })) bytes += answer.length;
    }
    // 100 at once and 20 a second, over two seconds: a forger gains nothing by sending more.
    expect(bytes).toBeLessThanOrEqual(140 * largest);
  });

  it('answers all addresses together in no more than its budget of bytes', () => {
    const { dht, target } = full();
    let bytes = 0;
    const seconds = 6;
    for (let i = 0; i < 6000; i++) {
      const from = {
        ip: `6.${String((i >> 16) & 255)}.${String((i >> 8) & 255)}.${String(i & 255)}`,
        port: 53,
      };
      for (const answer of ask(dht, { method: 'get', args: { target }, from, now: 1000 + i }))
        bytes += answer.length;
    }
    expect(bytes).toBeLessThanOrEqual(1024 * 1024 + (seconds + 1) * 64 * 1024);
    expect(bytes).toBeGreaterThan(1024 * 1024);
  });

  it('answers an answer, an error and noise with nothing', () => {
    const { dht } = full();
    const packets = [
      encodeBencode({ r: { id }, t: 'aa', y: 'r' }),
      encodeBencode({ e: [201, 'x'], t: 'aa', y: 'e' }),
      encodeBencode({ t: 'aa', y: 'z' }),
      randomBytes(100),
    ];
    for (const data of packets) {
      dht.handle({ kind: 'packet', data, from: VICTIM }, 0);
      expect(dht.poll()).toBeUndefined();
    }
  });
});
