// What a tracker sees of a store that it shares with other machines. Guarantees of every adapter: `store` answers at once
// from memory, whether the others can be reached or not; what was announced here reaches them when they can.
import type { PeerStore } from '../../core/tracker/announce.ts';

export interface ShareStatistics {
  /** `shared`: both directions work. `comparing`: connected, catching up. `away`: answering from memory. */
  readonly state: 'shared' | 'comparing' | 'away';
  readonly stateSeconds: number;
  /** Announces that are still to be told to the others. */
  readonly waiting: number;
  /** Announces that found no room to wait; a comparison brings their peers, but not their goodbyes. */
  readonly dropped: number;
  /** Announces told to others, and heard of them. */
  readonly sent: number;
  readonly received: number;
  /** How often everything was compared: once at the start and after each loss of the connection. */
  readonly comparisons: number;
}

export interface Share {
  readonly store: PeerStore;
  /** Begins to connect and does not wait for it. Rejects with UsageError STORE_PACKAGE_MISSING. */
  open(): Promise<void>;
  statistics(): ShareStatistics;
  /** Tells the others what waits, if they can be reached. */
  close(): Promise<void>;
}
