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
  /** We have opened the connection. */
  readonly outgoing: boolean;
  readonly encrypted: boolean;
  /** Where it takes connections, as far as it is known: what we have dialled, or what it says (BEP 10). */
  readonly listens: PeerAddress | undefined;
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

/**
 * Who has which part of the torrent, for a picture: pieces side by side are put together into at most `cells` parts.
 */
export interface PieceSpread {
  readonly pieces: number;
  /** Mean number of copies of a part's pieces among connected peers. */
  readonly copies: readonly number[];
  /** For each peer, in the order of the snapshot: how much of each part it has, 0 to 255. */
  readonly holdings: readonly Uint8Array[];
}

export function pieceSpread(context: SwarmContext, cells: number): PieceSpread {
  const pieces = context.content?.pieces.size ?? 0;
  const parts = Math.min(cells, pieces);
  const holdings = [...context.peers.values()].map((peer) => {
    const part = new Uint8Array(parts);
    for (let i = 0; i < parts; i++) {
      const [start, end] = [Math.floor((i * pieces) / parts), Math.floor(((i + 1) * pieces) / parts)];
      let had = 0;
      for (let piece = start; piece < end; piece++) if (peer.has?.has(piece) === true) had++;
      part[i] = Math.floor((255 * had) / (end - start));
    }
    return part;
  });
  const copies = Array.from({ length: parts }, (_, i) =>
    holdings.reduce((total, part) => total + (part[i] ?? 0) / 255, 0),
  );
  return { pieces, copies, holdings };
}

function peerSnapshot(context: SwarmContext, peer: Peer, now: Millis): SwarmPeerSnapshot {
  const size = context.content?.pieces.size ?? 0;
  return {
    key: peer.key,
    transport: peer.transport,
    address: peer.address,
    peerId: peer.peerId,
    outgoing: peer.outgoing,
    encrypted: peer.encrypted,
    listens: listensAt(peer),
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

function listensAt({ address, outgoing, extended }: Peer): PeerAddress | undefined {
  if (address === undefined || outgoing) return address;
  return extended?.port === undefined ? undefined : { ip: address.ip, port: extended.port };
}

function sum(peers: readonly Peer[], value: (peer: Peer) => number): number {
  return peers.reduce((total, peer) => total + value(peer), 0);
}
