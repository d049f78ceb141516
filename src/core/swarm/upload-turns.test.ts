import { describe, expect, it } from 'vitest';
import { toPeerId } from '../ids.ts';
import { Peer } from './peers.ts';
import { UploadTurns } from './upload-turns.ts';

const BLOCK = 16_384;

function peerWith(key: number, blocks: number): Peer {
  const peer = new Peer(
    {
      kind: 'peer-connected',
      peer: key,
      transport: 'memory',
      address: undefined,
      outgoing: true,
      peerId: toPeerId(new Uint8Array(20)),
      capabilities: { extended: true, fast: true, dht: false, v2: false },
    },
    0,
  );
  for (let i = 0; i < blocks; i++) peer.uploads.push({ piece: key, begin: i * BLOCK, length: BLOCK });
  return peer;
}

/** Hands over block by block; `log` has the key of the peer for each. */
function server(log: number[]): (peer: Peer) => number {
  return (peer) => {
    const first = peer.uploads.at(0);
    if (first === undefined) return 0;
    peer.uploads.send(1, { ...first, blockLength: BLOCK });
    log.push(peer.key);
    return BLOCK;
  };
}

function take(turns: UploadTurns, peer: Peer, now: number): void {
  const bytes = peer.uploads.inFlight;
  peer.uploads.taken(bytes);
  turns.taken(peer, bytes, now);
}

describe('turns of uploads', () => {
  it('give one peer some of a piece at once before the next has its turn', () => {
    const turns = new UploadTurns();
    const [a, b] = [peerWith(1, 32), peerWith(2, 32)];
    const log: number[] = [];
    turns.wants(a);
    turns.wants(b);
    for (let now = 0; log.length < 64 && now < 1000; now++) {
      turns.run(now, server(log));
      take(turns, a, now);
      take(turns, b, now);
    }
    const changes = log.filter((key, i) => i > 0 && key !== log[i - 1]).length;
    expect(log).toHaveLength(64);
    expect(changes).toBe(15);
  });

  it('leave nobody waiting for one whose link is slow', () => {
    const turns = new UploadTurns();
    const [slow, quick] = [peerWith(1, 64), peerWith(2, 64)];
    const log: number[] = [];
    turns.wants(slow);
    turns.wants(quick);
    turns.run(0, server(log));
    expect(new Set(log)).toEqual(new Set([1]));
    turns.run(500, server(log));
    expect(new Set(log)).toEqual(new Set([1, 2]));
  });

  it('bound what is ahead of the transports', () => {
    const turns = new UploadTurns();
    const peers = Array.from({ length: 20 }, (_, key) => peerWith(key, 64));
    for (const peer of peers) turns.wants(peer);
    const log: number[] = [];
    turns.run(0, server(log));
    expect(log.length * BLOCK).toBeLessThanOrEqual(256 * 1024);
  });

  it('go on without a peer that left', () => {
    const turns = new UploadTurns();
    const [gone, other] = [peerWith(1, 8), peerWith(2, 8)];
    turns.wants(gone);
    turns.wants(other);
    const log: number[] = [];
    gone.gone = true;
    turns.left(gone);
    turns.run(0, server(log));
    expect(new Set(log)).toEqual(new Set([2]));
  });
});
