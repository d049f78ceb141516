// The engine's numbers at one moment.
import type { PeerAddress } from '../address.ts';
import type { PeerId } from '../ids.ts';
import type { Millis } from '../time.ts';
import type { SwarmContext } from './context.ts';
import type { PeerKey, PeerTransport } from './inputs.ts';
import type { Peer } from './peers.ts';
import { PIECE } from './pieces.ts';

/** One peer. Rates are bytes a second over some 20 s. */
export interface SwarmPeerSnapshot {
  readonly key: PeerKey;
  readonly transport: PeerTransport;
  readonly address: PeerAddress | undefined;
  readonly peerId: PeerId;
  /** As the peer names itself (BEP 10). */
  readonly client: string | undefined;
  /** 0..1 of the torrent. */
  readonly progress: number;
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloaded: number;
  readonly uploaded: number;
  /** Choked by the peer; interested in it; choking it; it is interested in us. */
  readonly choked: boolean;
  readonly interested: boolean;
  readonly choking: boolean;
  readonly peerInterested: boolean;
}

export interface SwarmSnapshot {
  readonly hasMetainfo: boolean;
  readonly paused: boolean;
  /** All wanted pieces are on disk. */
  readonly complete: boolean;
  /** Pieces on disk, and pieces of the selection that are not. */
  readonly piecesHad: number;
  readonly piecesLacking: number;
  /** Bytes of wanted pieces that are not on disk yet, padding included. */
  readonly bytesLacking: number;
  /** Bytes a second over some 20 s, and totals of payload since the engine was made. */
  readonly downloadRate: number;
  readonly uploadRate: number;
  readonly downloaded: number;
  readonly uploaded: number;
  /** Bytes that failed the hash, came twice or unasked. */
  readonly wasted: number;
  readonly seeders: number;
  readonly leechers: number;
  /** Copies of the rarest piece among connected peers. */
  readonly availability: number;
  readonly peers: readonly SwarmPeerSnapshot[];
}

export function takeSnapshot(context: SwarmContext, now: Millis): SwarmSnapshot {
  const peers = [...context.peers.values()];
  const pieces = context.content?.pieces;
  const seeders = peers.filter((peer) => peer.isSeed).length;
  return {
    hasMetainfo: context.content !== undefined,
    paused: context.paused,
    complete: pieces?.lacking === 0,
    piecesHad: pieces?.count(PIECE.HAVE) ?? 0,
    piecesLacking: pieces?.lacking ?? 0,
    bytesLacking: context.content?.bytesLacking() ?? 0,
    downloadRate: sum(peers, (peer) => peer.down.perSecond(now)),
    uploadRate: sum(peers, (peer) => peer.up.perSecond(now)),
    downloaded: context.downloaded,
    uploaded: context.uploaded,
    wasted: context.wasted,
    seeders,
    leechers: peers.length - seeders,
    availability: context.content?.availability.minimum() ?? 0,
    peers: peers.map((peer) => peerSnapshot(context, peer, now)),
  };
}

/** One byte a piece: 0 missing or unwanted, 1 in memory, 2 have. */
export function pieceMap(context: SwarmContext): Uint8Array {
  const pieces = context.content?.pieces;
  const map = new Uint8Array(pieces?.size ?? 0);
  for (let piece = 0; piece < map.length; piece++) {
    const state = pieces?.state(piece);
    map[piece] = state === PIECE.HAVE ? 2 : state === PIECE.MISSING || state === PIECE.UNWANTED ? 0 : 1;
  }
  return map;
}

function peerSnapshot(context: SwarmContext, peer: Peer, now: Millis): SwarmPeerSnapshot {
  const size = context.content?.pieces.size ?? 0;
  return {
    key: peer.key,
    transport: peer.transport,
    address: peer.address,
    peerId: peer.peerId,
    client: peer.extended?.client,
    progress: size === 0 ? 0 : (peer.has?.count ?? 0) / size,
    downloadRate: peer.down.perSecond(now),
    uploadRate: peer.up.perSecond(now),
    downloaded: peer.down.total,
    uploaded: peer.up.total,
    choked: peer.choked,
    interested: peer.amInterested,
    choking: peer.amChoking,
    peerInterested: peer.peerInterested,
  };
}

function sum(peers: readonly Peer[], value: (peer: Peer) => number): number {
  return peers.reduce((total, peer) => total + value(peer), 0);
}
