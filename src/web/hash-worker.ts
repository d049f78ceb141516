// The hash worker, for pages where WebCrypto is missing (plain http).
import type { HashJob, HashResult } from '../ports/hasher.ts';
import { hashNow } from './hash-job.ts';

export interface HashRequest {
  readonly id: number;
  readonly data: Uint8Array;
  readonly job: Pick<HashJob, 'sha1' | 'merkle'>;
}

export interface HashAnswer {
  readonly id: number;
  readonly result: HashResult;
}

self.addEventListener('message', (event: MessageEvent<HashRequest>) => {
  const { id, data, job } = event.data;
  const answer: HashAnswer = { id, result: hashNow(data, job) };
  self.postMessage(answer);
});
