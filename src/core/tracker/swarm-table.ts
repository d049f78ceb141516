// What the tracker's housekeeping needs of a store in memory, whether one thread has it or several.
import type { ByteReader } from '../bytes/reader.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import type { Millis } from '../time.ts';
import type { PeerStore } from './announce.ts';
import type { SwarmsTotals } from './swarms.ts';

/** Swarms and StripedSwarms are such; see there for what each does. */
export interface SwarmTable extends PeerStore {
  sweep(now: Millis, budget: number): boolean;
  readonly recordCount: number;
  readSwarm(number: number, now: Millis, out: ByteWriter): void;
  restoreSwarm(reader: ByteReader, now: Millis, ageMs: Millis): void;
  totals(): SwarmsTotals;
}
