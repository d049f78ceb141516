// One thread of the hash pool: takes batches of jobs, answers each batch with one message.
import { parentPort } from 'node:worker_threads';
import { SystemError } from '../core/errors.ts';
import type { HashResult } from '../ports/hasher.ts';
import { packDigests, type BatchFailure, type BatchReply, type BatchRequest } from './hash-batch.ts';
import { JobRunner } from './hash-job.ts';

const runner = new JobRunner();

parentPort?.on('message', (request: BatchRequest) => {
  const reply = runBatch(request);
  parentPort?.postMessage(reply, [reply.digests.buffer]);
});

function runBatch(request: BatchRequest): BatchReply {
  const failures: BatchFailure[] = [];
  const results = request.jobs.map((job, at): HashResult | undefined => {
    try {
      return runner.run(job);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      failures.push({ at, code: error.code, message: error.message });
      return undefined;
    }
  });
  // Files are kept open within a batch only: one that is replaced in between is then seen.
  runner.closeFiles();
  return { id: request.id, digests: packDigests(results), failures };
}
