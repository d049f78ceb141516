// What a swarm engine is made with.
import type { PeerAddress } from '../address.ts';
import type { Digests } from '../digests.ts';
import type { InfoHash, InfoHashV2, PeerId } from '../ids.ts';
import type { BufferPool } from './buffers.ts';

export interface SwarmOptions {
  /** At least one of the two; both of a hybrid torrent (BEP 52). */
  readonly infoHash: InfoHash | undefined;
  readonly infoHashV2: InfoHashV2 | undefined;
  readonly peerId: PeerId;
  /** Connections of this torrent, dials under way included. */
  readonly maxPeers: number;
  /** Seed of the engine's random choices. */
  readonly seed: number;
  readonly buffers: BufferPool;
  readonly digests: Digests;
  /** Name and version for the extended handshake. */
  readonly client?: string | undefined;
  /** The port we listen on, told to peers that we dialled. */
  readonly port?: number | undefined;
  /** Our public address where it is known, for BEP 40. */
  readonly ownAddress?: PeerAddress | undefined;
  /** Fixed number of regular unchokes. By default it follows the upload rate. */
  readonly unchokeSlots?: number | undefined;
  /** Pieces in order instead of rarest first. */
  readonly sequential?: boolean | undefined;
  /** Take part in holepunching (BEP 55): there is uTP to dial with. Default false. */
  readonly holepunch?: boolean | undefined;
  /** BEP 16 while we are the only seed of several leechers. Default true. */
  readonly superSeed?: boolean | undefined;
}
