// A whole swarm between the memory of this machine and the words that machines share. The memory speaks its snapshot
// form (Swarms.readSwarm, restoreSwarm), in which a peer has an age in ticks instead of a time.
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { Millis } from '../../time.ts';
import { COUNTED, packPeerWord, PARTIAL, SEED, TICK_MS } from '../store/peer-word.ts';
import { SHARED_PARTIAL, SHARED_SEED, type SharedPeer } from './shared-peer.ts';

export interface SwarmRecord {
  readonly infoHash: Uint8Array;
  readonly downloads: number;
  readonly peers: readonly SharedPeer[];
}

/** Reads swarms as Swarms.readSwarm wrote them; `sharedNow` is the time of the writing on the shared clock. */
export function parseSwarmRecords(bytes: Uint8Array, sharedNow: Millis): SwarmRecord[] {
  const reader = new ByteReader(bytes);
  const records: SwarmRecord[] = [];
  while (reader.remaining > 0) {
    const infoHash = reader.bytes(20);
    const downloads = reader.u32();
    const peers: SharedPeer[] = [];
    for (const ipLength of [4, 16]) {
      for (let left = reader.u32(); left > 0; left--) {
        const ip = reader.bytes(ipLength);
        const word = reader.u32();
        const at = sharedNow - reader.u16() * TICK_MS;
        const place = new Uint8Array(ipLength + 2);
        place.set(ip);
        place[ipLength] = word >>> 24;
        place[ipLength + 1] = word >>> 16;
        const flags = (word & SEED) !== 0 ? SHARED_SEED : (word & PARTIAL) !== 0 ? SHARED_PARTIAL : 0;
        peers.push({ infoHash, place, flags, at });
      }
    }
    records.push({ infoHash, downloads, peers });
  }
  return records;
}

/** The other way, for Swarms.restoreSwarm. Peers from the future are of this moment. */
export function encodeSwarmRecord(record: SwarmRecord, sharedNow: Millis): Uint8Array {
  const out = new ByteWriter(40 + 28 * record.peers.length).bytes(record.infoHash).u32(record.downloads);
  for (const placeLength of [6, 18]) {
    const peers = record.peers.filter(({ place }) => place.length === placeLength);
    out.u32(peers.length);
    for (const { place, flags, at } of peers) {
      const port = ((place[placeLength - 2] ?? 0) << 8) | (place[placeLength - 1] ?? 0);
      // Its completion is in the swarm's count already.
      const kind =
        (flags & SHARED_SEED) !== 0 ? SEED | COUNTED : (flags & SHARED_PARTIAL) !== 0 ? PARTIAL : 0;
      out.bytes(place.subarray(0, -2)).u32(packPeerWord(port, kind, 0));
      out.u16(Math.min(0xffff, Math.max(0, Math.floor((sharedNow - at) / TICK_MS))));
    }
  }
  return out.finish();
}
