// Forgets the peers of a swarm as if each had said goodbye, so that whoever follows the store hears of it too.
import type { Millis } from '../time.ts';
import type { PeerStore } from './announce.ts';
import { StoreQuery, StoreReply } from './store/store-query.ts';

const PEERS_AT_ONCE = 500;

/** Answers how many peers went. */
export function dropSwarm(store: PeerStore, infoHash: Uint8Array, now: Millis): number {
  let dropped = 0;
  for (const family of [4, 6] as const) {
    const asker = queryOf(infoHash, family);
    const reply = new StoreReply(PEERS_AT_ONCE);
    const size = family === 4 ? 6 : 18;
    for (;;) {
      asker.event = 'started';
      asker.numWant = PEERS_AT_ONCE;
      store.announce(asker, now, reply);
      const places =
        family === 4 ? reply.peers4.slice(0, reply.length4) : reply.peers6.slice(0, reply.length6);
      for (let at = 0; at < places.length; at += size)
        goodbye(store, { infoHash, family, place: places.subarray(at, at + size) }, now);
      dropped += places.length / size;
      if (places.length < size * PEERS_AT_ONCE) break;
    }
    asker.event = 'stopped';
    store.announce(asker, now, reply);
  }
  return dropped;
}

function goodbye(
  store: PeerStore,
  peer: { readonly infoHash: Uint8Array; readonly family: 4 | 6; readonly place: Uint8Array },
  now: Millis,
): void {
  const query = queryOf(peer.infoHash, peer.family);
  const portAt = peer.place.length - 2;
  query.ip.set(peer.place.subarray(0, portAt));
  query.port = ((peer.place[portAt] ?? 0) << 8) | (peer.place[portAt + 1] ?? 0);
  query.event = 'stopped';
  store.announce(query, now, new StoreReply(0));
}

/** An asker at an address that no peer has. */
function queryOf(infoHash: Uint8Array, family: 4 | 6): StoreQuery {
  const query = new StoreQuery();
  query.infoHash.set(infoHash);
  query.family = family;
  query.port = 1;
  return query;
}
