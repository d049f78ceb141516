import { describe, expect, it } from 'vitest';
import { concatBytes } from '../bytes/bytes.ts';
import { ProtocolError } from '../errors.ts';
import { encodeSnapshot, restoreSnapshot } from './snapshot.ts';
import { StoreCounts, StoreQuery, StoreReply } from './store/store-query.ts';
import { storeWords, Swarms, type SwarmsOptions } from './swarms.ts';

const OPTIONS: SwarmsOptions = {
  maxSwarms: 64,
  arenaBytes: 1 << 20,
  peerLifetimeMs: 30 * 60_000,
  minIntervalMs: 60_000,
  maxPeersPerSwarm: 1000,
  maxPeersPerAddress: 100_000,
  key: [1, 2],
  seed: 7,
};
const create = (): Swarms => new Swarms(new Int32Array(storeWords(OPTIONS)), OPTIONS);

function announce(
  store: Swarms,
  { swarm, peer, now = 0 }: { swarm: number; peer: number; now?: number },
): StoreReply {
  const query = new StoreQuery();
  query.infoHash.fill(swarm);
  query.family = peer % 3 === 0 ? 6 : 4;
  query.ip.set([203, 0, peer >> 8, peer]);
  query.port = 1000 + peer;
  query.seed = peer % 2 === 0;
  query.event = peer % 4 === 0 ? 'completed' : peer % 5 === 0 ? 'paused' : 'started';
  query.numWant = 500;
  query.bothFamilies = true;
  const reply = new StoreReply(1000);
  store.announce(query, now, reply);
  return reply;
}

function counts(store: Swarms, swarm: number): StoreCounts {
  const result = new StoreCounts();
  store.scrape(new Uint8Array(20).fill(swarm), result);
  return result;
}

function filled(): Swarms {
  const store = create();
  for (let peer = 1; peer < 200; peer++) announce(store, { swarm: 1 + (peer % 7), peer, now: peer * 1000 });
  return store;
}

function save(store: Swarms, unixMs = 0): Uint8Array {
  return concatBytes([...encodeSnapshot(store, { now: 200_000, unixMs })]);
}

describe('snapshot', () => {
  it('brings back every swarm, peer and count', () => {
    const before = filled();
    const after = create();
    restoreSnapshot(save(before), after, { now: 5_000_000, unixMs: 0 });
    for (let swarm = 1; swarm <= 7; swarm++) expect(counts(after, swarm)).toEqual(counts(before, swarm));
    expect(after.totals()).toMatchObject({ ...before.totals(), bytes: expect.any(Number) as number });
    const asked = [
      announce(before, { swarm: 1, peer: 1 }),
      announce(after, { swarm: 1, peer: 1, now: 5_000_000 }),
    ].map(({ peers4, length4 }) =>
      Array.from({ length: length4 / 6 }, (_, i) => peers4.slice(6 * i, 6 * i + 6).join('.')).sort(),
    );
    expect(asked[1]).toEqual(asked[0]);
  });

  it('drops peers that have grown too old in between, and keeps the age of others', () => {
    const half = create();
    restoreSnapshot(save(filled()), half, { now: 0, unixMs: 29 * 60_000 });
    const kept = half.totals().peers4 + half.totals().peers6;
    expect(kept).toBeGreaterThan(40);
    expect(kept).toBeLessThan(80);
    while (!half.sweep(5 * 60_000, 1000));
    expect(half.totals()).toMatchObject({ peers4: 0, peers6: 0 });
  });

  it('has a layout that other versions read, and says what is wrong with a file', () => {
    const store = create();
    const head = [
      ...Array.from('SWARMPRESS TRACKER 1\n', (char) => char.charCodeAt(0)),
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      5,
    ];
    expect([...save(store, 2 ** 32 + 5.5)]).toEqual([...head, 0, 0, 0, 0]);
    announce(store, { swarm: 1, peer: 1, now: 192_000 });
    const bytes = save(store, 2 ** 32 + 5);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // One swarm: hash, downloads, one IPv4 peer of 10 bytes, no IPv6 peer; then the end.
    expect([view.getUint32(29), bytes.length]).toEqual([42, 29 + 8 + 42 + 4]);
    expect(restoreSnapshot(bytes, create(), { now: 0, unixMs: 2 ** 32 + 9 })).toEqual({ ageMs: 4 });
    expect(restoreSnapshot(bytes, create(), { now: 0, unixMs: 0 })).toEqual({ ageMs: 0 });
    const codeOf = (damaged: Uint8Array): unknown => {
      try {
        return restoreSnapshot(damaged, create(), { now: 0, unixMs: 0 });
      } catch (error) {
        const { code, cause } = error as { code: unknown; cause?: { code?: unknown } };
        return [code, cause?.code];
      }
    };
    expect(codeOf(bytes.with(0, 0x73))).toEqual(['TRACKER_SNAPSHOT_FOREIGN', undefined]);
    expect(codeOf(bytes.subarray(0, 20))).toEqual(['TRACKER_SNAPSHOT_FOREIGN', undefined]);
    expect(codeOf(bytes.with(40, 9))).toEqual(['TRACKER_SNAPSHOT_DAMAGED', 'TRACKER_SNAPSHOT_DAMAGED']);
    expect(codeOf(Uint8Array.of(...bytes, 1))).toEqual([
      'TRACKER_SNAPSHOT_DAMAGED',
      'TRACKER_SNAPSHOT_DAMAGED',
    ]);
    expect(codeOf(bytes.subarray(0, -1))).toEqual(['TRACKER_SNAPSHOT_DAMAGED', 'BYTES_TRUNCATED']);
  });

  it('passes on what is wrong with the store, not with the file', () => {
    const broken = create();
    broken.restoreSwarm = () => {
      throw new RangeError('no store');
    };
    expect(() => restoreSnapshot(save(filled()), broken, { now: 0, unixMs: 0 })).toThrow(RangeError);
  });

  it('is written in chunks between which others have their turn', () => {
    const store = create();
    for (let swarm = 1; swarm <= 40; swarm++)
      for (let peer = 1; peer <= 300; peer++) announce(store, { swarm, peer, now: 200_000 });
    const chunks = [...encodeSnapshot(store, { now: 200_000, unixMs: 0 })];
    expect(chunks.length).toBeGreaterThanOrEqual(4);
    for (const chunk of chunks.slice(1, -2)) {
      expect(chunk.length).toBeGreaterThan(64 * 1024);
      expect(chunk.length).toBeLessThan(80 * 1024);
    }
    const copy = create();
    restoreSnapshot(concatBytes(chunks), copy, { now: 200_000, unixMs: 0 });
    expect(copy.totals()).toMatchObject({ swarms: 40, seeds: store.totals().seeds });
  });

  it('refuses every torn file and every changed byte, and takes nothing of it', () => {
    const bytes = save(filled());
    const refused = (damaged: Uint8Array): void => {
      const store = create();
      expect(() => restoreSnapshot(damaged, store, { now: 0, unixMs: 0 })).toThrow(ProtocolError);
      expect(store.totals().swarms).toBe(0);
    };
    for (let length = 0; length < bytes.length; length += 37) refused(bytes.slice(0, length));
    refused(Uint8Array.of(...bytes, 0));
    for (let at = 29; at < bytes.length; at += 41) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      refused(changed);
    }
  });
});
