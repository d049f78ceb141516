// A tracker's swarms as a file, in chunks that are written and checked one by one. A file that is torn, changed or of
// another program is refused as a whole, before anything of it is taken.
//   "SWARMPRESS TRACKER 1\n" | time of writing, ms (u64) | chunk* | 0 (u32)
//   chunk: length (u32) | CRC-32C (u32) | swarms, back to back
import { crc32c } from '../bytes/crc32c.ts';
import { equalBytes, latin1Encode } from '../bytes/bytes.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { ProtocolError } from '../errors.ts';
import type { Millis } from '../time.ts';
import type { SwarmTable } from './swarm-table.ts';

const MAGIC = latin1Encode('SWARMPRESS TRACKER 1\n');
/** Bytes of a chunk, about: what is written between two pauses. */
const CHUNK_BYTES = 64 * 1024;

/** The file in pieces. `unixMs` is the time of day, which outlives the process; `now` is the store's clock. */
export function* encodeSnapshot(
  store: SwarmTable,
  time: { readonly now: Millis; readonly unixMs: number },
): Generator<Uint8Array, void> {
  yield new ByteWriter().bytes(MAGIC).u64(Math.floor(time.unixMs)).finish();
  let swarms = new ByteWriter(CHUNK_BYTES);
  for (let number = 0; number < store.recordCount; number++) {
    store.readSwarm(number, time.now, swarms);
    if (swarms.length < CHUNK_BYTES) continue;
    yield sealed(swarms.finish());
    swarms = new ByteWriter(CHUNK_BYTES);
  }
  if (swarms.length > 0) yield sealed(swarms.finish());
  yield new ByteWriter().u32(0).finish();
}

/** Fills a store; answers the age of the snapshot. Throws ProtocolError TRACKER_SNAPSHOT_FOREIGN or _DAMAGED. */
export function restoreSnapshot(
  bytes: Uint8Array,
  store: SwarmTable,
  time: { readonly now: Millis; readonly unixMs: number },
): { readonly ageMs: Millis } {
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new ProtocolError(
      'TRACKER_SNAPSHOT_FOREIGN',
      'the file is no snapshot of this version of the tracker',
    );
  }
  try {
    const reader = new ByteReader(bytes.subarray(MAGIC.length));
    const ageMs = Math.max(0, time.unixMs - reader.u64());
    const chunks = readChunks(reader);
    for (const chunk of chunks) {
      const swarms = new ByteReader(chunk);
      while (swarms.remaining > 0) store.restoreSwarm(swarms, time.now, ageMs);
    }
    return { ageMs };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError('TRACKER_SNAPSHOT_DAMAGED', 'the snapshot is torn or damaged', { cause: error });
  }
}

function sealed(swarms: Uint8Array): Uint8Array {
  return new ByteWriter(swarms.length + 8).u32(swarms.length).u32(crc32c(swarms)).bytes(swarms).finish();
}

/** All chunks, each checked. */
function readChunks(reader: ByteReader): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const length = reader.u32();
    if (length === 0) break;
    const expected = reader.u32();
    const chunk = reader.bytes(length);
    if (crc32c(chunk) !== expected)
      throw new ProtocolError('TRACKER_SNAPSHOT_DAMAGED', 'a chunk has changed');
    chunks.push(chunk);
  }
  if (reader.remaining > 0) throw new ProtocolError('TRACKER_SNAPSHOT_DAMAGED', 'something follows the end');
  return chunks;
}
