// The engine's numbers in the form of the public API.
import { formatAddress } from '../core/address.ts';
import { toHex } from '../core/bytes/bytes.ts';
import type { SwarmSnapshot } from '../core/swarm/snapshot.ts';
import { clientName } from '../core/wire/client-name.ts';
import type { Moved } from './accounts.ts';
import type { PeerSnapshot, TorrentSnapshot, TorrentState } from './api.ts';
import type { Progress } from './progress.ts';
import type { KnownTorrent } from './torrent-parts.ts';

export interface SnapshotParts {
  readonly source: KnownTorrent;
  readonly name: string;
  readonly state: TorrentState;
  readonly swarm: SwarmSnapshot;
  readonly progress: Progress | undefined;
  readonly checked: number | undefined;
  /** Payload bytes over all sessions. */
  readonly moved: Moved;
  /** And in this one. */
  readonly movedNow: Moved;
  readonly error: TorrentSnapshot['error'];
}

export function toTorrentSnapshot(parts: SnapshotParts): TorrentSnapshot {
  const { source, swarm, progress, moved } = parts;
  const left = progress === undefined ? undefined : progress.wanted - progress.completed;
  return {
    state: parts.state,
    name: parts.name,
    infoHash: source.infoHash === undefined ? undefined : toHex(source.infoHash),
    infoHashV2: source.infoHashV2 === undefined ? undefined : toHex(source.infoHashV2),
    wanted: progress?.wanted,
    completed: progress?.completed ?? 0,
    checked: parts.checked,
    downloadRate: swarm.downloadRate,
    uploadRate: swarm.uploadRate,
    downloaded: moved.downloaded,
    uploaded: moved.uploaded,
    sessionDownloaded: parts.movedNow.downloaded,
    wasted: swarm.wasted,
    etaSeconds:
      left === undefined || left === 0 || swarm.downloadRate < 1
        ? undefined
        : Math.ceil(left / swarm.downloadRate),
    connected: swarm.peers.length,
    seeders: swarm.seeders,
    leechers: swarm.leechers,
    availability: swarm.availability,
    error: parts.error,
  };
}

export function toPeerSnapshots(swarm: SwarmSnapshot): PeerSnapshot[] {
  return swarm.peers.map((peer) => ({
    id: toHex(peer.peerId),
    listens: peer.listens === undefined ? '' : formatAddress(peer.listens),
    encrypted: peer.encrypted,
    outgoing: peer.outgoing,
    address: peer.address === undefined ? '' : formatAddress(peer.address),
    client: peer.client ?? clientName(peer.peerId),
    transport: peer.transport,
    progress: peer.progress,
    downloadRate: peer.downloadRate,
    uploadRate: peer.uploadRate,
    downloaded: peer.downloaded,
    uploaded: peer.uploaded,
    choked: peer.choked,
    interested: peer.interested,
    choking: peer.choking,
    peerInterested: peer.peerInterested,
  }));
}
