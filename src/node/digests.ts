// The synchronous digests of node:crypto, for small inputs.
import { hash } from 'node:crypto';
import type { Digests } from '../core/digests.ts';

export const nodeDigests: Digests = {
  sha1: (data) => new Uint8Array(hash('sha1', data, 'buffer')),
  sha256: (data) => new Uint8Array(hash('sha256', data, 'buffer')),
};
