// Hashing off the page's thread: every piece goes to the content worker, which writes it as well where it may.
import { invariant } from '../core/invariant.ts';
import { UsageError } from '../core/errors.ts';
import type { Hasher, HashJob } from '../ports/hasher.ts';
import type { ContentThread } from './content-thread.ts';

/** The thread is closed by whoever made it. */
export function createWebHasher(thread: ContentThread): Hasher {
  return {
    parallelism: Math.max(1, navigator.hardwareConcurrency),
    hash: async ({ source, sha1, merkle, store }: HashJob) => {
      if (source.kind !== 'memory')
        throw new UsageError('HASH_NO_FILES', 'a browser has no file paths: read the data first');
      const data = thread.lease(source.data.length);
      data.set(source.data);
      const { digests, stored } = await thread.send({ op: 'hash', data, job: { sha1, merkle }, store });
      invariant(digests !== undefined, 'the worker answers a hash request with digests');
      return { ...digests, stored };
    },
    close: () => Promise.resolve(),
  };
}
