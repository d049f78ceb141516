// A hostile client, for a tracker of a test: noise, pieces of packets, forged connection ids, 100,000 info hashes of one
// address, slow connections, giant queries, nonsense over WebSocket, all at once. Bounded in count and time.
// Arguments: host port seconds. Prints what it sent and what it should never have received, as JSON.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { toInfoHash, toPeerId } from '../../../src/core/ids.ts';
import type { AnnounceRequest } from '../../../src/core/tracker/model.ts';
import { encodeUdpAnnounce, encodeUdpConnect, parseUdpReply } from '../../../src/core/tracker/udp-codec.ts';

const [host = '', portText = '', secondsText = ''] = process.argv.slice(2);
const port = Number(portText);
const endsAt = performance.now() + Number(secondsText) * 1000;

const HASHES = 100_000;
const SLOW_CONNECTIONS = 200;
const STEP_MS = 10;

const report = {
  noise: 0,
  truncated: 0,
  forged: 0,
  hashes: 0,
  connections: 0,
  queries: 0,
  frames: 0,
  repliesToForged: 0,
};

function over(): boolean {
  return performance.now() > endsAt;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function udp(): UdpSocket {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  return socket;
}

function request(): AnnounceRequest {
  return {
    infoHash: toInfoHash(new Uint8Array(randomBytes(20))),
    peerId: toPeerId(new Uint8Array(randomBytes(20))),
    ...{ port: 6881, uploaded: 0, downloaded: 0, left: 1, event: 'started', numWant: 200, key: 1 },
  };
}

async function connectionId(socket: UdpSocket): Promise<Uint8Array> {
  for (;;) {
    const reply = new Promise<Uint8Array | undefined>((resolve) => {
      const timer = setTimeout(() => {
        resolve(undefined);
      }, 1000);
      socket.once('message', (data: Uint8Array) => {
        clearTimeout(timer);
        resolve(data);
      });
    });
    socket.send(encodeUdpConnect(1), port, host);
    const data = await reply;
    if (data === undefined) continue;
    const parsed = parseUdpReply(data, 4);
    if (parsed.kind === 'connect') return parsed.connectionId;
  }
}

async function noise(): Promise<void> {
  const socket = udp();
  while (!over()) {
    for (let i = 0; i < 10; i++, report.noise++)
      socket.send(randomBytes(Math.floor(Math.random() * 1400)), port, host);
    await pause(STEP_MS);
  }
  socket.close();
}

/** Whole requests under ids that the tracker never gave to this address, cut and whole. */
async function forged(): Promise<void> {
  const socket = udp();
  socket.on('message', () => report.repliesToForged++);
  while (!over()) {
    for (let i = 0; i < 10; i++) {
      const connectionIdBytes = new Uint8Array(randomBytes(8));
      const packet = encodeUdpAnnounce({ connectionId: connectionIdBytes, transactionId: i }, request(), '/');
      socket.send(packet, port, host);
      socket.send(packet.subarray(0, 16 + Math.floor(Math.random() * (packet.length - 16))), port, host);
      report.forged++;
      report.truncated++;
    }
    await pause(STEP_MS);
  }
  await pause(500);
  socket.close();
}

async function manyHashes(): Promise<void> {
  const socket = udp();
  let id = await connectionId(socket);
  let since = performance.now();
  const each = Math.ceil((HASHES * STEP_MS) / (Number(secondsText) * 1000));
  while (report.hashes < HASHES) {
    if (performance.now() - since > 60_000) {
      id = await connectionId(socket);
      since = performance.now();
    }
    for (let i = 0; i < each; i++, report.hashes++) {
      socket.send(
        encodeUdpAnnounce({ connectionId: id, transactionId: i }, request(), '/announce'),
        port,
        host,
      );
    }
    await pause(STEP_MS);
  }
  socket.close();
}

function open(): Socket {
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  report.connections++;
  return socket;
}

/** A byte a second, on many connections at once. */
async function slow(): Promise<void> {
  const text =
    'GET /announce?info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb HTTP/1.1\r\nHost: t\r\n\r\n';
  let sockets: Socket[] = [];
  for (let at = 0; !over(); at++) {
    sockets = sockets.filter((socket) => !socket.destroyed);
    while (sockets.length < SLOW_CONNECTIONS) sockets.push(open());
    for (const socket of sockets) socket.write(text[at % text.length] ?? '');
    await pause(1000);
  }
  for (const socket of sockets) socket.destroy();
}

async function giantQueries(): Promise<void> {
  while (!over()) {
    const socket = open();
    socket.write(`GET /announce?info_hash=${'%41'.repeat(20)}&x=${'a'.repeat(1_000_000)} HTTP/1.1\r\n\r\n`);
    const other = open();
    other.write(randomBytes(2000));
    report.queries += 2;
    await pause(50);
    socket.destroy();
    other.destroy();
  }
}

async function nonsenseFrames(): Promise<void> {
  while (!over()) {
    const socket = new WebSocket(`ws://${host}:${String(port)}/`);
    socket.on('error', () => undefined);
    await Promise.race([new Promise((resolve) => socket.once('open', resolve)), pause(1000)]);
    if (socket.readyState === WebSocket.OPEN) {
      for (const text of ['{', '[]', '{"action":"announce"}', JSON.stringify({ action: 'scrape' })])
        socket.send(text);
      socket.send(randomBytes(1000));
      socket.send('a'.repeat(400_000));
      report.frames += 6;
    }
    await pause(100);
    socket.terminate();
  }
}

await Promise.all([noise(), forged(), manyHashes(), slow(), giantQueries(), nonsenseFrames()]);
process.stdout.write(`${JSON.stringify({ event: 'attacked', ...report })}\n`);
process.exit(0);
