// Randomness from the browser's generator.
import type { Random } from '../ports/random.ts';

export const webRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
};
