// The rules of a tracker that are not the store's: intervals, which torrents and addresses are served, and to whom.
// A policy is replaced as a whole when the configuration changes; nothing in it changes by itself.
import type { Millis } from '../time.ts';
import type { AnnounceQuery } from './announce-query.ts';
import type { Refusal } from './refusal.ts';

export interface Policy {
  /** What clients are told; a tenth more or less at random spreads them out. */
  readonly intervalSeconds: number;
  readonly minIntervalSeconds: number;
  /** Peers of an answer where the client asks for none in particular, and at most. */
  readonly defaultNumWant: number;
  readonly maxNumWant: number;
  /** Refuse peers that the public Internet cannot reach. */
  readonly publicOnly: boolean;
  /** Believe the `ip` parameter of an announce. */
  readonly trustClientIp: boolean;
  /** Info hashes of one scrape. */
  readonly maxScrape: number;
  /** Which torrents are tracked; undefined: all. */
  readonly torrents: TorrentFilter | undefined;
  /** Who may announce what; undefined: anybody, anything. */
  readonly access: AccessControl | undefined;
}

export interface TorrentFilter {
  allows(infoHash: Uint8Array): boolean;
}

export interface AccessControl {
  /** Undefined lets the announce pass. */
  check(query: AnnounceQuery, now: Millis): Refusal | undefined;
  /** After an announce that passed: for accounts of who transferred how much. `alone`: nobody else is in the swarm. */
  account?(query: AnnounceQuery, alone: boolean, now: Millis): void;
}

/** A list of info hashes that are the only ones allowed, or the only ones denied. */
export class HashFilter implements TorrentFilter {
  readonly kind: 'allow' | 'deny';
  /** One character a byte; plain data, so that a filter can cross to another thread. */
  readonly hashes: ReadonlySet<string>;

  private constructor(kind: 'allow' | 'deny', hashes: ReadonlySet<string>) {
    this.kind = kind;
    this.hashes = hashes;
  }

  /** `hashes`: each 20 bytes. */
  static from(kind: 'allow' | 'deny', hashes: Iterable<Uint8Array>): HashFilter {
    return new HashFilter(kind, new Set(Array.from(hashes, keyOf)));
  }

  static of(kind: 'allow' | 'deny', hashes: ReadonlySet<string>): HashFilter {
    return new HashFilter(kind, hashes);
  }

  get size(): number {
    return this.hashes.size;
  }

  allows(infoHash: Uint8Array): boolean {
    return this.hashes.has(keyOf(infoHash)) === (this.kind === 'allow');
  }
}

function keyOf(hash: Uint8Array): string {
  return String.fromCharCode(...hash.subarray(0, 20));
}
