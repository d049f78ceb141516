// Two hundred peers in one process that come, take some blocks, and go: mostly in order, some in the middle of a message,
// some with noise. They speak the wire with our own codec over real sockets, and announce themselves to the tracker.
import { connect, type Socket } from 'node:net';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { toInfoHash, toPeerId } from '../../src/core/ids.ts';
import { percentEncode } from '../../src/core/tracker/tracker-url.ts';
import { WireConnection } from '../../src/core/wire/connection.ts';
import { encodeMessage } from '../../src/core/wire/encode.ts';
import { encodeHandshake } from '../../src/core/wire/handshake.ts';
import { fromHex } from '../../src/core/bytes/bytes.ts';
import { Rng } from '../../src/core/swarm/rng.ts';

export interface CrowdPlan {
  readonly peers: number;
  readonly seed: { readonly host: string; readonly port: number };
  readonly tracker: string;
  readonly infoHash: string;
  readonly pieces: number;
  readonly minutes: number;
}

interface Tally {
  visits: number;
  blocks: number;
  announces: number;
  /** Announces that were not answered with 200. */
  refused: number;
}

const BLOCK = 16_384;

/** Runs for its minutes; prints a tally every ten seconds. */
export async function runCrowd(plan: CrowdPlan): Promise<void> {
  const end = performance.now() + plan.minutes * 60_000;
  const tally: Tally = { visits: 0, blocks: 0, announces: 0, refused: 0 };
  const tell = setInterval(() => {
    process.stdout.write(`${JSON.stringify(tally)}\n`);
  }, 10_000);
  await Promise.all(
    Array.from({ length: plan.peers }, async (_, index) => {
      const rng = new Rng(index + 1);
      await sleep(rng.below(15_000));
      while (performance.now() < end) {
        const port = 20_000 + rng.below(20_000);
        await visit(plan, { rng, id: peerId(index, tally.visits), port, tally });
        await sleep(200 + rng.below(12_000));
      }
    }),
  );
  clearInterval(tell);
  process.stdout.write(`${JSON.stringify(tally)}\n`);
}

interface Visitor {
  readonly rng: Rng;
  readonly id: Uint8Array;
  /** The same at its coming and its going: the tracker knows peers by address and port. */
  readonly port: number;
  readonly tally: Tally;
}

async function visit(plan: CrowdPlan, visitor: Visitor): Promise<void> {
  const { rng, tally, id } = visitor;
  tally.visits++;
  await announce(plan, visitor, 'started');
  const socket = connect(plan.seed);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      resolve();
    });
  });
  socket.on('error', () => undefined);
  const wire = new WireConnection(performance.now());
  socket.on('data', (chunk) => {
    wire.receive(chunk, performance.now());
    for (let event = wire.poll(); event !== undefined; event = wire.poll()) {
      if (event.kind === 'message' && event.message.kind === 'piece') tally.blocks++;
      if (event.kind === 'message' && event.message.kind === 'unchoke') ask(plan, socket, rng);
    }
  });
  socket.write(
    encodeHandshake({
      infoHash: toInfoHash(fromHex(plan.infoHash)),
      peerId: toPeerId(id),
      capabilities: { extended: true, fast: true, dht: false, v2: false },
    }),
  );
  socket.write(encodeMessage({ kind: 'interested' }));
  const stays = sleep(500 + rng.below(10_000), undefined, { ref: true });
  await Promise.race([stays, closed]);
  // One in eight leaves in the middle of a message, one in eight after noise, the others hang up.
  const how = rng.below(8);
  if (how === 0) socket.write(encodeMessage({ kind: 'have', piece: 1 }).subarray(0, 6));
  if (how === 1) socket.write(Uint8Array.from({ length: 30 }, () => rng.below(256)));
  if (how === 2) socket.resetAndDestroy();
  else socket.destroy();
  await closed;
  await announce(plan, visitor, 'stopped');
}

function ask(plan: CrowdPlan, socket: Socket, rng: Rng): void {
  for (let i = 1 + rng.below(6); i > 0; i--) {
    const piece = rng.below(Math.max(1, plan.pieces - 1));
    socket.write(encodeMessage({ kind: 'request', piece, begin: 0, length: BLOCK }));
  }
}

async function announce(plan: CrowdPlan, { id, port, tally }: Visitor, event: string): Promise<void> {
  const hash = percentEncode(fromHex(plan.infoHash));
  const query = `info_hash=${hash}&peer_id=${percentEncode(id)}&port=${String(port)}`;
  const url = `${plan.tracker}?${query}&uploaded=0&downloaded=0&left=1000&compact=1&numwant=30&event=${event}`;
  tally.announces++;
  const status = await new Promise<number>((resolve) => {
    const request = get(url, { agent: false, timeout: 30_000 }, (response) => {
      response.resume();
      response.on('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(0);
    });
  });
  if (status !== 200) tally.refused++;
}

function peerId(index: number, visits: number): Uint8Array {
  const text = `-SK0001-${String(index).padStart(4, '0')}${String(visits).padStart(8, '0')}`;
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
