// The neutral form of tracker traffic: HTTP, UDP and WebSocket codecs turn bytes into this and back.
import type { PeerAddress } from '../address.ts';
import type { InfoHash, PeerId } from '../ids.ts';

export type AnnounceEvent = 'started' | 'completed' | 'stopped' | 'paused' | 'none';

/** What a client tells a tracker (BEP 3, 15, 21). Byte counts are since `started`. */
export interface AnnounceRequest {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes still to fetch; undefined where the client does not know (magnet). */
  readonly left: number | undefined;
  readonly event: AnnounceEvent;
  /** How many peers are wanted; undefined leaves it to the tracker. */
  readonly numWant: number | undefined;
  readonly key: number;
}

export interface AnnounceReply {
  readonly intervalSeconds: number;
  readonly minIntervalSeconds: number | undefined;
  readonly seeders: number;
  readonly leechers: number;
  readonly downloads: number | undefined;
  readonly peers: readonly PeerAddress[];
  /** The client's address as the tracker sees it (BEP 24). */
  readonly externalIp: string | undefined;
  readonly warning: string | undefined;
}

export interface ScrapeEntry {
  readonly infoHash: InfoHash;
  readonly seeders: number;
  readonly leechers: number;
  readonly downloads: number;
}
