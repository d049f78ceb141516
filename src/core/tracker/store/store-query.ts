// What a frontend asks of the store and what it gets back. Both are made once for each frontend and reused: an
// announce leaves nothing for the garbage collector.
import type { AnnounceEvent } from '../model.ts';

export class StoreQuery {
  /** 20 bytes. */
  readonly infoHash: Uint8Array = new Uint8Array(20);
  /** 4 or 16 bytes from the front, by family. */
  readonly ip: Uint8Array = new Uint8Array(16);
  family: 4 | 6 = 4;
  port = 0;
  event: AnnounceEvent = 'none';
  /** Nothing is left to download. */
  seed = false;
  /** Peers wanted, already capped. */
  numWant = 0;
  /** Offer peers of the other address family too where there are too few of the asker's own. */
  bothFamilies = false;
}

export type StoreVerdict =
  | 'ok'
  /** The peer came too often before its time: no peers this time. */
  | 'early'
  /** No room for another swarm. */
  | 'swarms-full'
  /** No room for another peer (in this swarm, of this address, or at all): answered, not stored. */
  | 'not-stored';

export class StoreReply {
  verdict: StoreVerdict = 'ok';
  seeders = 0;
  leechers = 0;
  downloads = 0;
  /** Compact peers (BEP 23), `length4` bytes of them. */
  readonly peers4: Uint8Array;
  length4 = 0;
  /** Compact peers (BEP 7), `length6` bytes of them. */
  readonly peers6: Uint8Array;
  length6 = 0;

  constructor(maxPeers: number) {
    this.peers4 = new Uint8Array(6 * maxPeers);
    this.peers6 = new Uint8Array(18 * maxPeers);
  }

  clear(): void {
    this.verdict = 'ok';
    this.seeders = 0;
    this.leechers = 0;
    this.downloads = 0;
    this.length4 = 0;
    this.length6 = 0;
  }
}

export class StoreCounts {
  seeders = 0;
  /** All that are not seeders, partial seeds included (BEP 48). */
  leechers = 0;
  downloads = 0;
  /** Leechers without partial seeds (BEP 21). */
  downloaders = 0;
}
