// Who gets the next free upload slots: first those of whose address the fewest have one, so that nobody gets more turns
// by coming twice; then who waits longest. Turns in which nothing was taken move a peer back.
import type { Millis } from '../time.ts';
import type { Peer } from './peers.ts';

/** Each turn in which a peer took nothing counts as having come so much later, up to some. */
const IDLE_TURN_MS: Millis = 5000;
const MOST_IDLE_TURNS = 6;

/** The next `count` of those that wait, in order, with a look at those that are served. */
export function nextInLine(wanting: readonly Peer[], count: number): Peer[] {
  const waiting = wanting.filter((peer) => peer.amChoking);
  if (count <= 0 || waiting.length === 0) return [];
  waiting.sort((a, b) => placeOf(a) - placeOf(b));
  if (waiting.length <= count) return waiting;
  const slotsOf = new Map<string, number>();
  for (const peer of wanting) if (!peer.amChoking) slotsOf.set(peer.network, held(slotsOf, peer) + 1);
  // Peers of one address stand one behind the other: the second waits until all have one slot, and so on.
  const ranked = waiting.map((peer) => {
    const rank = held(slotsOf, peer);
    slotsOf.set(peer.network, rank + 1);
    return { peer, rank };
  });
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ peer }) => peer);
}

function held(slotsOf: ReadonlyMap<string, number>, peer: Peer): number {
  return slotsOf.get(peer.network) ?? 0;
}

function placeOf(peer: Peer): Millis {
  return peer.queuedAt + Math.min(peer.idleTurns, MOST_IDLE_TURNS) * IDLE_TURN_MS;
}
