// Machines under fuzz: input is cut into messages (a length byte before each) that come one after the other, so that
// state built up by the first is there for the next.
import { concatBytes, latin1Decode } from '../../src/core/bytes/bytes.ts';
import { crc32c } from '../../src/core/bytes/crc32c.ts';
import { Bitfield } from '../../src/core/bytes/bitfield.ts';
import { Dht } from '../../src/core/dht/dht.ts';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { parseTorrent } from '../../src/core/metainfo/parse.ts';
import { MseHandshake } from '../../src/core/mse/handshake.ts';
import { Signalling } from '../../src/core/rtc/signalling.ts';
import { createBufferPool } from '../../src/core/swarm/buffers.ts';
import { SwarmEngine } from '../../src/core/swarm/engine.ts';
import { Rng } from '../../src/core/swarm/rng.ts';
import { AnnounceCore } from '../../src/core/tracker/announce.ts';
import { ConnectionIds } from '../../src/core/tracker/connection-id.ts';
import { HttpService, httpBodyRoom } from '../../src/core/tracker/http-service.ts';
import { Relay } from '../../src/core/tracker/relay.ts';
import { ReplyWriter } from '../../src/core/tracker/reply-writer.ts';
import { encodeSnapshot, restoreSnapshot } from '../../src/core/tracker/snapshot.ts';
import { storeWords, Swarms } from '../../src/core/tracker/swarms.ts';
import { UdpExchange } from '../../src/core/tracker/udp-exchange.ts';
import { udpReplyRoom, UdpService } from '../../src/core/tracker/udp-service.ts';
import { UtpMultiplexer } from '../../src/core/utp/multiplexer.ts';
import { WireConnection } from '../../src/core/wire/connection.ts';
import { RequestHead, readHead } from '../../src/server/http-request.ts';
import { digests } from '../support/digests.ts';
import * as seeds from './seeds.ts';
import type { FuzzTarget } from './targets.ts';

const STORE = {
  ...{ maxSwarms: 8, arenaBytes: 65_536, peerLifetimeMs: 600_000, minIntervalMs: 30_000 },
  ...{ maxPeersPerSwarm: 50, maxPeersPerAddress: 40, key: [1, 2] as const, seed: 5 },
};
const LIMITS = { maxPeers: 50, maxScrape: 10 };
const FROM = { ip: '10.9.8.7', port: 4000 };
const infoHash = toInfoHash(seeds.HASH);
const peerId = toPeerId(new Uint8Array(20).fill(0x50));

export function machineTargets(): Record<string, FuzzTarget> {
  return {
    'wire connection': { seeds: seeds.conversation, run: wireConnection },
    swarm: { seeds: seeds.conversation, run: swarmTarget(), weight: 1 / 6 },
    'mse initiator': { seeds: [new Uint8Array(120)], run: mse('initiator'), weight: 1 / 16 },
    'mse responder': { seeds: [new Uint8Array(200), seeds.handshake], run: mse('responder'), weight: 1 / 16 },
    'utp multiplexer': { seeds: framed(seeds.utp), run: utpMultiplexer },
    'dht node': { seeds: framed(seeds.krpc), run: dhtTarget(), weight: 1 / 6 },
    'udp exchange': { seeds: framed(seeds.udpReplies), run: udpExchange },
    ...trackerTargets(),
    'websocket signalling': { seeds: framed(seeds.frames), run: signalling },
  };
}

/** Each alone, and all in a row. */
function framed(list: readonly Uint8Array[]): Uint8Array[] {
  const each = list.map((bytes) =>
    concatBytes([Uint8Array.of(Math.min(255, bytes.length)), bytes.subarray(0, 255)]),
  );
  return [...each, concatBytes(each)];
}

function* cut(input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < input.length;) {
    const length = input[at] ?? 0;
    yield input.subarray(at + 1, at + 1 + length);
    at += 1 + length;
  }
}

function wireConnection(input: Uint8Array): void {
  const wire = new WireConnection(0);
  const whole = concatBytes([seeds.handshake, input]);
  const step = 1 + ((input[0] ?? 0) % 90);
  for (let at = 0; at < whole.length; at += step) {
    wire.receive(whole.slice(at, at + step), at);
    for (let event = wire.poll(); event !== undefined; event = wire.poll());
  }
  wire.tick(1e6);
  wire.poll();
}

/** One engine lives through many inputs; each comes as a peer of its own. */
function swarmTarget(): (input: Uint8Array) => void {
  const metainfo = parseTorrent(seeds.torrents[2] ?? seeds.HASH, digests);
  let engine: SwarmEngine | undefined;
  let key = 0;
  return (input) => {
    const now = 1000 * key;
    const drain = (): void => {
      for (let effect = engine?.poll(); effect !== undefined; effect = engine?.poll()) {
        if (effect.kind === 'verify-piece') {
          engine?.handle({ kind: 'piece-verified', piece: effect.piece, ok: false }, now);
        }
      }
    };
    if (key % 50 === 0) {
      const buffers = createBufferPool({ budgetBytes: 65_536 });
      engine = new SwarmEngine({
        ...{ infoHash, infoHashV2: undefined, peerId, maxPeers: 20, seed: 3, buffers, digests },
      });
      const have = new Bitfield(metainfo.pieceCount);
      have.add(0);
      if (key % 100 === 0) engine.handle({ kind: 'metainfo', metainfo, have }, now);
      drain();
    }
    key++;
    engine?.handle(
      {
        ...{ kind: 'peer-connected', peer: key, transport: 'tcp', outgoing: key % 2 === 0, peerId },
        address: { ip: `10.0.${String(key >> 8)}.${String(key & 255)}`, port: 1 },
        capabilities: { extended: true, fast: true, dht: true, v2: key % 3 === 0 },
      },
      now,
    );
    drain();
    const wire = new WireConnection(now);
    wire.receive(concatBytes([seeds.handshake, input]), now);
    for (let event = wire.poll(); event !== undefined; event = wire.poll()) {
      if (event.kind === 'message')
        engine?.handle({ kind: 'message', peer: key, message: event.message }, now);
      drain();
    }
    engine?.handle({ kind: 'tick' }, now + 600);
    drain();
    if (key % 4 !== 0) engine?.handle({ kind: 'peer-closed', peer: key }, now + 700);
    drain();
  };
}

function mse(role: 'initiator' | 'responder'): (input: Uint8Array) => void {
  return (input) => {
    const fresh = {
      ...{ privateKey: new Uint8Array(20).fill(4), padding: new Uint8Array(3), sha1: digests.sha1 },
      policy: (input[0] ?? 0) % 2 === 0 ? ('prefer' as const) : ('require' as const),
    };
    const machine = new MseHandshake(
      role === 'initiator'
        ? { ...fresh, role, infoHash, initial: seeds.handshake }
        : { ...fresh, role, find: () => infoHash },
      0,
    );
    for (const part of [input.slice(0, 40), input.slice(40, 97), input.slice(97)]) {
      machine.receive(part);
      for (let event = machine.poll(); event !== undefined; event = machine.poll());
    }
    machine.tick(1e6);
    machine.poll();
  };
}

function utpMultiplexer(input: Uint8Array): void {
  const rng = new Rng(7);
  const utp = new UtpMultiplexer(() => rng.uint32());
  utp.connect(FROM, 0);
  let now = 0;
  for (const packet of cut(input)) {
    utp.receive(packet.slice(), FROM, (now += 7));
    for (let event = utp.poll(); event !== undefined; event = utp.poll());
  }
  utp.tick(now + 5000);
  for (let event = utp.poll(); event !== undefined; event = utp.poll());
}

function dhtTarget(): (input: Uint8Array) => void {
  let dht: Dht | undefined;
  let runs = 0;
  return (input) => {
    const now = 100 * runs;
    if (runs++ % 200 === 0) {
      const rng = new Rng(runs);
      const randomBytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => rng.below(256));
      const deps = { ...digests, random: () => rng.uint32(), randomBytes, verify: () => false };
      dht = new Dht({}, deps, now);
      dht.handle({ kind: 'find-peers', lookup: 1, infoHash: seeds.HASH, announce: undefined }, now);
    }
    for (const packet of cut(input)) {
      const from = { ip: `10.0.0.${String(runs % 250)}`, port: 1 + (runs % 9) };
      dht?.handle({ kind: 'packet', data: packet.slice(), from }, now);
      for (let effect = dht?.poll(); effect !== undefined; effect = dht?.poll());
    }
    dht?.handle({ kind: 'tick' }, now);
    for (let effect = dht?.poll(); effect !== undefined; effect = dht?.poll());
  };
}

function udpExchange(input: Uint8Array): void {
  const exchange = new UdpExchange({
    ...{ family: 4, connection: undefined, action: 'announce', random: () => 0x01020304 },
    encode: () => new Uint8Array(98),
  });
  exchange.handle({ kind: 'start' }, 0);
  for (const data of cut(input)) {
    exchange.handle({ kind: 'datagram', data: data.slice() }, 10);
    for (let effect = exchange.poll(); effect !== undefined; effect = exchange.poll());
  }
}

function trackerTargets(): Record<string, FuzzTarget> {
  const memory = new Int32Array(storeWords(STORE));
  const store = new Swarms(memory, STORE);
  const core = new AnnounceCore(store, {
    policy: {
      ...{ intervalSeconds: 60, minIntervalSeconds: 30, defaultNumWant: 20, maxNumWant: 50, maxScrape: 10 },
      ...{ publicOnly: false, trustClientIp: true, torrents: undefined, access: undefined },
    },
    rateLimit: { perSecond: 0, burst: 1, key: [3, 4] },
    random: () => 0.5,
  });
  const http = new HttpService({ core, ...LIMITS });
  const ids = new ConnectionIds(new Uint8Array(16).fill(7));
  const udp = new UdpService({ core, ids, maxPeers: 50 });
  const reply = new Uint8Array(udpReplyRoom(50));
  const relay = new Relay({ core, send: () => undefined, seed: 1 });
  const body = new Uint8Array(httpBodyRoom(LIMITS));
  let calls = 0;
  return {
    'http tracker, server': {
      seeds: seeds.httpRequests,
      run: (input) => {
        const context = { now: ++calls, out: new ReplyWriter(body) };
        const ip = Uint8Array.of(10, calls & 1, 0, calls & 7);
        const span = { bytes: input, start: 0, end: input.length };
        http.announce(span, ip, context);
        context.out.length = 0;
        http.scrape(span, ip, context);
        const head = Buffer.concat([
          Buffer.from('GET '),
          input,
          Buffer.from(' HTTP/1.1\r\nForwarded: x\r\n'),
        ]);
        readHead(head, { start: 0, end: head.length }, new RequestHead());
      },
    },
    'udp tracker, server': {
      seeds: seeds.udpRequests,
      run: (input) => {
        const ip = Uint8Array.of(10, 1, 0, ++calls & 7);
        const packet = input.slice();
        // Mostly with a connection id of ours, or nothing behind it would ever be reached.
        if (packet.length >= 16 && (packet[15] ?? 0) % 4 !== 0)
          ids.issue(ip, calls, { bytes: packet, at: 0 });
        udp.handle({ bytes: packet, length: packet.length, ip }, calls, reply);
      },
    },
    'websocket tracker, server': {
      seeds: seeds.frames,
      run: (input) => {
        const connection = { id: ++calls % 20, ip: Uint8Array.of(10, 2, 0, 1), credential: '' };
        relay.receive(connection, latin1Decode(input), calls);
        if (calls % 7 === 0) relay.disconnected(connection.id);
      },
    },
    'tracker snapshot': snapshotTarget(memory),
  };
}

function snapshotTarget(memory: Int32Array): FuzzTarget {
  const time = { now: 5, unixMs: 1_700_000_000_000 };
  const written = concatBytes([...encodeSnapshot(new Swarms(memory, STORE), time)]);
  const fresh = new Int32Array(memory.length);
  const sealed = (chunk: Uint8Array): Uint8Array => {
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, chunk.length);
    head.setUint32(4, crc32c(chunk));
    return concatBytes([written.subarray(0, 29), new Uint8Array(head.buffer), chunk, new Uint8Array(4)]);
  };
  return {
    seeds: [written, new Uint8Array(60)],
    run: (input) => {
      fresh.fill(0);
      // A file as it is, or one whose checksum is right whatever is in it.
      const bytes = (input[0] ?? 0) % 4 === 0 ? sealed(input.subarray(1)) : input;
      restoreSnapshot(bytes, new Swarms(fresh, STORE), time);
    },
    weight: 1 / 16,
  };
}

function signalling(input: Uint8Array): void {
  const machine = new Signalling(
    {
      ...{ infoHash, peerId, wanted: () => 5, welcomes: () => true, random: () => 9 },
      counts: () => ({ uploaded: 0, downloaded: 0, left: 1 }),
    },
    0,
  );
  const drain = (): void => {
    for (let effect = machine.poll(); effect !== undefined; effect = machine.poll());
  };
  machine.handle({ kind: 'tick' }, 0);
  drain();
  machine.handle({ kind: 'socket-open' }, 1);
  drain();
  for (const frame of cut(input)) {
    machine.handle({ kind: 'frame', text: latin1Decode(frame) }, 2);
    drain();
  }
}
