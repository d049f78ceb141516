// Makes inputs out of inputs: bits, bytes, numbers, runs, pieces of other inputs, and words that the formats know.
import { concatBytes, latin1Encode } from '../../src/core/bytes/bytes.ts';
import type { Rng } from '../../src/core/swarm/rng.ts';

/** Longer inputs tell nothing new and take time. */
const MOST_BYTES = 4096;

const BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x2d, 0x30, 0x3a, 0x65, 0x64, 0x6c, 0x69];
const WORDS: readonly Uint8Array[] = [
  ...['-1', '0', '00', '65535', '65536', '2147483648', '4294967296', '9007199254740993', '1e9', '-0'],
  ...[
    'i-0e',
    'le',
    'de',
    '0:',
    '1:',
    '99999999999:',
    'd4:info',
    'd1:ad',
    'l',
    'd',
    'e',
    '../',
    '\0',
    '%00',
    '%',
  ],
  ...[
    '{',
    '}',
    '[[[[',
    '"',
    '\\u0000',
    'null',
    ',',
    '::',
    '=',
    '&',
    ' ',
    '\r\n',
    '\xff\xff\xff\xff',
    '\x80\0\0\0',
  ],
].map(latin1Encode);

export function mutate(rng: Rng, parent: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = parent.slice();
  for (let i = 1 + rng.below(rng.below(4) === 0 ? 16 : 3); i > 0; i--) bytes = step(rng, bytes, corpus);
  return bytes.length > MOST_BYTES ? bytes.subarray(0, MOST_BYTES) : bytes;
}

function step(rng: Rng, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = rng.below(bytes.length + 1);
  const run = 1 + rng.below(rng.below(3) === 0 ? 64 : 8);
  switch (rng.below(10)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = rng.pick(BYTES) ?? 0;
      return bytes;
    case 2:
      if (at < bytes.length) bytes[at] = rng.below(256);
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return concatBytes([bytes.subarray(0, at), bytes.subarray(at + run)]);
    case 5:
      return concatBytes([bytes.subarray(0, at), bytes.subarray(at, at + run), bytes.subarray(at)]);
    case 6:
      return concatBytes([
        bytes.subarray(0, at),
        rng.pick(WORDS) ?? bytes,
        bytes.subarray(at + rng.below(3)),
      ]);
    case 7:
      return number(rng, bytes, at);
    case 8: {
      const other = rng.pick(corpus) ?? bytes;
      const from = rng.below(other.length + 1);
      return concatBytes([bytes.subarray(0, at), other.subarray(from, from + 4 * run), bytes.subarray(at)]);
    }
    default: {
      const noise = Uint8Array.from({ length: run }, () => rng.below(256));
      return concatBytes([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
  }
}

/** Replaces the decimal number at or behind a place: lengths and integers of text formats. */
function number(rng: Rng, bytes: Uint8Array, at: number): Uint8Array {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let start = at;
  while (start < bytes.length && !isDigit(bytes[start])) start++;
  let end = start;
  while (isDigit(bytes[end])) end++;
  if (start === end) return bytes;
  const value = rng.below(2) === 0 ? rng.below(300) : 2 ** rng.below(64) - rng.below(2);
  return concatBytes([bytes.subarray(0, start), latin1Encode(String(value)), bytes.subarray(end)]);
}
