// A peer as machines that share swarms tell each other of it: who, where, what it is and when it was last heard of. The
// younger word wins, so words may come twice and in any order. Batches go between machines as bytes:
//   sender (8 bytes) | entry*        entry: info hash (20) | flags (1) | time, ms (6) | length of place (1) | place
import { latin1Decode } from '../../bytes/bytes.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { ProtocolError } from '../../errors.ts';
import type { Millis } from '../../time.ts';

export const SHARED_SEED = 1;
export const SHARED_PARTIAL = 2;
/** It has said goodbye: kept for as long as it would have lived, so that an older word does not bring it back. */
export const SHARED_GONE = 4;
/** A download was finished with this word; told once, never kept. */
export const SHARED_COMPLETED = 8;
const KEPT_FLAGS = 7;

export const SENDER_BYTES = 8;

export interface SharedPeer {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Compact address and port, 6 or 18 bytes (BEP 23, 7). */
  readonly place: Uint8Array;
  readonly flags: number;
  /** Milliseconds on the clock that the machines share. */
  readonly at: Millis;
}

/** Time and flags in one number that grows with the time: a word's rank among all words about the peer. */
export function rankOf(peer: Pick<SharedPeer, 'at' | 'flags'>): number {
  return Math.floor(peer.at) * 8 + (peer.flags & KEPT_FLAGS);
}

/** The lowest rank of a moment. */
export function rankAt(at: Millis): number {
  return Math.floor(at) * 8;
}

/** Undefined for what no rankOf() makes. */
export function fromRank(rank: number): Pick<SharedPeer, 'at' | 'flags'> | undefined {
  if (!Number.isSafeInteger(rank) || rank < 0) return undefined;
  return { at: Math.floor(rank / 8), flags: rank % 8 };
}

/** The same text for the same peer of the same swarm. */
export function keyOfShared(peer: Pick<SharedPeer, 'infoHash' | 'place'>): string {
  return latin1Decode(peer.infoHash) + latin1Decode(peer.place);
}

export function encodeBatch(sender: Uint8Array, peers: readonly SharedPeer[]): Uint8Array {
  const out = new ByteWriter(SENDER_BYTES + 46 * peers.length).bytes(sender);
  for (const { infoHash, place, flags, at } of peers) {
    out.bytes(infoHash).u8(flags);
    out.u16(Math.floor(at / 2 ** 32)).u32(Math.floor(at) % 2 ** 32);
    out.u8(place.length).bytes(place);
  }
  return out.finish();
}

/** Throws ProtocolError SHARE_BAD_BATCH or BYTES_TRUNCATED. */
export function parseBatch(bytes: Uint8Array): {
  readonly sender: Uint8Array;
  readonly peers: readonly SharedPeer[];
} {
  const reader = new ByteReader(bytes);
  const sender = reader.bytes(SENDER_BYTES);
  const peers: SharedPeer[] = [];
  while (reader.remaining > 0) {
    const infoHash = reader.bytes(20);
    const flags = reader.u8();
    const at = reader.u16() * 2 ** 32 + reader.u32();
    const length = reader.u8();
    if (length !== 6 && length !== 18) {
      throw new ProtocolError('SHARE_BAD_BATCH', 'a peer has 6 or 18 bytes', { received: length });
    }
    peers.push({ infoHash, flags, at, place: reader.bytes(length) });
  }
  return { sender, peers };
}
