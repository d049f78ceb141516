// The worker of a download: hashes pieces and keeps them in the origin's private file system. A piece that is right is
// written where it was hashed, so that its bytes cross between the threads once.
import { hashPiece, isRight } from './hash-piece.ts';
import { PrivateFiles } from './private-files.ts';
import { createTidying } from './tidy.ts';
import type { HashRequest, NumberedRequest, WorkerAnswer, WorkerResult } from './worker-messages.ts';

const files = new PrivateFiles();
/** One piece is hashed at a time: WebCrypto copies what it is given, and has work for every core in one piece. */
let hashing: Promise<unknown> = Promise.resolve();

/** A digest leaves half a kilobyte of objects, and each 16 KiB have one. */
const tidy = createTidying(128 * 1024 * 1024);

self.addEventListener('message', (event: MessageEvent<NumberedRequest>) => {
  void answer(event.data);
});

async function answer({ id, request }: NumberedRequest): Promise<void> {
  try {
    const result = request.op === 'hash' ? await hash(request) : await files.perform(request);
    say({ id, ok: true, result }, result.data);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Error';
    say({ id, ok: false, name, message: String(error) });
  }
}

async function hash({ data, job, store }: HashRequest): Promise<WorkerResult> {
  const work = hashing.then(() => hashPiece(data, job));
  hashing = work.catch(() => undefined);
  const digests = await work;
  tidy(data.length);
  if (store === undefined || !isRight(store.expected, digests)) return { data, digests };
  const placements = store.targets.map(({ descriptor: file, position, from, to }) => ({
    ...{ file, position, from, to },
  }));
  try {
    await files.write(placements, data);
    return { data, digests, stored: true };
  } catch {
    // It is written once more by itself, and that tells what is wrong.
    return { data, digests };
  }
}

function say(answered: WorkerAnswer, data?: Uint8Array<ArrayBuffer>): void {
  self.postMessage(answered, { transfer: data === undefined ? [] : [data.buffer] });
}
