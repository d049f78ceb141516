// The digests of the platform, for tests of the core.
import { createHash } from 'node:crypto';
import type { Digests } from '../../src/core/digests.ts';

export const digests: Digests = {
  sha1: (data) => new Uint8Array(createHash('sha1').update(data).digest()),
  sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
};
