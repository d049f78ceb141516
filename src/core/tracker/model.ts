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
  /** What the tracker gave out as `tracker id` last time, one character a byte. */
  readonly trackerId?: string | undefined;
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
  /** To be sent back with the next announce, one character a byte. */
  readonly trackerId?: string | undefined;
}

/** The tracker says no. `retryMinutes` (BEP 31): when to come back; undefined leaves it to the client. */
export interface TrackerFailure {
  readonly message: string;
  readonly retryMinutes: number | 'never' | undefined;
}

export type AnnounceOutcome =
  | { readonly kind: 'reply'; readonly reply: AnnounceReply }
  | { readonly kind: 'failure'; readonly failure: TrackerFailure };

export interface ScrapeEntry {
  readonly infoHash: InfoHash;
  readonly seeders: number;
  readonly leechers: number;
  readonly downloads: number;
  /** Leechers that still download, partial seeds left out (BEP 21). */
  readonly downloaders?: number | undefined;
}

export type ScrapeOutcome =
  | { readonly kind: 'reply'; readonly entries: readonly ScrapeEntry[] }
  | { readonly kind: 'failure'; readonly failure: TrackerFailure };
