// Where others can reach a peer of ours.
import type { PeerAddress } from '../address.ts';
import type { Peer } from './peers.ts';

/**
 * What we dialled, or the port that the peer says it listens on. uTP is sent from the port that is listened on: of such
 * a peer we know even the port that its router shows to others.
 */
export function dialAddress(peer: Peer): PeerAddress | undefined {
  if (peer.address === undefined || peer.outgoing || peer.transport === 'utp') return peer.address;
  const port = peer.extended?.port;
  return port === undefined ? undefined : { ip: peer.address.ip, port };
}
