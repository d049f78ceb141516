// Every cap on remote input, with its reason. docs/limits.md is generated from this table.

export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly reason: string;
}

function limit(value: number, unit: string, reason: string): Limit {
  return { value, unit, reason };
}

export const LIMITS = {
  bencodeDepth: limit(100, 'levels', 'deeper nesting has no use in any BEP and would exhaust the stack'),
  torrentFileBytes: limit(
    128 * 1024 * 1024,
    'bytes',
    'a 1 TiB hybrid with 16 KiB leaves hidden needs under 100 MB',
  ),
  metadataBytes: limit(64 * 1024 * 1024, 'bytes', 'largest info dictionary taken from a peer (BEP 9)'),
  wireMessageBytes: limit(
    2 * 1024 * 1024,
    'bytes',
    'a bitfield of 16 million pieces; blocks are capped separately',
  ),
  blockBytes: limit(
    128 * 1024,
    'bytes',
    'clients close the connection on requests over 128 KiB (BEP 3 practice)',
  ),
  requestsQueuedByPeer: limit(2000, 'requests', 'the reqq that we announce (BEP 10)'),
  numWant: limit(200, 'peers', 'one reply stays small; 50 is the default of the field'),
} as const satisfies Record<string, Limit>;
