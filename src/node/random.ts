// The Random port over node:crypto.
import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../ports/random.ts';

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  uint32: () => randomInt(0x1_0000_0000),
};
