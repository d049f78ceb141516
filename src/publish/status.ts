// What a publication is doing, as `status.json` shows it to everyone: counts only, no peer's address.
import type { TorrentSnapshot, TorrentState } from '../engine/api.ts';
import type { SwarmCounts } from '../server/tracker.ts';

/** The fields of status.json. They are stable: fields may be added, none changes its meaning. */
export interface PublicationStatus {
  readonly name: string;
  /** Bytes of content. */
  readonly length: number;
  readonly infoHash: string | undefined;
  readonly infoHashV2: string | undefined;
  readonly state: TorrentState;
  /** Peers in the swarm that have everything, the publisher included, as its tracker counts them. */
  readonly seeders: number;
  /** Peers in the swarm that are still downloading, as the tracker counts them. */
  readonly leechers: number;
  /** Downloads that were reported as completed. */
  readonly completed: number;
  /** Peers connected to the publisher right now. */
  readonly connected: number;
  /** Bytes a second to peers. */
  readonly uploadRate: number;
  /** Bytes sent to peers. */
  readonly uploaded: number;
  /** Bytes sent over HTTP since the start. */
  readonly sentDirectly: number;
  /** Whole copies sent by either way, with two decimals. */
  readonly copies: number;
  readonly uptimeSeconds: number;
}

export interface StatusInputs {
  readonly length: number;
  /** With the padding (BEP 47) that peers fetch as well. */
  readonly paddedLength: number;
  readonly snapshot: TorrentSnapshot;
  /** Of each of the torrent's info hashes: clients announce one of them or both. */
  readonly swarms: readonly SwarmCounts[];
  readonly sentDirectly: number;
  readonly uptimeSeconds: number;
}

export function createStatus(inputs: StatusInputs): PublicationStatus {
  const { snapshot, swarms, length, paddedLength, sentDirectly } = inputs;
  const most = (field: 'seeders' | 'leechers' | 'downloads'): number =>
    Math.max(0, ...swarms.map((counts) => counts[field] + counts.pages[field]));
  return {
    name: snapshot.name,
    length,
    infoHash: snapshot.infoHash,
    infoHashV2: snapshot.infoHashV2,
    state: snapshot.state,
    seeders: most('seeders'),
    leechers: most('leechers'),
    completed: most('downloads'),
    connected: snapshot.connected,
    uploadRate: Math.round(snapshot.uploadRate),
    uploaded: snapshot.uploaded,
    sentDirectly,
    copies: Math.floor(100 * (part(snapshot.uploaded, paddedLength) + part(sentDirectly, length))) / 100,
    uptimeSeconds: Math.floor(inputs.uptimeSeconds),
  };
}

function part(sent: number, whole: number): number {
  return whole === 0 ? 0 : sent / whole;
}
