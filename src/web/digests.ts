// Synchronous digests for small inputs; WebCrypto only has asynchronous ones, and none on plain http pages.
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Digests } from '../ports/hasher.ts';

export const webDigests: Digests = {
  sha1: (data) => sha1(data),
  sha256: (data) => sha256(data),
};
