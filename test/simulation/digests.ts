// Digests for simulated nodes.
import { createHash } from 'node:crypto';
import type { Digests } from '../../src/core/digests.ts';

export const digests: Digests = {
  sha1: (data) => createHash('sha1').update(data).digest(),
  sha256: (data) => createHash('sha256').update(data).digest(),
};
